//! Says what to do where the dashboard is wanted and its page was not built. Builds nothing itself.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "how Cargo and a build script talk to each other")]

use std::{env, path::Path};

/// What `core/src/http/dashboard.rs` includes.
const PAGE: &str = "dashboard/dist";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_DASHBOARD").is_none() {
        return;
    }
    println!("cargo::rerun-if-changed={PAGE}");
    if !Path::new(PAGE).join("index.html.gz").is_file() {
        println!(
            "cargo::error=the feature `dashboard` needs the page in core/{PAGE}, which is not built: run `make dashboard`"
        );
    }
}
