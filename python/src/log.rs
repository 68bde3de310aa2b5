//! Hands the library's messages to Python, for hosts that ask for them.

use std::sync::Arc;

use libgateway::bindings::{self, LogLevel, LogRecord, Sink};
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::error::exception;

/// Calls `sink(level, target, message)` for every message of at least that level, on the thread it comes from; nobody with
/// `None`. Levels are `logging`'s numbers.
#[pyfunction]
#[pyo3(signature = (sink, level = 30))]
pub(crate) fn set_log(py: Python<'_>, sink: Option<Py<PyAny>>, level: u32) -> PyResult<()> {
    let most = match level {
        40 => LogLevel::Error,
        30 => LogLevel::Warn,
        20 => LogLevel::Info,
        10 => LogLevel::Debug,
        other => return Err(PyValueError::new_err(format!("level {other} is none of logging's 10, 20, 30, 40"))),
    };
    let listener = sink.map(|sink| {
        let sink: Sink = Arc::new(move |record: &LogRecord| tell(&sink, record));
        (most, sink)
    });
    // The lock is given up: whoever logs right now may be waiting for it.
    py.detach(|| bindings::set_log(listener)).map_err(|error| exception(py, &error))
}

fn tell(sink: &Py<PyAny>, record: &LogRecord) {
    let level = match record.level {
        LogLevel::Error => 40,
        LogLevel::Warn => 30,
        LogLevel::Info => 20,
        LogLevel::Debug => 10,
    };
    // An interpreter that is ending hears no more.
    Python::try_attach(|py| {
        if let Err(failure) = sink.call1(py, (level, record.target, record.message.as_str())) {
            failure.write_unraisable(py, None);
        }
    });
}
