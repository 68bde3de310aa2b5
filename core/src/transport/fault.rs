//! What a failed exchange means. Messages never carry an address.

use std::{error::Error as StdError, io};

use super::dns::{Denied, Unresolved};
use crate::{
    error::{Error, ErrorCode},
    network::AddressPolicy,
};

/// EMFILE and ENFILE: the process, or the machine, has no descriptor left.
const NO_DESCRIPTORS: [i32; 2] = [24, 23];

/// How far an exchange had come when it failed.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    /// The connection did not stand.
    Connect,
    /// The connection did not stand in time.
    ConnectTimedOut,
    /// The connection stood.
    Exchange,
}

/// The meaning of a failure before the head of the answer arrived.
pub(super) fn before_answer(error: &(dyn StdError + 'static), stage: Stage) -> Error {
    if find::<Denied>(error).is_some() {
        return AddressPolicy::refusal();
    }
    let (code, message) = if out_of_descriptors(error) {
        (
            ErrorCode::OutOfDescriptors,
            "the process has no file descriptor left; raise its limit or lower limits.concurrency",
        )
    } else if find::<Unresolved>(error).is_some() {
        (ErrorCode::UpstreamDnsFailed, "the provider's name cannot be resolved")
    } else if matches!(stage, Stage::ConnectTimedOut) {
        (ErrorCode::ConnectTimeout, "no connection to the provider within timeouts.connect_ms")
    } else if find::<rustls::Error>(error).is_some() {
        (
            ErrorCode::UpstreamTlsFailed,
            "the TLS handshake with the provider failed; network.ca adds certificates to trust",
        )
    } else if matches!(stage, Stage::Connect) {
        (ErrorCode::UpstreamUnreachable, "no connection to the provider could be made")
    } else if not_http(error) {
        (ErrorCode::UpstreamInvalidResponse, "the provider's answer is not HTTP")
    } else {
        (ErrorCode::UpstreamDisconnected, "the provider closed the connection before it answered")
    };
    with_cause(Error::new(code, message), error)
}

/// The meaning of a failure in the middle of the answer.
pub(super) fn while_reading(error: &(dyn StdError + 'static)) -> Error {
    use io::ErrorKind::{InvalidData, InvalidInput};
    if not_http(error) || find::<io::Error>(error).is_some_and(|io| matches!(io.kind(), InvalidData | InvalidInput)) {
        let message = "the provider's answer breaks its own framing";
        return with_cause(Error::new(ErrorCode::UpstreamInvalidResponse, message), error);
    }
    let message = "the provider closed the connection in the middle of its answer";
    with_cause(Error::new(ErrorCode::UpstreamDisconnected, message), error)
}

/// Keeps the kind of the I/O error below. The errors of the HTTP client themselves carry addresses.
fn with_cause(error: Error, cause: &(dyn StdError + 'static)) -> Error {
    let io = find::<io::Error>(cause).map(|io| match io.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::from(io.kind()),
    });
    match io {
        Some(io) => error.with_source(io),
        None => error,
    }
}

fn out_of_descriptors(error: &(dyn StdError + 'static)) -> bool {
    find::<io::Error>(error).and_then(io::Error::raw_os_error).is_some_and(|number| NO_DESCRIPTORS.contains(&number))
}

fn not_http(error: &(dyn StdError + 'static)) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse)
}

/// The first error of a type in the chain of causes. An [`io::Error`] hides its inner error from `source`: it is
/// looked into, too.
pub(super) fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
