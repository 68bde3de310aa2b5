//! A gateway that serves clients outside the process.

use std::time::Duration;

use libgateway::bindings::{Serving, guarded};
use pyo3::prelude::*;

use crate::error::exception;

/// A server, which needs no thread of Python's.
#[pyclass(frozen, module = "libgateway._native")]
pub(crate) struct Server(pub(crate) Serving);

#[pymethods]
impl Server {
    /// Host and port.
    #[getter]
    fn address(&self) -> String {
        self.0.address().to_string()
    }

    /// Lets what is running end, for that time at most.
    fn shutdown(&self, py: Python<'_>, timeout_ms: u64) -> PyResult<()> {
        let ended = py.detach(|| guarded(|| self.0.shutdown(Duration::from_millis(timeout_ms))));
        ended.map_err(|error| exception(py, &error))
    }
}
