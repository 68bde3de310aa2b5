//! Calls that wait to be run, and calls that run.

use libgateway::bindings;
use parking_lot::Mutex;
use pyo3::{exceptions::PyValueError, prelude::*};

/// Something to be asked, once.
#[pyclass(frozen, module = "libgateway._native")]
pub(crate) struct Call(Mutex<Option<bindings::Call>>);

impl Call {
    pub(crate) fn new(call: bindings::Call) -> Self {
        Self(Mutex::new(Some(call)))
    }

    pub(crate) fn take(&self) -> PyResult<bindings::Call> {
        self.0.lock().take().ok_or_else(|| PyValueError::new_err("a call runs once; make another one"))
    }
}

/// A call that runs. It is cancelled when nobody holds this any more.
#[pyclass(frozen, module = "libgateway._native")]
pub(crate) struct Started(Mutex<Option<bindings::Started>>);

impl Started {
    pub(crate) fn new(started: bindings::Started) -> Self {
        Self(Mutex::new(Some(started)))
    }
}

#[pymethods]
impl Started {
    /// Ends the call, upstream too.
    fn cancel(&self) {
        drop(self.0.lock().take());
    }
}
