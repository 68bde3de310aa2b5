//! The first of the recorder's two tasks: takes observations out of the queue, makes rows of them, and puts these where
//! the end of the process does not reach them. It waits for the store only where there is no spool.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{Encoder, Shared, backlog::Batch, journal, queue::Queued};
use crate::{
    config::Durability,
    spool::{Appended, Placed},
    store::TraceRecord,
    tasks::beside,
    types::stats::DropReason,
};

/// Bytes that are appended at a time: requests that begin meanwhile wait for it.
const PIECE: usize = 256 * 1024;
/// So many bytes are encoded before other tasks of the thread get their turn.
const TURN: usize = 128 * 1024;

pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) encoder: Encoder,
}

impl Writer {
    pub(super) async fn run(mut self) {
        // Whoever waits for what is never written waits no longer.
        let _end = Ending(Arc::clone(&self.shared));
        while let Some(queued) = self.shared.queue.next_batch().await {
            if self.shared.queue.is_overdue() {
                // What will not be written need not be encoded either.
                let bytes: Vec<usize> = queued.iter().map(|queued| queued.bytes).collect();
                self.shared.ledger.drop(DropReason::Closed, queued.iter().map(|queued| queued.observation.number));
                self.shared.give_up(&bytes, DropReason::Closed);
                self.shared.note_durable(queued.len());
            } else {
                let mut batch = self.encode(queued).await;
                while let Some(piece) = batch.take_piece(PIECE) {
                    self.hand_over(piece).await;
                }
            }
        }
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
            let (id, number) = (observation.id, observation.number);
            // What is encoded came from upstreams: a fault here must not end the recording of everything else.
            match catch_unwind(AssertUnwindSafe(|| self.encoder.encode(*observation))) {
                Ok(record) => {
                    self.shared.counters.classified(record.status_class, record.flags);
                    batch.records.push(record);
                    batch.bytes.push(bytes);
                }
                Err(_) => {
                    tracing::error!("a trace could not be encoded and is lost");
                    self.shared.forget_intent(id);
                    self.shared.ledger.drop(DropReason::Rejected, [number]);
                    self.shared.give_up(&[bytes], DropReason::Rejected);
                    self.shared.note_durable(1);
                }
            }
        }
        batch
    }

    /// Puts a batch on disk, and gives it to the other task: at once where there is room, or when there is, where no
    /// spool keeps it.
    async fn hand_over(&self, mut batch: Batch) {
        let rows = batch.records.len();
        let appended = self.append(&batch.records);
        self.shared.disk_failed.send_replace(appended.is_none());
        let placed = appended.as_ref().map(|appended| appended.placed);
        if let Some(Placed::Behind(segment)) = placed {
            // Before anything else runs: the other task may read it back at once.
            self.shared.ledger.leave_behind(segment, &batch.records);
            self.shared.leave_behind(rows, batch.bytes.iter().sum());
            self.shared.backlog.wake();
        }
        self.sync(appended).await;
        self.shared.note_durable(rows);
        if !matches!(placed, Some(Placed::Behind(_))) {
            batch.segment = placed.and_then(Placed::segment);
            self.shared.backlog.push(batch).await;
        }
    }

    /// Appends rows to the spool; `None` without one, or while its disk cannot be written.
    fn append(&self, records: &[TraceRecord]) -> Option<Appended> {
        let spool = self.shared.spool.as_ref()?;
        let outcomes: Vec<_> =
            records.iter().map(|record| Some((record.id, journal::write(record).ok()?))).collect::<Option<_>>()?;
        let outcomes = outcomes.iter().map(|(id, bytes)| (*id, bytes.as_slice()));
        // An error is in the spool's status: the batch then waits in memory.
        spool.append(outcomes, self.shared.backlog.has_room()).ok()
    }

    async fn sync(&self, appended: Option<Appended>) {
        let (Some(spool), Some(appended)) = (&self.shared.spool, appended) else { return };
        if self.shared.durability == Durability::Sync
            && let Ok(Err(error)) = beside(move || Ok(appended.sync())).await
        {
            spool.note_failure(&error);
        }
    }
}

/// The end of the writer, however it comes.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.durable.send_replace(u64::MAX);
        self.0.backlog.end();
    }
}
