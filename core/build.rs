//! Packs the table of prices, and says what to do where the dashboard is wanted and its page was not built.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "how Cargo and a build script talk to each other")]

use std::{
    env,
    error::Error,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

/// What `core/src/pricing/snapshot.rs` includes once it is packed.
const PRICES: &str = "src/pricing/prices.jsonl";
/// What `core/src/http/dashboard.rs` includes.
const PAGE: &str = "dashboard/dist";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    pack_prices()?;
    if env::var_os("CARGO_FEATURE_DASHBOARD").is_some() {
        look_for_page();
    }
    Ok(())
}

fn pack_prices() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PRICES}");
    let packed = PathBuf::from(env::var("OUT_DIR")?).join("prices.jsonl.gz");
    let mut packed = GzEncoder::new(File::create(packed)?, Compression::best());
    packed.write_all(&fs::read(PRICES)?)?;
    packed.finish()?;
    Ok(())
}

fn look_for_page() {
    println!("cargo::rerun-if-changed={PAGE}");
    if !Path::new(PAGE).join("index.html.gz").is_file() {
        println!(
            "cargo::error=the feature `dashboard` needs the page in core/{PAGE}, which is not built: run `make dashboard`"
        );
    }
}
