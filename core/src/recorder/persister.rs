//! The second of the recorder's two tasks: takes what is ready into the store, first what waits in memory, then what is
//! on disk only. It ends when nothing is left, or when the time to close is over: what the spool has then stays there.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Shared,
    backlog::{Batch, Work},
    delivery::{Delivery, Fate},
    journal,
};
use crate::{
    spool::{Frames, Kind, Segment, Spool},
    store::TraceRecord,
};

pub(super) struct Persister {
    pub(super) shared: Arc<Shared>,
    pub(super) delivery: Delivery,
}

impl Persister {
    /// How long after a failed read the disk is left alone.
    const PAUSE: Duration = Duration::from_secs(1);

    pub(super) async fn run(self) {
        loop {
            match self.shared.backlog.next() {
                Work::Batch(batch) => self.persist(batch).await,
                Work::Idle { ended } => {
                    if self.catch_up().await {
                        continue;
                    }
                    if ended {
                        break;
                    }
                    self.shared.backlog.wait().await;
                }
            }
        }
    }

    async fn persist(&self, batch: Batch) {
        let fates = self.delivery.deliver(&batch.records).await.fates;
        let spool = batch.segment.and(self.shared.spool.as_ref());
        self.shared.ledger.settle(&batch.records, &fates);
        if let Some(segment) = batch.segment {
            let given_up = batch.records.iter().zip(&fates).filter(|(_, fate)| **fate == Fate::GivenUp);
            let mut given_up = given_up.map(|(record, _)| record).peekable();
            if given_up.peek().is_some() {
                self.shared.ledger.leave_behind(segment, given_up);
            }
        }
        for fate in Fate::ALL {
            let of_fate = || fates.iter().zip(&batch.bytes).filter(|(one, _)| **one == fate).map(|(_, bytes)| *bytes);
            let (rows, bytes) = (of_fate().count(), of_fate().sum());
            if rows == 0 {
                continue;
            }
            match spool {
                Some(_) if fate == Fate::GivenUp => self.shared.leave_behind(rows, bytes),
                _ => self.shared.settle(fate, rows, bytes),
            }
        }
        if spool.is_none() {
            // The spool could not take the outcomes: the intents have done what they were for.
            let settled = batch.records.iter().zip(&fates).filter(|(_, fate)| **fate != Fate::GivenUp);
            settled.for_each(|(record, _)| self.shared.forget_intent(record.id));
        }
        if let (Some(spool), Some(segment)) = (spool, batch.segment) {
            spool.settle(segment, fates.iter().filter(|fate| **fate != Fate::GivenUp).count());
        }
    }

    /// Writes one segment of what is behind. Says whether there was one, and time to do it.
    async fn catch_up(&self) -> bool {
        let Some(spool) = &self.shared.spool else { return false };
        if self.shared.queue.is_overdue() {
            return false;
        }
        match spool.next_behind() {
            Some((segment, rows, Ok(bytes))) => self.read_back(spool, segment, rows, &bytes).await,
            Some((segment, rows, Err(error))) if error.kind() == io::ErrorKind::NotFound => {
                tracing::error!(rows, "a segment of the spool is gone; its traces are lost");
                self.shared.lose(rows);
                self.shared.ledger.settle_behind(segment);
                spool.settle_behind(segment);
                true
            }
            Some((_, rows, Err(error))) => {
                tracing::warn!(%error, rows, "a segment of the spool cannot be read; it is tried again");
                self.shared.hurry(Instant::now() + Self::PAUSE).await;
                true
            }
            None => false,
        }
    }

    async fn read_back(&self, spool: &Spool, segment: Segment, rows: usize, bytes: &[u8]) -> bool {
        let mut records = outcomes(bytes);
        // What a failed write left behind its end was never counted.
        records.truncate(rows);
        let missing = rows.saturating_sub(records.len());
        for chunk in records.chunks(Delivery::ROWS) {
            let fates = self.delivery.deliver(chunk).await.fates;
            self.shared.ledger.settle(chunk, &fates);
            if fates.contains(&Fate::GivenUp) {
                // It is read again, by us or by the next gateway: what is in the store already does no harm.
                return false;
            }
            for fate in fates {
                self.shared.settle_spooled(fate);
            }
        }
        self.shared.ledger.settle_behind(segment);
        if missing > 0 {
            tracing::error!(rows = missing, "traces in the spool are damaged and lost");
            self.shared.lose(missing);
            spool.settle_damaged(segment);
        } else {
            spool.settle_behind(segment);
        }
        true
    }
}

/// The rows of a segment that can be understood.
fn outcomes(segment: &[u8]) -> Vec<TraceRecord> {
    let Ok(frames) = Frames::of(segment) else { return Vec::new() };
    frames.filter(|frame| frame.kind == Kind::Outcome).filter_map(|frame| journal::read(frame.payload)).collect()
}
