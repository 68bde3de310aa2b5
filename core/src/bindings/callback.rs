//! Code of the host's that the gateway calls: it may start calls, but not wait for one, since it would wait for itself.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::error::{Error, ErrorCode, Result};

thread_local! {
    /// Whether this thread is inside a callback.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs code of the host's. What it panics with ends here.
pub fn call(code: impl FnOnce()) {
    let outer = INSIDE.replace(true);
    let ended = guarded(|| {
        code();
        Ok(())
    });
    if ended.is_err() {
        tracing::error!("a callback of the host panicked");
    }
    INSIDE.set(outer);
}

/// Refuses to wait inside a callback, and on a thread that drives other calls.
pub fn may_wait() -> Result<()> {
    if INSIDE.get() || tokio::runtime::Handle::try_current().is_ok() {
        let message = "a call that waits was made inside a callback of the gateway; start it, or make it elsewhere";
        return Err(Error::new(ErrorCode::CalledFromCallback, message));
    }
    Ok(())
}

/// Runs work at the edge of the library: a panic becomes an error, and goes no further.
pub fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let message = format!("the library panicked: {}", text.unwrap_or("without a message"));
        Err(Error::new(ErrorCode::Internal, message))
    })
}
