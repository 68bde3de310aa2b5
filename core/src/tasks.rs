//! The gateway's own thread: recorder, store and poller live on it, and outlive the runtimes of callers. It never
//! runs a caller's request.

use std::{future::Future, time::Duration};

use parking_lot::Mutex;
use tokio::{
    runtime::{Builder, Handle},
    sync::watch,
    task::JoinHandle,
};

use crate::error::{Error, ErrorCode, Result};

/// A thread with a runtime of its own, ended by [`Background::stop`] or by dropping it.
#[derive(Debug)]
pub(crate) struct Background {
    handle: Handle,
    stop: watch::Sender<bool>,
    ended: Mutex<Option<tokio::sync::oneshot::Receiver<()>>>,
}

impl Background {
    /// How long tasks may go on after the thread was told to stop.
    const GRACE: Duration = Duration::from_secs(1);

    /// Starts the thread.
    pub(crate) fn start() -> Result<Self> {
        let failed = |error: std::io::Error| Error::new(ErrorCode::Internal, "the gateway's thread cannot be started").with_source(error);
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let handle = runtime.handle().clone();
        let (stop, mut stopped) = watch::channel(false);
        let (end, ended) = tokio::sync::oneshot::channel();
        std::thread::Builder::new()
            .name("libgateway".to_owned())
            .spawn(move || {
                // An error means that the sender is gone: that is a stop, too.
                let _ = runtime.block_on(stopped.wait_for(|stop| *stop));
                runtime.shutdown_timeout(Self::GRACE);
                let _ = end.send(());
            })
            .map_err(failed)?;
        Ok(Self { handle, stop, ended: Mutex::new(Some(ended)) })
    }

    /// Runs a future on the thread, to its end even when the caller goes away.
    pub(crate) fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Runs a future on the thread and waits for its result.
    pub(crate) async fn run<F, T>(&self, future: F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        match self.spawn(future).await {
            Ok(result) => result,
            Err(error) if error.is_cancelled() => Err(Error::new(ErrorCode::Closed, "the gateway is closed")),
            Err(error) => Err(Error::new(ErrorCode::Internal, "a task of the gateway failed").with_source(error)),
        }
    }

    /// Tells the thread to end, from the thread itself or from anywhere.
    pub(crate) fn leave(&self) {
        self.stop.send_replace(true);
    }

    /// Tells the thread to end, and waits until it has.
    pub(crate) async fn stop(&self) {
        self.leave();
        let ended = self.ended.lock().take();
        if let Some(ended) = ended {
            let _ = ended.await;
        }
    }
}
