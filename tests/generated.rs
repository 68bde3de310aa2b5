//! The committed files that are generated are what the source says they are.
//!
//! With `UPDATE_GENERATED` set the test writes them instead; that is all that
//! `make gen` does.

use std::{env, error::Error, fs, path::Path};

const STALE: &str = "is stale: run `make gen` and commit the result";

#[test]
fn the_header_is_fresh() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_config(cbindgen::Config::from_file(root.join("ffi/cbindgen.toml"))?)
        .with_src(root.join("ffi/src/lib.rs"))
        .generate()?
        .write(&mut header);
    assert!(is_fresh(&root.join("include/gateway.h"), &header)?, "include/gateway.h {STALE}");
    Ok(())
}

fn is_fresh(committed: &Path, generated: &[u8]) -> Result<bool, Box<dyn Error>> {
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(committed, generated)?;
    }
    Ok(fs::read(committed).unwrap_or_default() == generated)
}
