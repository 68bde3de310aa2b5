//! Reads what C hands in as a pointer with a length, or with a final NUL. What the pointers promise stands in the header:
//! that they are NULL, or valid for as long as the call takes.
//!
//! Only extern functions, and what they hand it on to, call these with what they were given: the promise is their callers'.

use std::{
    ffi::{CStr, c_char},
    slice,
};

use libgateway::{Error, ErrorCode, Result};

use crate::guard::null;

/// The length of what ends with a NUL; `GATEWAY_NUL_TERMINATED` in the header.
const NUL_TERMINATED: usize = usize::MAX;

/// Whether it is no text, but `GATEWAY_ALL_TENANTS` of the header.
pub(crate) fn is_all_tenants(pointer: *const c_char) -> bool {
    pointer.addr() == usize::MAX
}

/// Text that ends with a NUL.
pub(crate) fn text<'a>(pointer: *const c_char, name: &'static str) -> Result<&'a str> {
    optional_text(pointer, name)?.ok_or_else(|| null(name))
}

/// Text that ends with a NUL; `None` for NULL.
pub(crate) fn optional_text<'a>(pointer: *const c_char, name: &'static str) -> Result<Option<&'a str>> {
    optional_bytes(pointer, NUL_TERMINATED, name)?.map(|bytes| utf8(bytes, name)).transpose()
}

/// Text of that length.
pub(crate) fn text_of<'a>(pointer: *const c_char, len: usize, name: &'static str) -> Result<&'a str> {
    utf8(bytes(pointer, len, name)?, name)
}

/// Bytes of that length.
pub(crate) fn bytes<'a>(pointer: *const c_char, len: usize, name: &'static str) -> Result<&'a [u8]> {
    optional_bytes(pointer, len, name)?.ok_or_else(|| null(name))
}

/// Bytes of that length; none for NULL.
pub(crate) fn bytes_or_none<'a>(pointer: *const c_char, len: usize, name: &'static str) -> Result<&'a [u8]> {
    Ok(optional_bytes(pointer, len, name)?.unwrap_or_default())
}

/// So many elements; none for NULL.
pub(crate) fn list<'a, T>(pointer: *const T, count: usize, name: &'static str) -> Result<&'a [T]> {
    if pointer.is_null() {
        return Ok(&[]);
    }
    let bytes = count.checked_mul(size_of::<T>()).and_then(|bytes| isize::try_from(bytes).ok());
    bytes.ok_or_else(|| too_long(name))?;
    // SAFETY: the caller of the extern function promises that many elements, which stay as they are until it returns;
    // the pointer is not NULL, and the size is one that Rust allows.
    Ok(unsafe { slice::from_raw_parts(pointer, count) })
}

fn optional_bytes<'a>(pointer: *const c_char, len: usize, name: &'static str) -> Result<Option<&'a [u8]>> {
    if pointer.is_null() {
        return Ok(None);
    }
    if is_all_tenants(pointer) {
        return Err(Error::invalid(name, format!("{name} cannot be GATEWAY_ALL_TENANTS")));
    }
    if len == NUL_TERMINATED {
        // SAFETY: the caller of the extern function promises that what is not NULL ends with a NUL, and stays as it is
        // until the function returns.
        return Ok(Some(unsafe { CStr::from_ptr(pointer) }.to_bytes()));
    }
    list(pointer.cast::<u8>(), len, name).map(Some)
}

fn utf8<'a>(bytes: &'a [u8], name: &'static str) -> Result<&'a str> {
    str::from_utf8(bytes).map_err(|error| Error::invalid(name, format!("{name} is not UTF-8: {error}")))
}

fn too_long(name: &'static str) -> Error {
    Error::new(ErrorCode::InvalidField, format!("the length of {name} is more than there is memory")).with_param(name)
}
