//! Turns every request into one trace in the store. The request path hands an observation over and goes on; tasks on
//! the gateway's thread do the rest, and never delay or fail a request:
//!
//! ```text
//! draft ─ queue ─ writer (digest, compress, encrypt, spool) ─ backlog ─ persister (batches, retries) ─ store
//!   └─ intent ─ spool ─ recovery, by whichever gateway comes next ───────────────────────────────────┘
//! ```

mod audit;
mod backlog;
mod books;
mod closing;
mod counters;
mod delivery;
mod draft;
mod encode;
mod journal;
mod ledger;
mod persister;
mod queue;
mod ranges;
mod recovery;
mod redactor;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};

pub use self::redactor::{BodyPart, Redactor};
use self::{
    backlog::Backlog,
    books::Books,
    counters::Counters,
    delivery::{Delivery, Fate},
    ledger::Ledger,
    persister::Persister,
    queue::Queue,
    recovery::Recovery,
    writer::Writer,
};
pub(crate) use self::{
    delivery::Patience,
    draft::{Answer, Begin, Draft, Durable, EVENT_BYTES, Owner, Seen},
    encode::Encoder,
    redactor::Redaction,
};
use crate::{
    clock,
    config::{Durability, RecorderConfig},
    error::Result,
    spool::Spool,
    store::Store,
    tasks::Background,
    types::{
        ids::TraceId,
        stats::{DropReason, FlushReport, Stats},
        verify::VerifyReport,
    },
};

/// The request path's end of the recorder.
#[derive(Clone)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
    books: Arc<Books>,
}

/// What all parts see.
struct Shared {
    queue: Queue,
    backlog: Backlog,
    spool: Option<Arc<Spool>>,
    durability: Durability,
    ledger: Ledger,
    counters: Counters,
    /// How many observations are settled: in the store, dead-lettered or given up.
    settled: watch::Sender<u64>,
    /// How many observations are as durable as they were to be.
    durable: watch::Sender<u64>,
    /// The disk of the spool could not be written the last time: nobody waits for it.
    disk_failed: watch::Sender<bool>,
    /// Somebody waits for what is being tried again.
    hurry: Notify,
}

/// What a recorder is made of.
pub(crate) struct Parts {
    pub(crate) config: RecorderConfig,
    pub(crate) durability: Durability,
    pub(crate) spool: Option<Spool>,
    pub(crate) encoder: Encoder,
    pub(crate) store: Store,
    pub(crate) patience: Patience,
}

/// The recorder's tasks.
pub(crate) struct Running {
    /// Ends by itself once the recorder is closed.
    pub(crate) writing: JoinHandle<()>,
    /// These never end.
    pub(crate) recovery: JoinHandle<()>,
    pub(crate) books: JoinHandle<()>,
}

impl Recorder {
    /// Starts the tasks.
    pub(crate) fn start(parts: Parts, background: &Background) -> (Self, Running) {
        let ledger = Ledger::new(clock::now(), parts.spool.is_some());
        let shared = Arc::new(Shared {
            queue: Queue::new(parts.config, parts.durability),
            backlog: Backlog::new(2 * parts.config.batch_rows),
            spool: parts.spool.map(Arc::new),
            durability: parts.durability,
            ledger,
            counters: Counters::default(),
            settled: watch::Sender::new(0),
            durable: watch::Sender::new(0),
            disk_failed: watch::Sender::new(false),
            hurry: Notify::new(),
        });
        let delivery =
            || Delivery { shared: Arc::clone(&shared), store: parts.store.clone(), patience: parts.patience };
        let writer = Writer { shared: Arc::clone(&shared), encoder: parts.encoder };
        let persister = Persister { shared: Arc::clone(&shared), delivery: delivery() };
        let recovery = Recovery { shared: Arc::clone(&shared), delivery: delivery() };
        let books = Arc::new(Books::new(Arc::clone(&shared), parts.store.clone()));
        let (spool, last) = (shared.spool.clone(), Arc::clone(&books));
        let writing = background.spawn(async move {
            tokio::join!(writer.run(), persister.run());
            last.close().await;
            if let Some(spool) = spool {
                spool.leave();
            }
        });
        let recovery = background.spawn(recovery.run());
        let keeping = background.spawn(Arc::clone(&books).run());
        (Self { shared, books }, Running { writing, recovery, books: keeping })
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
        self.shared.hurry.notify_waiters();
        let mut settled = self.shared.settled.subscribe();
        // An error means that the time is over, or that the writer has ended: the report says what is left.
        drop(tokio::time::timeout(timeout, settled.wait_for(|settled| *settled >= target)).await);
        // Only those that were asked for: others may have come since.
        let unsettled = target.saturating_sub(*self.shared.settled.borrow());
        let report = self.report_since(&before);
        let spooled = report.spooled.min(unsettled);
        FlushReport { pending: unsettled - spooled, spooled, ..report }
    }

