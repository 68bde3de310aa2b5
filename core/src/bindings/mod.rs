//! What the bindings for other languages call, and the only thing they call. They translate; whatever decides is here or
//! below. Not part of the crate's public interface: it changes with the bindings, which are built with it.
//!
//! - [`Handle`] is an open gateway that needs no runtime of the host's.
//! - [`Call`] is something to be asked, which runs in one of two ways: [`Handle::wait`] blocks the thread it is called on
//!   and does the work there, and [`Handle::start`] works elsewhere and calls back.
//! - [`Stream`] buffers a streamed answer, so that a host takes all that is ready in one go.
//!
//! After a fork a child's use of a handle is an error, and dropping what it inherited touches nothing of the parent's.

mod answer;
mod call;
mod callback;
mod handle;
mod log;
mod process;
mod runtimes;
#[cfg(feature = "server")]
mod serving;
mod stream;

#[cfg(feature = "server")]
pub use self::serving::Serving;
pub use self::{
    answer::{Answer, Head},
    call::{Call, Provider, Reading},
    callback::{call as call_host, guarded, may_wait},
    handle::{Handle, Started},
    log::{LogLevel, LogRecord, Sink, set_log, silence_panics},
    process::Owner,
    stream::{Next, Stream},
};
