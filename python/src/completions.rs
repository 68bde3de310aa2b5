//! Hands what has ended to an event loop. The gateway's threads never ask for the lock of the interpreter: they put
//! results into a queue and make a socket readable, which the loop watches. All that is ready comes in one go.

use std::{
    io::{Read as _, Write as _},
    os::{fd::AsRawFd as _, unix::net::UnixStream},
    sync::Arc,
};

use libgateway::{Result, bindings::Answer};
use parking_lot::Mutex;
use pyo3::{prelude::*, types::PyList};

use crate::{answer::into_python, error::exception};

/// A queue of results, for one event loop.
#[pyclass(frozen, module = "libgateway._native")]
pub(crate) struct Completions(Arc<Queue>);

pub(crate) struct Queue {
    ended: Mutex<Vec<(u64, Ended)>>,
    readable: UnixStream,
    wake: UnixStream,
}

/// What came of a call; nothing where a stream has something to take.
type Ended = Result<Option<Answer>>;

impl Completions {
    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.0
    }
}

impl Queue {
    pub(crate) fn push(&self, token: u64, ended: Ended) {
        let mut queue = self.ended.lock();
        let is_first = queue.is_empty();
        queue.push((token, ended));
        drop(queue);
        if is_first {
            // It fails where the socket is full, and is readable then, or where nobody listens any more.
            let _ = (&self.wake).write(&[1]);
        }
    }
}

#[pymethods]
impl Completions {
    #[new]
    fn new() -> PyResult<Self> {
        let (readable, wake) = UnixStream::pair()?;
        readable.set_nonblocking(true)?;
        wake.set_nonblocking(true)?;
        Ok(Self(Arc::new(Queue { ended: Mutex::default(), readable, wake })))
    }

    /// The descriptor that is readable while there is something to drain.
    fn fileno(&self) -> i32 {
        self.0.readable.as_raw_fd()
    }

    /// Everything that has ended, as `(token, answer, exception)`.
    fn drain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        // First the signal, then the queue: what comes in between is signalled once too often, never missed.
        let _ = (&self.0.readable).read(&mut [0; 64]);
        let all = std::mem::take(&mut *self.0.ended.lock());
        let drained = PyList::empty(py);
        for (token, ended) in all {
            let (answer, failure) = match ended {
                Ok(answer) => (answer.map(|answer| into_python(py, answer)).transpose()?, None),
                Err(error) => (None, Some(exception(py, &error).into_value(py))),
            };
            drained.append((token, answer, failure))?;
        }
        Ok(drained)
    }
}
