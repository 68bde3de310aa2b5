//! The bounded hand-over between requests and the writer. What does not fit is refused, never waited for.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::draft::Observation;
use crate::{
    config::{Durability, RecorderConfig},
    error::{Error, ErrorCode, Result},
    types::stats::DropReason,
};

/// How long callers who wait for the disk wait for others, so that one synchronisation serves many.
const SYNC_MS: u64 = 5;

/// One observation in the queue.
pub(super) struct Queued {
    pub(super) observation: Box<Observation>,
    pub(super) bytes: usize,
}

/// Observations waiting for the writer, oldest first.
pub(super) struct Queue {
    config: RecorderConfig,
    /// How long the first one of a batch may wait.
    flush: Duration,
    state: Mutex<State>,
    wake: Notify,
    /// When the writer has to end, once it has been told to.
    closing: watch::Sender<Option<Instant>>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Queued>,
    /// Rows and bytes that are not settled yet, those in the writer's hands included.
    unsettled_rows: usize,
    unsettled_bytes: usize,
    /// How many observations ever entered.
    entered: u64,
    /// Requests that will still become observations.
    open: usize,
    /// Observations up to this number are wanted in the store at once.
    flush_until: u64,
    ended: bool,
}

impl State {
    /// Whether the oldest one that waits is wanted in the store at once.
    fn is_flushing(&self) -> bool {
        let taken = self.entered.saturating_sub(u64::try_from(self.waiting.len()).unwrap_or(u64::MAX));
        taken < self.flush_until
    }
}

impl Queue {
    pub(super) fn new(config: RecorderConfig, durability: Durability) -> Self {
        let flush_ms = if durability == Durability::Sync { config.flush_ms.min(SYNC_MS) } else { config.flush_ms };
        let flush = Duration::from_millis(flush_ms);
        Self { config, flush, state: Mutex::default(), wake: Notify::new(), closing: watch::Sender::new(None) }
    }

    /// A request has begun: an observation of it will come. None begins once the queue is being closed.
    pub(super) fn announce(&self) -> Result<()> {
        let mut state = self.state.lock();
        if state.ended || self.closing.borrow().is_some() {
            return Err(Error::new(ErrorCode::Closed, "the gateway is closed; open a new one"));
        }
        state.open += 1;
        Ok(())
    }

    /// Adds an announced observation; says its number. The writer is woken only when it has something to do: at the
    /// first one, and when a batch is full.
    pub(super) fn push(&self, observation: Box<Observation>, bytes: usize) -> Result<u64, DropReason> {
        let mut state = self.state.lock();
        state.open = state.open.saturating_sub(1);
        if self.closing.borrow().is_some() {
            self.wake.notify_one();
        }
        if state.ended {
            return Err(DropReason::Closed);
        }
        if state.unsettled_rows >= self.config.queue_rows
            || state.unsettled_bytes.saturating_add(bytes) > self.config.queue_bytes
        {
            return Err(DropReason::QueueFull);
        }
        state.unsettled_rows += 1;
        state.unsettled_bytes += bytes;
        state.entered += 1;
        let number = state.entered;
        state.waiting.push_back(Queued { observation, bytes });
        let waiting = state.waiting.len();
        drop(state);
        if waiting == 1 || waiting == self.config.batch_rows {
            self.wake.notify_one();
        }
        Ok(number)
    }

    /// The next batch: as soon as one is full, or its first observation has waited for `flush_ms`, or somebody asked
    /// for it. `None` when the queue is closed and empty, and no request is open any more or its deadline has passed.
    pub(super) async fn next_batch(&self) -> Option<Vec<Queued>> {
        let mut due: Option<Instant> = None;
        loop {
            {
                let mut state = self.state.lock();
                let (waiting, closing) = (state.waiting.len(), *self.closing.borrow());
                let flush = state.is_flushing();
                if waiting == 0 {
                    if closing.is_some_and(|deadline| state.open == 0 || deadline <= Instant::now()) {
                        state.ended = true;
                        return None;
                    }
                } else if waiting >= self.config.batch_rows
                    || closing.is_some()
                    || flush
                    || due.is_some_and(|due| due <= Instant::now())
                {
                    let rows = waiting.min(self.config.batch_rows);
                    return Some(state.waiting.drain(..rows).collect());
                } else {
                    due.get_or_insert_with(|| Instant::now() + self.flush);
                }
            }
            let closing = *self.closing.borrow();
            self.pause(due.or(closing)).await;
        }
    }

    /// Waits for a wake-up, or until `due`.
    pub(super) async fn pause(&self, due: Option<Instant>) {
        match due {
            // A timeout is as good as a wake-up.
            Some(due) => drop(tokio::time::timeout_at(due.into(), self.wake.notified()).await),
            None => self.wake.notified().await,
        }
    }

    /// Makes room for what the writer has settled.
    pub(super) fn settle(&self, rows: usize, bytes: usize) {
        let mut state = self.state.lock();
        state.unsettled_rows = state.unsettled_rows.saturating_sub(rows);
        state.unsettled_bytes = state.unsettled_bytes.saturating_sub(bytes);
    }

    /// Asks for everything that is waiting; returns the number of the last observation.
    pub(super) fn request_flush(&self) -> u64 {
        let mut state = self.state.lock();
        let entered = state.entered;
        state.flush_until = entered;
        drop(state);
        self.wake.notify_one();
        entered
    }

    /// Lets the writer end when every request has ended and the queue is empty; after `deadline` it stops trying.
    pub(super) fn close(&self, deadline: Instant) {
        self.closing.send_replace(Some(deadline));
        self.wake.notify_one();
    }

    /// Whether the queue was closed and its deadline has passed.
    pub(super) fn is_overdue(&self) -> bool {
        self.closing.borrow().is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Comes back when the queue was closed and its deadline has passed.
    pub(super) async fn overdue(&self) {
        let mut closing = self.closing.subscribe();
        // The sender lives as long as the queue: there is no error.
        let deadline = closing.wait_for(Option::is_some).await.ok().and_then(|deadline| *deadline);
        if let Some(deadline) = deadline {
            tokio::time::sleep_until(deadline.into()).await;
        }
    }
}
