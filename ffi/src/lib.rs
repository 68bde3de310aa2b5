//! The C interface of libgateway, published as `include/gateway.h`.
//!
//! Translates between C and the core; holds no rule of its own. The header is
//! generated from this crate and its comments are the manual of the C API.

use std::ffi::{CStr, c_char};

/// The version, with its final NUL checked when the crate is compiled.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// Returns the version of the library that was loaded, as `MAJOR.MINOR.PATCH`.
///
/// The text ends with a NUL, belongs to the library and is valid for as long as
/// the library is loaded: do not free it. Never fails; callable from any thread.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_version() -> *const c_char {
    VERSION.as_ptr()
}
