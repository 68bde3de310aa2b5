//! Ends a gateway: the recorder drains, the store closes, the thread is joined.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::task::JoinHandle;

use super::Core;
use crate::types::stats::FlushReport;

/// The gateway's tasks, owned until they are joined.
pub(crate) struct Tasks {
    running: Mutex<Option<Running>>,
    closed: AtomicBool,
}

struct Running {
    writer: JoinHandle<()>,
    upkeep: JoinHandle<()>,
}

impl Tasks {
    pub(super) fn new(writer: JoinHandle<()>, upkeep: JoinHandle<()>) -> Self {
        Self { running: Mutex::new(Some(Running { writer, upkeep })), closed: AtomicBool::new(false) }
    }

    pub(super) fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

impl Core {
    /// How long a gateway that is dropped without being closed may go on writing, off the caller's thread.
    const DROPPED: Duration = Duration::from_secs(5);

    /// Drains the recorder, closes the store and joins the thread. A second call only reports.
    pub(super) async fn shutdown(&self, timeout: Duration) -> FlushReport {
        self.tasks.closed.store(true, Ordering::Release);
        let running = self.tasks.running.lock().take();
        let recorder = &self.pipeline.recorder;
        if let Some(running) = running {
            recorder.close(Instant::now() + timeout);
            // The writer ends by itself at the deadline; an error means that it is gone already.
            let _ = running.writer.await;
            running.upkeep.abort();
            let store = self.store.clone();
            let _ = self.background.spawn(async move { store.close().await }).await;
            self.background.stop().await;
        }
        recorder.report()
    }
}

impl Drop for Core {
    /// Never blocks: the gateway's own thread does what is left to do, and ends.
    fn drop(&mut self) {
        let Some(running) = self.tasks.running.lock().take() else { return };
        self.pipeline.recorder.close(Instant::now() + Self::DROPPED);
        let (store, background) = (self.store.clone(), Arc::clone(&self.background));
        let thread = Arc::clone(&self.background);
        thread.spawn(async move {
            let _ = running.writer.await;
            running.upkeep.abort();
            store.close().await;
            background.leave();
        });
    }
}
