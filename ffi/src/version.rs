//! Which library this is.

use std::ffi::{CStr, c_char};

/// The version of this header.
pub const GATEWAY_VERSION_MAJOR: u32 = 0;
/// The version of this header.
pub const GATEWAY_VERSION_MINOR: u32 = 1;
/// The version of this header.
pub const GATEWAY_VERSION_PATCH: u32 = 0;

/// The version of the binary interface, which is the number in the library's soname. Functions are only added to it, and
/// structures that a program fills say their size: a program that was linked with it runs with every later library of
/// the same number.
pub const GATEWAY_ABI_VERSION: u32 = 1;

/// The version, with its final NUL checked when the crate is compiled.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// cbindgen reads literals; here they are held to the package's version.
const _: () = {
    let [major, minor, patch] = [GATEWAY_VERSION_MAJOR, GATEWAY_VERSION_MINOR, GATEWAY_VERSION_PATCH];
    assert!(is(env!("CARGO_PKG_VERSION_MAJOR"), major));
    assert!(is(env!("CARGO_PKG_VERSION_MINOR"), minor));
    assert!(is(env!("CARGO_PKG_VERSION_PATCH"), patch));
};

const fn is(text: &str, number: u32) -> bool {
    matches!(u32::from_str_radix(text, 10), Ok(read) if read == number)
}

/// Returns the version of the library that was loaded, as `MAJOR.MINOR.PATCH`.
///
/// The text ends with a NUL, belongs to the library and is valid for as long as the library is loaded: do not free it.
/// Never fails; callable from any thread.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Returns the `GATEWAY_ABI_VERSION` of the library that was loaded.
///
/// Never fails; callable from any thread.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_abi_version() -> u32 {
    GATEWAY_ABI_VERSION
}
