//! What is known of a provider's answer beside its body.

use std::{
    ffi::{CString, c_char},
    fmt,
    sync::OnceLock,
};

use http::{HeaderName, HeaderValue};
use libgateway::bindings;

use crate::{
    guard::ask,
    input,
    text::{c_text, pointer},
};

/// What is known of an answer beside its body. It belongs to the reply or the stream it was got from, and is valid as long
/// as that; it never changes, and may be read from several threads at once. So it is with its texts, which end with a NUL.
pub struct Head {
    head: bindings::Head,
    /// Made when they are first asked for: most callers want the body alone.
    texts: OnceLock<Texts>,
}

struct Texts {
    trace_id: Option<CString>,
    provider: Option<CString>,
    headers: Vec<(CString, CString)>,
}

impl Head {
    pub(crate) fn new(head: bindings::Head) -> Self {
        Self { head, texts: OnceLock::new() }
    }

    fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| Texts {
            trace_id: self.head.trace_id.map(|id| c_text(&id.to_string())),
            provider: self.head.provider.as_ref().map(|name| c_text(name.as_str())),
            headers: self.head.headers.iter().map(header).collect(),
        })
    }
}

fn header((name, value): (&HeaderName, &HeaderValue)) -> (CString, CString) {
    (c_text(name.as_str()), c_text(&String::from_utf8_lossy(value.as_bytes())))
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.fmt(f)
    }
}

/// Returns the HTTP status of the answer: of a provider 200 to 299, since others are errors; of `gateway_handle` any. 0 for
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_head_status(head: Option<&Head>) -> u32 {
    head.map_or(0, |head| head.head.status.into())
}

/// Returns the id of the request's trace, for `gateway_get_trace`; NULL where the headers say it, which they do for
/// `gateway_handle`.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_head_trace_id(head: Option<&Head>) -> *const c_char {
    pointer(ask(head, |head| head.texts().trace_id.as_ref()))
}

/// Returns the name of the provider that answered; NULL where the headers say it, which they do for `gateway_handle`.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_head_provider(head: Option<&Head>) -> *const c_char {
    pointer(ask(head, |head| head.texts().provider.as_ref()))
}

/// Returns the first value of the header of that name, in letters of any case; NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_head_header(head: Option<&Head>, name: *const c_char) -> *const c_char {
    pointer(ask(head, |head| {
        let wanted = input::text(name, "name").ok()?;
        let mut headers = head.texts().headers.iter();
        headers.find(|(name, _)| name.to_bytes().eq_ignore_ascii_case(wanted.as_bytes())).map(|(_, value)| value)
    }))
}

/// Returns the number of headers.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_head_header_count(head: Option<&Head>) -> usize {
    ask(head, |head| Some(head.texts().headers.len())).unwrap_or(0)
}

/// Returns the name of the header at `index`, in lower case; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_head_header_name(head: Option<&Head>, index: usize) -> *const c_char {
    pointer(ask(head, |head| head.texts().headers.get(index).map(|(name, _)| name)))
}

/// Returns the value of the header at `index`; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_head_header_value(head: Option<&Head>, index: usize) -> *const c_char {
    pointer(ask(head, |head| head.texts().headers.get(index).map(|(_, value)| value)))
}