    /// Lets the tasks end once everything is in the store or `deadline` has passed; what is left then stays in the spool,
    /// or is counted as dropped.
    pub(crate) fn close(&self, deadline: Instant) {
        self.shared.queue.close(deadline);
        self.shared.hurry.notify_waiters();
    }

    /// What has been achieved since these counters were read.
    pub(crate) fn report_since(&self, before: &Stats) -> FlushReport {
        self.stats().since(before)
    }

    /// Removes from the spool what is in the store already.
    pub(crate) fn renew_spool(&self) {
        if let Some(spool) = &self.shared.spool {
            spool.renew();
        }
    }

    /// Checks that every request that was accepted is accounted for, by this gateway and all others on the store. Runs on
    /// the gateway's thread.
    pub(crate) async fn verify(&self, store: &Store) -> Result<VerifyReport> {
        audit::verify(&self.books, store, self.shared.spool.as_deref()).await
    }

    pub(crate) fn stats(&self) -> Stats {
        let mut stats = self.shared.counters.stats();
        stats.instance = self.shared.ledger.instance;
        if let Some(spool) = &self.shared.spool {
            let status = spool.status();
            (stats.spool_bytes, stats.spool_error, stats.spool_foreign) = (status.bytes, status.error, status.foreign);
        }
        stats
    }
}

impl Shared {
    /// Hands an observation over to the writer, or counts it as dropped. Says which one it is, counted from 1.
    fn record(&self, observation: Box<draft::Observation>) -> Option<u64> {
        let (id, number, bytes) = (observation.id, observation.number, observation.weight());
        self.counters.accepted(bytes);
        match self.queue.push(observation, bytes) {
            Ok(number) => Some(number),
            Err(reason) => {
                // One that ends after the recorder is for the next gateway to find.
                if reason == DropReason::QueueFull {
                    self.forget_intent(id);
                }
                self.ledger.drop(reason, [number]);
                if self.counters.dropped(reason, 1, bytes) {
                    tracing::warn!(?reason, "traces are being dropped; see stats");
                }
                None
            }
        }
    }

    /// No outcome follows an intent.
    fn forget_intent(&self, id: TraceId) {
        if let Some(spool) = &self.spool {
            spool.forget(id);
        }
    }

    /// The oldest observations that were waiting for it are durable now.
    fn note_durable(&self, rows: usize) {
        self.durable.send_modify(|durable| *durable = durable.saturating_add(wide(rows)));
    }

    /// Traces that waited in memory came to their end.
    fn settle(&self, fate: Fate, rows: usize, bytes: usize) {
        self.queue.settle(rows, bytes);
        self.counters.settled(fate, rows, bytes);
        self.settled.send_modify(|settled| *settled += wide(rows));
    }

    /// A trace that was on disk only came to its end.
    fn settle_spooled(&self, fate: Fate) {
        self.counters.settled_spooled(fate);
        self.settled.send_modify(|settled| *settled += 1);
    }

    /// Traces are on disk only: there is room for others in memory.
    fn leave_behind(&self, rows: usize, bytes: usize) {
        self.queue.settle(rows, bytes);
        self.counters.left_behind(rows, bytes);
    }

    /// Traces that were on disk only cannot be read back.
    fn lose(&self, rows: usize) {
        self.counters.lost(rows);
        self.settled.send_modify(|settled| *settled += wide(rows));
    }

    /// Traces in memory are lost.
    fn give_up(&self, bytes: &[usize], reason: DropReason) {
        let sum = bytes.iter().sum();
        self.queue.settle(bytes.len(), sum);
        self.counters.dropped(reason, bytes.len(), sum);
        self.settled.send_modify(|settled| *settled += wide(bytes.len()));
    }

    /// Waits until somebody is in a hurry, or until then.
    async fn hurry(&self, until: Instant) {
        // A timeout is as good as a reason to hurry.
        drop(tokio::time::timeout_at(until.into(), self.hurry.notified()).await);
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
