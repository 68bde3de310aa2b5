//! Waiting from Python: without the lock of the interpreter, until the time is over or a signal ends it.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use libgateway::{Result, bindings::guarded};
use pyo3::{exceptions::PyTimeoutError, prelude::*};

use crate::error::exception;

/// Asked from time to time whether to go on.
pub(crate) type Tick<'a> = &'a mut dyn FnMut() -> ControlFlow<()>;

/// How long a wait without a tick of its own goes on before it looks for signals.
pub(crate) const SLICE: Duration = Duration::from_millis(50);

/// Runs work that waits. Ctrl-C ends it as `KeyboardInterrupt`, and the end of `seconds` as `TimeoutError`.
pub(crate) fn interruptibly<T: Send>(
    py: Python<'_>,
    seconds: Option<f64>,
    work: impl FnOnce(Tick<'_>) -> Result<T> + Send,
) -> PyResult<T> {
    // What is no duration (negative, or longer than any clock) is over at once, or never.
    let deadline = seconds.and_then(|seconds| match Duration::try_from_secs_f64(seconds) {
        Ok(wait) => Instant::now().checked_add(wait),
        Err(_) => (seconds <= 0.0).then(Instant::now),
    });
    let mut stopped = None;
    let mut tick = || {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            stopped = Some(PyTimeoutError::new_err("the call took longer than its timeout"));
            return ControlFlow::Break(());
        }
        // An interpreter that is ending waits for nothing any more.
        match Python::try_attach(|py| py.check_signals().err()) {
            Some(None) => ControlFlow::Continue(()),
            signalled => {
                stopped = signalled.flatten();
                ControlFlow::Break(())
            }
        }
    };
    let done = py.detach(|| guarded(|| work(&mut tick)));
    match stopped {
        Some(stopped) => Err(stopped),
        None => done.map_err(|error| exception(py, &error)),
    }
}
