//! An open gateway: makes calls, waits for them, or starts them.

use std::sync::{Arc, Once};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use libgateway::{
    Error, ErrorCode, Result,
    bindings::{self, Handle, Reading, guarded},
};
use pyo3::{prelude::*, pybacked::PyBackedBytes, types::PyBytes};

use crate::{
    answer::{Provider, into_python},
    call::{Call, Started},
    completions::Completions,
    error::exception,
    server::Server,
    wait::interruptibly,
};

/// An open gateway.
#[pyclass(frozen, module = "libgateway._native")]
pub(crate) struct Gateway(Handle);

#[pymethods]
impl Gateway {
    /// Opens a gateway with a configuration as JSON.
    #[staticmethod]
    fn open(py: Python<'_>, config: &str) -> PyResult<Self> {
        static ONCE: Once = Once::new();
        ONCE.call_once(bindings::silence_panics);
        let handle = py.detach(|| guarded(|| Handle::open(config)));
        handle.map(Self).map_err(|error| exception(py, &error))
    }

    /// An operation by its name; the arguments are one JSON object.
    fn operation(&self, py: Python<'_>, name: &str, arguments: &[u8]) -> PyResult<Call> {
        made(py, self.0.call(name, &Bytes::copy_from_slice(arguments)))
    }

    /// A call of a tenant's model. `events` reads a stream by events, and by pieces as they come where it is false.
    fn model(
        &self,
        py: Python<'_>,
        operation: &str,
        tenant: &str,
        body: &[u8],
        options: &[u8],
        events: bool,
    ) -> PyResult<Call> {
        let call = self.0.call_model(operation, tenant, Bytes::copy_from_slice(body), options);
        made(py, call.map(|call| call.reading(reading(events))))
    }

    /// A call of a model of a provider that was looked up.
    fn provider_model(
        &self,
        py: Python<'_>,
        operation: &str,
        provider: &Provider,
        body: &[u8],
        options: &[u8],
        events: bool,
    ) -> PyResult<Call> {
        let call = self.0.call_provider(operation, &provider.0, Bytes::copy_from_slice(body), options);
        made(py, call.map(|call| call.reading(reading(events))))
    }

    /// The look-up of a tenant's provider, the default one without a name.
    fn provider(&self, py: Python<'_>, tenant: &str, name: Option<&str>) -> PyResult<Call> {
        made(py, self.0.get_provider(tenant, name))
    }

    /// An HTTP request; `target` is its path and query.
    fn http(
        &self,
        py: Python<'_>,
        method: &str,
        target: &[u8],
        headers: Vec<(PyBackedBytes, PyBackedBytes)>,
        body: &[u8],
    ) -> PyResult<Call> {
        made(py, request(method, target, headers, body).and_then(|request| self.0.handle(request)))
    }

    /// The head of an HTTP request whose body is not read yet: how many bytes it may have, as JSON, or the `Answer` that
    /// refuses it.
    fn admit(
        &self,
        py: Python<'_>,
        method: &str,
        target: &[u8],
        headers: Vec<(PyBackedBytes, PyBackedBytes)>,
    ) -> PyResult<Call> {
        made(py, request(method, target, headers, &[]).and_then(|request| self.0.admit(request.map(drop))))
    }

    /// Runs a call and waits for it: the answer as JSON, an `Answer` or a `Provider`.
    #[pyo3(signature = (call, timeout = None))]
    fn wait(&self, py: Python<'_>, call: &Call, timeout: Option<f64>) -> PyResult<Py<PyAny>> {
        let call = call.take()?;
        let answer = interruptibly(py, timeout, |tick| self.0.wait(call, Some(tick)))?;
        into_python(py, answer)
    }

    /// Runs a call elsewhere; what comes of it goes to `completions` under that token.
    fn start(&self, py: Python<'_>, call: &Call, completions: &Completions, token: u64) -> PyResult<Started> {
        let call = call.take()?;
        let queue = Arc::clone(completions.queue());
        let started = guarded(|| self.0.start(call, move |answer| queue.push(token, answer.map(Some))));
        started.map(Started::new).map_err(|error| exception(py, &error))
    }

    /// Begins to serve, as a configuration in JSON says.
    fn serve(&self, py: Python<'_>, config: &str) -> PyResult<Server> {
        let serving = py.detach(|| guarded(|| self.0.serve(config)));
        serving.map(Server).map_err(|error| exception(py, &error))
    }

    /// Ends the gateway; what it achieved, as JSON.
    fn close<'py>(&self, py: Python<'py>, timeout_ms: Option<u64>) -> PyResult<Bound<'py, PyBytes>> {
        let report = py.detach(|| guarded(|| self.0.close(timeout_ms)));
        report.map(|report| PyBytes::new(py, &report)).map_err(|error| exception(py, &error))
    }
}

fn made(py: Python<'_>, call: Result<bindings::Call>) -> PyResult<Call> {
    call.map(Call::new).map_err(|error| exception(py, &error))
}

fn reading(events: bool) -> Reading {
    if events { Reading::Events } else { Reading::Bytes }
}

fn request(
    method: &str,
    target: &[u8],
    headers: Vec<(PyBackedBytes, PyBackedBytes)>,
    body: &[u8],
) -> Result<Request<Bytes>> {
    let mut request = Request::new(Bytes::copy_from_slice(body));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|error| unfit("method", error))?;
    *request.uri_mut() = Uri::try_from(target).map_err(|error| unfit("target", error))?;
    for (name, value) in headers {
        let name = HeaderName::from_bytes(&name).map_err(|error| unfit("headers", error))?;
        let value = HeaderValue::from_bytes(&value).map_err(|error| unfit("headers", error))?;
        request.headers_mut().append(name, value);
    }
    Ok(request)
}

fn unfit(part: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorCode::InvalidRequest, format!("the request's {part} cannot be sent: {error}"))
        .with_param(part)
        .with_source(error)
}
