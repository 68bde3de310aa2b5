//! Waits that can be awaited on any runtime, or blocked on without one.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::sync::oneshot;

use crate::record::Outcome;

/// A wait for something to happen, with a deadline that is kept by the
/// upstream's own clock. `.await` it, or call [`Wait::blocking`].
#[derive(Debug)]
#[must_use = "a wait does nothing unless it is awaited or blocked on"]
pub struct Wait<T> {
    result: oneshot::Receiver<Result<T, WaitError>>,
}

/// Why a wait did not end well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The time was over.
    #[error("timed out waiting for {0}")]
    Timeout(String),
    /// The answer ended in another way, so that the wait is in vain.
    #[error("request {seq} ended as {outcome:?}: the client did not close the connection")]
    Ended {
        /// The number of the request.
        seq: u64,
        /// How its answer ended.
        outcome: Outcome,
    },
    /// The upstream stopped.
    #[error("the upstream stopped")]
    Stopped,
}

impl<T> Wait<T> {
    pub(crate) fn new(result: oneshot::Receiver<Result<T, WaitError>>) -> Self {
        Self { result }
    }

    /// Blocks the thread. Not for the thread of a single-threaded runtime on
    /// which the client under test runs: it would wait for itself.
    ///
    /// # Errors
    ///
    /// When the time is over, or the wait is in vain.
    pub fn blocking(mut self) -> Result<T, WaitError> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            match Pin::new(&mut self).poll(&mut context) {
                Poll::Ready(result) => return result,
                Poll::Pending => thread::park(),
            }
        }
    }
}

impl<T> Future for Wait<T> {
    type Output = Result<T, WaitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.result).poll(context).map(|result| result.unwrap_or(Err(WaitError::Stopped)))
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
