//! Turns every request into one trace in the store. The request path hands an observation over and goes on; one task
//! on the gateway's thread digests, compresses, encrypts and writes in batches. It never delays or fails a request.

mod counters;
mod draft;
mod encode;
mod queue;
mod writer;

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};

use self::{counters::Counters, queue::Queue, writer::Writer};
pub(crate) use self::{
    draft::{Answer, Begin, Draft, EVENT_BYTES, Owner, Seen},
    encode::Encoder,
};
use crate::{
    config::RecorderConfig,
    error::Result,
    store::Store,
    tasks::Background,
    types::stats::{FlushReport, Stats},
};

/// The request path's end of the recorder.
#[derive(Clone)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
}

/// What both ends see.
struct Shared {
    queue: Queue,
    counters: Counters,
    /// The number of the last observation that is settled: written, dead-lettered or given up.
    settled: watch::Sender<u64>,
}

impl Recorder {
    /// Starts the task that writes.
    pub(crate) fn start(
        config: RecorderConfig,
        encoder: Encoder,
        store: Store,
        background: &Background,
    ) -> (Self, JoinHandle<()>) {
        let shared = Arc::new(Shared {
            queue: Queue::new(config),
            counters: Counters::default(),
            settled: watch::Sender::new(0),
        });
        let writer = Writer { shared: Arc::clone(&shared), encoder, store };
        let task = background.spawn(writer.run());
        (Self { shared }, task)
    }

    /// Begins to observe a request. Whatever happens to the draft, one trace comes of it. Fails once the
    /// recorder is being closed: nothing is asked of an upstream then.
    pub(crate) fn begin(&self, begin: Begin) -> Result<Draft> {
        Draft::new(Arc::clone(&self.shared), begin)
    }

    /// Waits until everything recorded so far is settled, or the time is over.
    pub(crate) async fn flush(&self, timeout: Duration) -> FlushReport {
        let before = self.stats();
        let target = self.shared.queue.request_flush();
        let mut settled = self.shared.settled.subscribe();
        // An error means that the time is over, or that the writer has ended: the report says what is left.
        drop(tokio::time::timeout(timeout, settled.wait_for(|settled| *settled >= target)).await);
        let pending = target.saturating_sub(*self.shared.settled.borrow());
        FlushReport { pending, ..self.report_since(&before) }
    }

    /// Lets the writer end once the queue is empty or `deadline` has passed; what is left then is counted as dropped.
    pub(crate) fn close(&self, deadline: std::time::Instant) {
        self.shared.queue.close(deadline);
    }

    /// What has been achieved since these counters were read.
    pub(crate) fn report_since(&self, before: &Stats) -> FlushReport {
        self.stats().since(before)
    }

    pub(crate) fn stats(&self) -> Stats {
        self.shared.counters.stats()
    }
}

impl Shared {
    /// Hands an observation over to the writer, or counts it as dropped.
    fn record(&self, observation: Box<draft::Observation>) {
        let bytes = observation.weight();
        self.counters.accepted(bytes);
        if let Err(reason) = self.queue.push(observation, bytes)
            && self.counters.dropped(reason, 1, bytes)
        {
            tracing::warn!(?reason, "traces are being dropped; see stats");
        }
    }
}
