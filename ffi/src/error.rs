//! What a call that fails returns.

use std::{
    ffi::{CString, c_char},
    fmt, ptr,
};

use crate::{
    error_code::{ErrorCode, code_in_c},
    guard::free,
    text::{c_text, pointer, terminated},
};

/// Why a call failed. The caller's, to be freed with `gateway_error_free`; it never changes, and may be read from several
/// threads at once. All texts belong to it, end with a NUL and are UTF-8; they have no secrets in them.
pub struct Error {
    code: ErrorCode,
    name: CString,
    message: CString,
    status: u32,
    param: Option<CString>,
    retry_after_ms: Option<i64>,
    provider: Option<CString>,
    request_id: Option<CString>,
    /// With a NUL behind it.
    body: Option<Vec<u8>>,
    json: CString,
    is_temporary: bool,
    retries_spent: bool,
}

impl Error {
    pub(crate) fn new(error: &libgateway::Error) -> Self {
        let wait = error.retry_after().map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        Self {
            code: code_in_c(error.code()),
            name: c_text(error.code().name()),
            message: c_text(&error.to_string()),
            status: error.status().into(),
            param: error.param().map(c_text),
            retry_after_ms: wait,
            provider: error.provider().map(c_text),
            request_id: error.request_id().map(c_text),
            body: error.body().map(|body| terminated(body)),
            json: c_text(&error.to_openai().to_string()),
            is_temporary: error.code().is_temporary(),
            retries_spent: error.retries_spent(),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("name", &self.name).field("message", &self.message).finish_non_exhaustive()
    }
}

/// Returns what went wrong, as a number that never changes; `GATEWAY_OK` for NULL, which is no error.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_code(error: Option<&Error>) -> ErrorCode {
    error.map_or(ErrorCode::GATEWAY_OK, |error| error.code)
}

/// Returns the name of the code, such as `upstream_rate_limited`; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_name(error: Option<&Error>) -> *const c_char {
    pointer(error.map(|error| &error.name))
}

/// Returns a sentence for people, which names the thing and the fix; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_message(error: Option<&Error>) -> *const c_char {
    pointer(error.map(|error| &error.message))
}

/// Returns the HTTP status that goes with the error: the provider's where it refused the request, else the code's own; 0
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_status(error: Option<&Error>) -> u32 {
    error.map_or(0, |error| error.status)
}

/// Returns the name of the argument, field or configuration key at fault; NULL where none is.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_param(error: Option<&Error>) -> *const c_char {
    pointer(error.and_then(|error| error.param.as_ref()))
}

/// Returns how many milliseconds the provider asks to wait before the next try; -1 where it asks nothing.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_retry_after_ms(error: Option<&Error>) -> i64 {
    error.and_then(|error| error.retry_after_ms).unwrap_or(-1)
}

/// Returns the name of the provider that was called; NULL where none was.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_provider(error: Option<&Error>) -> *const c_char {
    pointer(error.and_then(|error| error.provider.as_ref()))
}

/// Returns the id of the request: the caller's own, else that of its trace; NULL where nothing was requested.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_request_id(error: Option<&Error>) -> *const c_char {
    pointer(error.and_then(|error| error.request_id.as_ref()))
}

/// Returns the body of the provider's error as it came, and its length in `len`, unless that is NULL; NULL and 0 where
/// there is none. A NUL follows it, which does not count, and may be in it, too.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_body(error: Option<&Error>, len: Option<&mut usize>) -> *const c_char {
    let body = error.and_then(|error| error.body.as_ref());
    if let Some(len) = len {
        *len = body.map_or(0, |body| body.len().saturating_sub(1));
    }
    body.map_or(ptr::null(), |body| body.as_ptr().cast())
}

/// Returns the error as a JSON body in OpenAI's shape, `{"error": {"message", "type", "param", "code"}}`; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_json(error: Option<&Error>) -> *const c_char {
    pointer(error.map(|error| &error.json))
}

/// Returns 1 where the same call may succeed later without a change, else 0.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_is_temporary(error: Option<&Error>) -> i32 {
    error.is_some_and(|error| error.is_temporary).into()
}

/// Returns 1 where the gateway has asked again in vain already, so that the caller need not, else 0.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_retries_spent(error: Option<&Error>) -> i32 {
    error.is_some_and(|error| error.retries_spent).into()
}

/// Frees an error, its texts included, and sets `*error` to NULL. NULL, and a NULL in it, is harmless.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_error_free(error: Option<&mut Option<Box<Error>>>) {
    free(error, |_| Ok(()));
}
