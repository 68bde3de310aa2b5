//! The committed header is what the crate says it is.
//!
//! With `UPDATE_GENERATED` set the test writes the header instead; that is all
//! that `make gen` does.

#![expect(clippy::disallowed_methods, reason = "a developer's tool, told by its environment what to do")]

use std::{env, error::Error, fs, path::Path};

#[test]
fn the_header_is_fresh() -> Result<(), Box<dyn Error>> {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let header = crate_dir.join("../include/gateway.h");

    let mut generated = Vec::new();
    let config = cbindgen::Config::from_file(crate_dir.join("cbindgen.toml"))?;
    cbindgen::Builder::new()
        .with_src(crate_dir.join("src/lib.rs"))
        .with_config(config)
        .generate()?
        .write(&mut generated);

    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&header, &generated)?;
    }
    let committed = fs::read(&header).unwrap_or_default();
    assert!(committed == generated, "include/gateway.h is stale: run `make gen` and commit the result");
    Ok(())
}
