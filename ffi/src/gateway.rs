//! Opening and closing.

use std::{ffi::c_char, mem::MaybeUninit};

use libgateway::{
    Result,
    bindings::{self, Answer, Handle, silence_panics},
};

use crate::{
    bytes::{Bytes, is_stream},
    error::Error,
    guard::{free, give, give_if_wanted, needed},
    input,
    stream::Stream,
};

/// An open gateway. Any number of threads may use it at once: calls wait for their own answers and not for each other.
#[derive(Debug)]
pub struct Gateway(pub(crate) Handle);

impl Gateway {
    /// Waits for an answer that is no stream.
    pub(crate) fn ask(&self, call: bindings::Call) -> Result<Bytes> {
        if call.streams() {
            return Err(is_stream());
        }
        Bytes::of(self.0.wait(call, None)?)
    }

    /// Waits until a stream has begun.
    pub(crate) fn ask_for_stream(&self, call: bindings::Call) -> Result<Option<Box<Stream>>> {
        Stream::of(self.0.wait(call, None)?).map(|stream| Some(Box::new(stream)))
    }

    /// Waits for an operation with arguments that come one by one, and others as a JSON object.
    pub(crate) fn perform(&self, operation: &str, given: &[(&str, &str)], arguments: &[u8]) -> Result<Bytes> {
        Bytes::of(self.0.wait(self.0.call_with(operation, given, arguments)?, None)?)
    }

    /// Waits for an operation that has nothing to say.
    pub(crate) fn perform_quietly(&self, operation: &str, given: &[(&str, &str)]) -> Result<()> {
        match self.0.wait(self.0.call_with(operation, given, &[])?, None)? {
            Answer::Json(_) => Ok(()),
            answer => Bytes::of(answer).map(drop),
        }
    }
}

/// Opens a gateway; creates its database where there is none. Waits for the database.
///
/// `config` is a JSON object, for example `{"store": "sqlite:gateway.db", "master_key": "<64 hex digits>"}`; unknown keys
/// are errors. `*gateway` is the caller's, to be freed with `gateway_free`.
///
/// From here on a panic inside the library is an error of the call, and a message for `gateway_set_log`; it prints nothing.
///
/// Not inside a callback. A gateway does not survive `fork`: in the child its use is the error `GATEWAY_ERROR_FORKED`,
/// and the child opens one of its own.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_open(
    config: *const c_char,
    config_len: usize,
    gateway: Option<&mut MaybeUninit<Option<Box<Gateway>>>>,
) -> Option<Box<Error>> {
    give(gateway, "gateway", || {
        silence_panics();
        let handle = Handle::open(input::text_of(config, config_len, "config")?)?;
        Ok(Some(Box::new(Gateway(handle))))
    })
}

/// Closes a gateway: waits at most `timeout_ms` until all traces are in the database, and ends its threads, which may take
/// some seconds more. Calls and streams
/// that are still open end with `GATEWAY_ERROR_CLOSED`, and so do all later ones.
///
/// `*report` says what was achieved as a JSON object, and may be NULL. An error where traces are left: then they are in
/// the spool on disk, or lost where there is none. Closing twice is harmless. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_close(
    gateway: Option<&Gateway>,
    timeout_ms: u32,
    report: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give_if_wanted(report, || {
        let closed = needed(gateway, "gateway")?.0.close(Some(timeout_ms.into()))?;
        Bytes::of(Answer::Json(closed))
    })
}

/// Frees a gateway and sets `*gateway` to NULL. One that was not closed is closed first, which waits up to ten seconds for
/// its traces, or inside a callback does not wait; call `gateway_close` to hear what came of it. NULL, and a NULL in it, is
/// harmless.
///
/// Not inside a callback, where it cannot wait and closes nothing. No other thread may be inside a call with this
/// gateway. Streams, calls, providers and bytes that it handed out are to be freed by themselves, before or after. In a
/// child after a fork it frees nothing that is the parent's.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_free(gateway: Option<&mut Option<Box<Gateway>>>) {
    free(gateway, |gateway| gateway.0.close(None).map(drop));
}
