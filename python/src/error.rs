//! The core's errors as Python's exceptions, whose classes are written in Python.

use libgateway::Error;
use pyo3::{prelude::*, sync::PyOnceLock, types::PyBytes};

use crate::answer::header_pairs;

/// The exception for an error.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    PyErr::from_value(match instance(py, error) {
        Ok(exception) => exception,
        Err(failure) => failure.into_value(py).into_bound(py).into_any(),
    })
}

fn instance<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.import(py, "libgateway._errors", "of_native")?;
    let code = error.code();
    make.call1((
        code.name(),
        code.number(),
        error.to_string(),
        error.status(),
        error.retry_after().map(|wait| wait.as_secs_f64()),
        error.retries_spent(),
        error.provider(),
        error.request_id(),
        error.param(),
        error.body().map(|body| PyBytes::new(py, body)),
        header_pairs(py, error.headers())?,
    ))
}
