//! The gateway's own thread: recorder, store and upkeep live on it, and outlive the runtimes of callers. It never runs
//! a caller's request.

use std::{future::Future, sync::mpsc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    runtime::{Builder, Handle},
    sync::{oneshot, watch},
    task::{JoinError, JoinHandle},
};

use crate::error::{Error, ErrorCode, Result};

/// A thread with a runtime of its own, until [`Background::leave`].
#[derive(Debug)]
pub(crate) struct Background {
    handle: Handle,
    leave: watch::Sender<bool>,
    ended: Mutex<Option<oneshot::Receiver<()>>>,
}

impl Background {
    /// How long tasks may go on after the thread was told to end.
    pub(crate) const GRACE: Duration = Duration::from_secs(1);

    /// Starts the thread under that name.
    pub(crate) fn start(name: &str) -> Result<Self> {
        let failed =
            |error| Error::new(ErrorCode::Internal, "the gateway's thread cannot be started").with_source(error);
        let (leave, mut left) = watch::channel(false);
        let (started, starting) = mpsc::sync_channel(1);
        let (end, ended) = oneshot::channel();
        let thread = move || {
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(started.send(Err(error))),
            };
            drop(started.send(Ok(runtime.handle().clone())));
            // An error means that the sender is gone: that is a reason to end, too.
            drop(runtime.block_on(left.wait_for(|leave| *leave)));
            runtime.shutdown_timeout(Self::GRACE);
            let _ = end.send(());
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(thread).map_err(failed)?;
        let gone = |_| Error::new(ErrorCode::Internal, "the gateway's thread cannot be started");
        let handle = starting.recv().map_err(gone)?.map_err(failed)?;
        Ok(Self { handle, leave, ended: Mutex::new(Some(ended)) })
    }

    /// Starts a task on the thread. Whoever holds the handle owns it.
    pub(crate) fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Runs work that blocks, beside the thread.
    pub(crate) fn spawn_blocking(&self, work: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        self.handle.spawn_blocking(work)
    }

    /// Runs a future on the thread and waits for its result. Dropping the wait ends the future.
    pub(crate) async fn run<F, T>(&self, future: F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let mut task = AbortOnDrop(self.spawn(future));
        joined((&mut task.0).await)
    }

    /// Runs a future on the thread, to its end even when nobody waits for it any more.
    pub(crate) async fn run_to_end<F, T>(&self, future: F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        joined(self.spawn(future).await)
    }

    /// Tells the thread to end, from the thread itself or from anywhere.
    pub(crate) fn leave(&self) {
        self.leave.send_replace(true);
    }

    /// Waits until the thread has ended. Only the first one who asks waits.
    pub(crate) async fn ended(&self) {
        let ended = self.ended.lock().take();
        if let Some(ended) = ended {
            // An error means that the thread is gone.
            drop(ended.await);
        }
    }
}

/// Runs work that blocks beside the gateway's thread. Only for tasks that run there: elsewhere it would take a thread
/// of the host's.
#[expect(clippy::disallowed_methods, reason = "the gateway's own runtime is the current one")]
pub(crate) async fn beside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    joined(tokio::task::spawn_blocking(work).await)
}

/// A task that ends with the wait for it.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn joined<T>(outcome: Result<Result<T>, JoinError>) -> Result<T> {
    match outcome {
        Ok(result) => result,
        Err(error) if error.is_cancelled() => Err(Error::new(ErrorCode::Closed, "the gateway is closed")),
        Err(_) => Err(Error::new(ErrorCode::Internal, "a task of the gateway panicked")),
    }
}
