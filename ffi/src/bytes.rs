//! What a call hands back: bytes, and what is known beside them.

use std::{ffi::c_char, fmt, ptr};

use libgateway::{
    ErrorCode, Result,
    bindings::{Answer, guarded},
};

use crate::{head::Head, text::terminated};

/// Bytes that a call hands back. They are the caller's, to be freed with `gateway_bytes_free`, and stay as they are until
/// then; several threads may read them at once. The gateway may be freed before them.
#[repr(C)]
#[derive(Debug)]
pub struct Bytes {
    /// JSON for all but what a provider made otherwise. A NUL follows, which does not count in `len`; NULL where a call failed.
    pub data: *const c_char,
    /// The number of bytes.
    pub len: usize,
    /// What the bytes belong to; not for the caller.
    pub owner: Option<Box<Reply>>,
}

/// What bytes belong to.
pub struct Reply {
    /// With a NUL behind it.
    body: Vec<u8>,
    head: Option<Head>,
}

impl Bytes {
    /// A whole answer.
    pub(crate) fn of(answer: Answer) -> Result<Self> {
        match answer {
            Answer::Json(json) => Ok(Self::new(&json, None)),
            Answer::Whole(head, body) => Ok(Self::new(&body, Some(Head::new(head)))),
            Answer::Provider(provider) => Ok(Self::new(provider.description(), None)),
            Answer::Stream(..) => Err(is_stream()),
        }
    }

    fn new(body: &[u8], head: Option<Head>) -> Self {
        let owner = Box::new(Reply { body: terminated(body), head });
        Self { data: owner.body.as_ptr().cast(), len: body.len(), owner: Some(owner) }
    }
}

/// The error of asking for bytes where a stream comes.
pub(crate) fn is_stream() -> libgateway::Error {
    let message = "the answer is a stream; ask for it with a function that hands out a stream";
    libgateway::Error::new(ErrorCode::InvalidRequest, message)
}

impl Default for Bytes {
    fn default() -> Self {
        Self { data: ptr::null(), len: 0, owner: None }
    }
}

impl fmt::Debug for Reply {
    /// Nothing of the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("head", &self.head).finish_non_exhaustive()
    }
}

/// Returns the status, headers, trace and provider of a provider's answer; NULL for the gateway's own answers. Valid until
/// the bytes are freed.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_bytes_head(bytes: Option<&Bytes>) -> Option<&Head> {
    bytes?.owner.as_ref()?.head.as_ref()
}

/// Frees the bytes and sets all of `*bytes` to zero. NULL, and bytes that are freed or were never handed out, are
/// harmless; what was never initialised is not.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_bytes_free(bytes: Option<&mut Bytes>) {
    let content = bytes.map(std::mem::take);
    // There is nobody to tell.
    drop(guarded(|| {
        drop(content);
        Ok(())
    }));
}
