//! Between the task that encodes and the task that writes to the store: a few batches, so that one works while the
//! other does.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{spool::Segment, store::TraceRecord};

/// Traces that are ready to be written, and what each is counted as in the queue.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) records: Vec<TraceRecord>,
    pub(super) bytes: Vec<usize>,
    /// Where the spool has them, if it has.
    pub(super) segment: Option<Segment>,
}

impl Batch {
    /// Takes rows off the front that have so many bytes together, or one; `None` when it is empty.
    pub(super) fn take_piece(&mut self, most: usize) -> Option<Self> {
        let mut sum = 0;
        let rows = self.bytes.iter().take_while(|bytes| {
            sum += **bytes;
            sum <= most
        });
        let rows = rows.count().max(1).min(self.records.len());
        let (records, bytes) = (self.records.drain(..rows).collect(), self.bytes.drain(..rows).collect());
        (rows > 0).then_some(Self { records, bytes, segment: None })
    }
}

pub(super) struct Backlog {
    /// Rows that may wait, beside the batch that is being written, before there is room for no more.
    rows: usize,
    state: Mutex<State>,
    /// There is work, or there will be none any more.
    work: Notify,
    room: Notify,
}

#[derive(Default)]
struct State {
    batches: VecDeque<Batch>,
    ended: bool,
}

/// What is to be done next.
pub(super) enum Work {
    Batch(Batch),
    /// Nothing waits in memory: the spool may have something.
    Idle {
        ended: bool,
    },
}

impl Backlog {
    pub(super) fn new(rows: usize) -> Self {
        Self { rows, state: Mutex::default(), work: Notify::new(), room: Notify::new() }
    }

    pub(super) fn has_room(&self) -> bool {
        self.state.lock().batches.iter().map(|batch| batch.records.len()).sum::<usize>() < self.rows
    }

    /// Adds a batch as soon as there is room. One task alone adds.
    pub(super) async fn push(&self, batch: Batch) {
        while !self.has_room() {
            self.room.notified().await;
        }
        self.state.lock().batches.push_back(batch);
        self.work.notify_one();
    }

    /// There is something to do in the spool.
    pub(super) fn wake(&self) {
        self.work.notify_one();
    }

    /// Nothing is added any more.
    pub(super) fn end(&self) {
        self.state.lock().ended = true;
        self.work.notify_one();
    }

    pub(super) fn next(&self) -> Work {
        let mut state = self.state.lock();
        match state.batches.pop_front() {
            Some(batch) => {
                self.room.notify_one();
                Work::Batch(batch)
            }
            None => Work::Idle { ended: state.ended },
        }
    }

    /// Waits until there may be something to do.
    pub(super) async fn wait(&self) {
        self.work.notified().await;
    }
}
