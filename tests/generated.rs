//! The committed files that are generated are what the source says they are.
//!
//! With `UPDATE_GENERATED` set the test writes them instead; that is all that
//! `make gen` does.

use std::{env, error::Error, fs, path::Path};

use libgateway::ErrorCode;

const STALE: &str = "is stale: run `make gen` and commit the result";

#[test]
fn the_header_and_its_error_codes_are_fresh() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // First, since the header is made of them.
    let codes = error_codes_of_c();
    assert!(is_fresh(&root.join("ffi/src/error_code.rs"), codes.as_bytes())?, "ffi/src/error_code.rs {STALE}");
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_config(cbindgen::Config::from_file(root.join("ffi/cbindgen.toml"))?)
        .with_src(root.join("ffi/src/lib.rs"))
        .generate()?
        .write(&mut header);
    assert!(is_fresh(&root.join("include/gateway.h"), &header)?, "include/gateway.h {STALE}");
    Ok(())
}

/// The table of error codes as cbindgen reads it: it expands no macros.
fn error_codes_of_c() -> String {
    let (mut variants, mut arms) = (String::new(), String::new());
    for code in ErrorCode::ALL {
        let name = format!("GATEWAY_ERROR_{}", code.name().to_uppercase());
        variants += &format!("{}    {name} = {},\n", documented(code.meaning()), code.number());
        arms += &format!("        Core::{code:?} => ErrorCode::{name},\n");
    }
    format!(
        r#"//! The error codes. Generated from `core/src/error/code.rs` by `make gen`; edits here are lost.

use libgateway::ErrorCode as Core;

/// What went wrong. Numbers never change, and codes are only added: a `switch` has a `default`.
///
/// Hundreds group them: 1xx input, 2xx authentication, 3xx limits, 4xx upstream, 5xx timeouts, 6xx store, 7xx internal.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(non_camel_case_types, reason = "the names of C")]
pub enum ErrorCode {{
    /// No error.
    GATEWAY_OK = 0,
{variants}}}

/// The code as C knows it.
pub(crate) fn code_in_c(code: Core) -> ErrorCode {{
    match code {{
{arms}        _ => ErrorCode::GATEWAY_ERROR_INTERNAL,
    }}
}}
"#
    )
}

/// A doc comment of lines that are not too long.
fn documented(text: &str) -> String {
    let mut lines = vec![String::from("    ///")];
    for word in text.split_whitespace() {
        if lines.last().is_some_and(|line| line.len() + word.len() > 110) {
            lines.push(String::from("    ///"));
        }
        if let Some(line) = lines.last_mut() {
            *line += &format!(" {word}");
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_schema_is_fresh() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let schema = serde_json::to_string_pretty(&libgateway::schema())? + "\n";
    let file = root.join("include/gateway.schema.json");
    assert!(is_fresh(&file, schema.as_bytes())?, "include/gateway.schema.json {STALE}");
    let openapi = serde_json::to_string_pretty(&libgateway::openapi())? + "\n";
    let file = root.join("include/gateway.openapi.json");
    assert!(is_fresh(&file, openapi.as_bytes())?, "include/gateway.openapi.json {STALE}");
    Ok(())
}

fn is_fresh(committed: &Path, generated: &[u8]) -> Result<bool, Box<dyn Error>> {
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(committed, generated)?;
    }
    Ok(fs::read(committed).unwrap_or_default() == generated)
}
