//! What comes of a call, for Python.

use bytes::Bytes;
use http::HeaderMap;
use libgateway::{
    ProviderName,
    bindings::{self, Head},
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyList, PyTuple},
};

use crate::stream::Stream;

/// A provider's answer, or the response to an HTTP request.
#[pyclass(frozen, module = "libgateway._native")]
pub(crate) struct Answer {
    head: Head,
    content: Content,
}

enum Content {
    Whole(Bytes),
    Stream(Py<Stream>),
}

#[pymethods]
impl Answer {
    #[getter]
    fn status(&self) -> u16 {
        self.head.status
    }

    /// Names in lower case and values, in the order they came in.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        header_pairs(py, &self.head.headers)
    }

    #[getter]
    fn trace_id(&self) -> Option<String> {
        self.head.trace_id.map(|id| id.to_string())
    }

    #[getter]
    fn provider(&self) -> Option<&str> {
        self.head.provider.as_ref().map(ProviderName::as_str)
    }

    /// The whole body; `None` where it is a stream.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        match &self.content {
            Content::Whole(body) => Some(PyBytes::new(py, body)),
            Content::Stream(_) => None,
        }
    }

    #[getter]
    fn stream(&self, py: Python<'_>) -> Option<Py<Stream>> {
        match &self.content {
            Content::Whole(_) => None,
            Content::Stream(stream) => Some(stream.clone_ref(py)),
        }
    }
}

/// A provider that was looked up once and can be called.
#[pyclass(frozen, module = "libgateway._native")]
pub(crate) struct Provider(pub(crate) bindings::Provider);

#[pymethods]
impl Provider {
    /// Its configuration without the secret, and its capabilities, as JSON.
    #[getter]
    fn description<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.description())
    }
}

/// JSON as bytes, an [`Answer`] or a [`Provider`].
pub(crate) fn into_python(py: Python<'_>, answer: bindings::Answer) -> PyResult<Py<PyAny>> {
    Ok(match answer {
        bindings::Answer::Json(json) => PyBytes::new(py, &json).into_any().unbind(),
        bindings::Answer::Whole(head, body) => Py::new(py, Answer { head, content: Content::Whole(body) })?.into_any(),
        bindings::Answer::Stream(head, stream) => {
            let content = Content::Stream(Py::new(py, Stream::new(stream))?);
            Py::new(py, Answer { head, content })?.into_any()
        }
        bindings::Answer::Provider(provider) => Py::new(py, Provider(provider))?.into_any(),
    })
}

pub(crate) fn header_pairs<'py>(py: Python<'py>, headers: &HeaderMap) -> PyResult<Bound<'py, PyList>> {
    let pairs = PyList::empty(py);
    for (name, value) in headers {
        let pair = [PyBytes::new(py, name.as_str().as_bytes()), PyBytes::new(py, value.as_bytes())];
        pairs.append(PyTuple::new(py, pair)?)?;
    }
    Ok(pairs)
}
