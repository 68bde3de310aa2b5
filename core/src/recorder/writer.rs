//! The first of the recorder's two tasks: takes observations out of the queue, makes rows of them, and puts these where
//! the end of the process does not reach them. It waits for the store only where there is no spool.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{Encoder, Shared, backlog::Batch, journal, queue::Queued};
use crate::{config::Durability, spool::Placed, store::TraceRecord, tasks::beside, types::stats::DropReason};

/// So many bytes are encoded before other tasks of the thread get their turn.
const TURN: usize = 128 * 1024;

pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) encoder: Encoder,
}

impl Writer {
    pub(super) async fn run(mut self) {
        while let Some(queued) = self.shared.queue.next_batch().await {
            let rows = queued.len();
            if self.shared.queue.is_overdue() {
                // What will not be written need not be encoded either.
                let bytes: Vec<usize> = queued.iter().map(|queued| queued.bytes).collect();
                self.shared.give_up(&bytes, DropReason::Closed);
                self.shared.note_durable(rows);
            } else {
                let batch = self.encode(queued).await;
                let placed = self.spool(&batch.records).await;
                self.shared.note_durable(rows);
                self.hand_over(batch, placed).await;
            }
        }
        self.shared.backlog.end();
    }

    async fn encode(&mut self, queued: Vec<Queued>) -> Batch {
        let mut batch = Batch::default();
        let mut turn = 0;
        for Queued { observation, bytes } in queued {
            turn += bytes;
            if turn >= TURN {
                turn = 0;
                tokio::task::yield_now().await;
            }
            let id = observation.id;
            // What is encoded came from upstreams: a fault here must not end the recording of everything else.
            match catch_unwind(AssertUnwindSafe(|| self.encoder.encode(*observation))) {
                Ok(record) => {
                    self.shared.counters.classified(record.status_class);
                    batch.records.push(record);
                    batch.bytes.push(bytes);
                }
                Err(_) => {
                    tracing::error!("a trace could not be encoded and is lost");
                    self.shared.forget_intent(id);
                    self.shared.give_up(&[bytes], DropReason::Rejected);
                }
            }
        }
        batch
    }

    /// Gives the batch to the other task: at once where there is room, or when there is, where no spool keeps it.
    async fn hand_over(&self, mut batch: Batch, placed: Option<Placed>) {
        match placed {
            Some(Placed::Behind) => {
                self.shared.leave_behind(batch.bytes.len(), batch.bytes.iter().sum());
                self.shared.backlog.wake();
            }
            Some(Placed::Pending(segment)) => {
                batch.segment = Some(segment);
                self.shared.backlog.push(batch).await;
            }
            None => {
                self.shared.backlog.push(batch).await;
            }
        }
    }

    /// Where the spool has the rows; `None` without one, or while its disk cannot be written.
    async fn spool(&self, records: &[TraceRecord]) -> Option<Placed> {
        let spool = self.shared.spool.as_ref()?;
        let outcomes: Vec<_> =
            records.iter().map(|record| Some((record.id, journal::write(record).ok()?))).collect::<Option<_>>()?;
        let outcomes = outcomes.iter().map(|(id, bytes)| (*id, bytes.as_slice()));
        // An error is in the spool's status: the batch then waits in memory.
        let placed = spool.append(outcomes, self.shared.backlog.has_room()).ok()?;
        if self.shared.durability == Durability::Sync {
            let spool = Arc::clone(spool);
            let synced = beside(move || spool.sync()).await;
            if !matches!(synced, Ok(Ok(()))) {
                tracing::warn!("the spool could not be brought to disk");
            }
        }
        Some(placed)
    }
}
