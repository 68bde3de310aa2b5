//! A streamed answer: all that is ready is handed over in one go.

use std::{sync::Arc, time::Duration};

use libgateway::{
    Error, Result,
    bindings::{self, Next},
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyList},
};

use crate::{
    completions::Completions,
    error::exception,
    wait::{SLICE, interruptibly},
};

/// A stream that is read. Upstream is cancelled when nobody holds this any more.
#[pyclass(frozen, module = "libgateway._native")]
pub(crate) struct Stream(bindings::Stream);

impl Stream {
    pub(crate) fn new(stream: bindings::Stream) -> Self {
        Self(stream)
    }
}

#[pymethods]
impl Stream {
    /// Waits for all that is ready: a list of one piece at least, or `None` at the end.
    #[pyo3(signature = (timeout = None))]
    fn next<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Option<Bound<'py, PyList>>> {
        let ready = match self.0.next(Some(Duration::ZERO)) {
            Ok(Next::Waiting) => interruptibly(py, timeout, |tick| {
                loop {
                    match self.0.next(Some(SLICE))? {
                        Next::Waiting if tick().is_continue() => {}
                        next => return Ok(next),
                    }
                }
            })?,
            ready => ready.map_err(|error| exception(py, &error))?,
        };
        into_list(py, ready)
    }

    /// What is ready, without waiting; an empty list where nothing is.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyList>>> {
        let ready = self.0.next(Some(Duration::ZERO));
        into_list(py, ready.map_err(|error| exception(py, &error))?)
    }

    /// Puts `token` into `completions` as soon as there is something to take.
    fn wake(&self, py: Python<'_>, completions: &Completions, token: u64) -> PyResult<()> {
        let queue = Arc::clone(completions.queue());
        let woken: Result<(), Error> = self.0.on_ready(move || queue.push(token, Ok(None)));
        woken.map_err(|error| exception(py, &error))
    }

    /// Ends the call upstream.
    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        self.0.cancel().map_err(|error| exception(py, &error))
    }
}

fn into_list(py: Python<'_>, next: Next) -> PyResult<Option<Bound<'_, PyList>>> {
    match next {
        Next::Pieces(pieces) => PyList::new(py, pieces.iter().map(|piece| PyBytes::new(py, piece))).map(Some),
        Next::End => Ok(None),
        Next::Waiting => Ok(Some(PyList::empty(py))),
    }
}
