//! Ends a gateway: the recorder drains, the store closes, the thread ends. Everything happens on the gateway's own
//! thread, so that it comes to its end whether or not somebody waits for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{timeout, timeout_at},
};

use super::{Core, upkeep::write_uses};
use crate::types::stats::FlushReport;

/// The gateway's tasks, owned until they are joined.
pub(crate) struct Tasks {
    running: Mutex<Option<Running>>,
    closed: AtomicBool,
    /// What the recorder achieved, once it has ended.
    report: watch::Sender<Option<FlushReport>>,
}

/// What runs while the gateway is open.
pub(super) struct Running {
    pub(super) writer: JoinHandle<()>,
    pub(super) upkeep: Vec<JoinHandle<()>>,
}

impl Tasks {
    pub(super) fn new(running: Running) -> Self {
        Self { running: Mutex::new(Some(running)), closed: AtomicBool::new(false), report: watch::Sender::new(None) }
    }

    pub(super) fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

impl Core {
    /// How long a gateway that is dropped without being closed may go on writing, off the caller's thread.
    const DROPPED: Duration = Duration::from_secs(5);
    /// How long the store may take to close, and the writer to notice its deadline.
    const GRACE: Duration = Duration::from_secs(2);
    /// Longer than any deadline that is meant.
    const LONGEST: Duration = Duration::from_secs(365 * 86_400);

    /// Ends the gateway and waits until it has. A second call waits for the first one's end.
    pub(super) async fn shutdown(&self, timeout: Duration) -> FlushReport {
        self.begin_shutdown(timeout);
        let mut report = self.tasks.report.subscribe();
        // The sender lives as long as this gateway: there is no error.
        let report = report.wait_for(Option::is_some).await.ok().and_then(|report| report.clone());
        self.background.ended().await;
        report.unwrap_or_default()
    }

    /// Starts the end; only the first call does.
    fn begin_shutdown(&self, timeout_: Duration) {
        self.tasks.closed.store(true, Ordering::Release);
        let Some(running) = self.tasks.running.lock().take() else { return };
        let deadline = Instant::now() + timeout_.min(Self::LONGEST);
        let (recorder, store, auth) = (self.pipeline.recorder.clone(), self.store.clone(), Arc::clone(&self.auth));
        let (background, report) = (Arc::clone(&self.background), self.tasks.report.clone());
        // The thread ends with this task, which nobody can join.
        drop(self.background.spawn(async move {
            let before = recorder.stats();
            recorder.close(deadline);
            // The writer ends by itself at the deadline. An error means that it panicked.
            drop(timeout_at((deadline + Self::GRACE).into(), running.writer).await);
            for task in running.upkeep {
                task.abort();
            }
            drop(timeout(Self::GRACE, write_uses(&auth, &store)).await);
            drop(timeout(Self::GRACE, store.close()).await);
            report.send_replace(Some(recorder.report_since(&before)));
            background.leave();
        }));
    }
}

impl Drop for Core {
    /// Never blocks: the gateway's own thread does what is left to do, and ends.
    fn drop(&mut self) {
        self.begin_shutdown(Self::DROPPED);
    }
}
