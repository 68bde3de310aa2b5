//! Text for C: it ends with a NUL and has none inside.

use std::{
    ffi::{CString, c_char},
    ptr,
};

/// The text with a NUL behind it; one inside would end it early, and is replaced by U+FFFD.
pub(crate) fn c_text(text: &str) -> CString {
    CString::new(text).or_else(|_| CString::new(text.replace('\0', "\u{fffd}"))).unwrap_or_default()
}

/// A pointer to the text, NULL where there is none.
pub(crate) fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}

/// A copy of the bytes with a NUL behind them, which does not count.
pub(crate) fn terminated(bytes: &[u8]) -> Vec<u8> {
    let mut copy = Vec::with_capacity(bytes.len() + 1);
    copy.extend_from_slice(bytes);
    copy.push(0);
    copy
}
