//! The task that takes observations out of the queue and gets them into the store, however long the store is away.
//! It never gives up a trace while there is time, and never lets one bad row take others with it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use super::{Encoder, Shared, counters::Counters, queue::Queued};
use crate::{
    clock,
    error::{Error, ErrorCode},
    store::{Store, TraceRecord, is_transient},
    types::stats::{DeadLetter, DropReason},
};

/// The first and the longest pause between two tries while the store is away.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// A statement that is not answered for so long is a sign that the store is away; after so much longer it is given up.
const ANSWER: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(28));
/// So many bytes are encoded before other tasks of the thread get their turn.
const TURN: usize = 128 * 1024;

/// The writing end of the recorder.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) encoder: Encoder,
    pub(super) store: Store,
}

/// Traces that are ready to be written, and what each is counted as in the queue.
#[derive(Default)]
struct Batch {
    records: Vec<TraceRecord>,
    bytes: Vec<usize>,
}

/// What became of a try.
enum Tried {
    Written,
    Refused(Error),
    /// The time to close is over.
    GivenUp,
}

impl Writer {
    pub(super) async fn run(mut self) {
        while let Some(queued) = self.shared.queue.next_batch().await {
            let rows = queued.len();
            if self.shared.queue.is_overdue() {
                // What will not be written need not be encoded either.
                let bytes: Vec<usize> = queued.iter().map(|queued| queued.bytes).collect();
                self.give_up(&bytes, DropReason::Closed);
            } else {
                let batch = self.encode(queued).await;
                self.write(&batch).await;
            }
            self.shared.settled.send_modify(|settled| *settled += u64::try_from(rows).unwrap_or_default());
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
            // What is encoded came from upstreams: a fault here must not end the recording of everything else.
            match catch_unwind(AssertUnwindSafe(|| self.encoder.encode(*observation))) {
                Ok(record) => {
                    self.shared.counters.classified(record.status_class);
                    batch.records.push(record);
                    batch.bytes.push(bytes);
                }
                Err(_) => {
                    tracing::error!("a trace could not be encoded and is lost");
                    self.give_up(&[bytes], DropReason::Rejected);
                }
            }
        }
        batch
    }

    /// Writes a batch; when the store refuses it, row by row, so that only the bad ones are lost.
    async fn write(&self, batch: &Batch) {
        match self.until_answered(|| self.store.insert_traces(&batch.records)).await {
            Tried::Written => self.settle(&batch.bytes, Counters::persisted),
            Tried::GivenUp => self.give_up(&batch.bytes, DropReason::Closed),
            Tried::Refused(error) => {
                tracing::warn!(%error, rows = batch.records.len(), "the store refused a batch of traces; writing them one by one");
                for (record, bytes) in batch.records.iter().zip(&batch.bytes) {
                    self.write_alone(record, *bytes).await;
                }
            }
        }
    }

    async fn write_alone(&self, record: &TraceRecord, bytes: usize) {
        match self.until_answered(|| self.store.insert_traces(std::slice::from_ref(record))).await {
            Tried::Written => self.settle(&[bytes], Counters::persisted),
            Tried::GivenUp => self.give_up(&[bytes], DropReason::Closed),
            Tried::Refused(error) => self.bury(record, bytes, &error).await,
        }
    }

    /// Keeps what is known of a refused row where it can be looked at.
    async fn bury(&self, record: &TraceRecord, bytes: usize, error: &Error) {
        tracing::error!(trace = %record.id, %error, "the store refused a trace; it is kept as a dead letter");
        let letter = DeadLetter {
            tenant_id: record.tenant_id.clone(),
            trace_id: record.id,
            failed_at: clock::now(),
            reason: error.to_string(),
            record: serde_json::to_string(record).unwrap_or_default(),
        };
        match self.until_answered(|| self.store.insert_dead_letter(&letter)).await {
            Tried::Written => self.settle(&[bytes], Counters::dead_lettered),
            Tried::GivenUp => self.give_up(&[bytes], DropReason::Closed),
            Tried::Refused(error) => {
                tracing::error!(trace = %record.id, %error, "the store refused the dead letter, too; the trace is lost");
                self.give_up(&[bytes], DropReason::Rejected);
            }
        }
    }

    async fn until_answered<T, F>(&self, mut statement: impl FnMut() -> F) -> Tried
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut pause = PAUSES.0;
        loop {
            let answer = tokio::select! {
                answer = self.in_time(statement()) => answer,
                () = self.shared.queue.overdue() => return Tried::GivenUp,
            };
            let error = match answer {
                Ok(_) => return Tried::Written,
                Err(error) if !is_transient(&error) => return Tried::Refused(error),
                Err(error) => error,
            };
            self.shared.counters.tried_again();
            self.note_away(&error);
            tokio::select! {
                () = self.shared.queue.pause(Some(Instant::now() + pause)) => {}
                () = self.shared.queue.overdue() => return Tried::GivenUp,
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// The answer to a statement. One that takes long is reported while it is waited for, and is given up when it takes
    /// too long: its connection may be dead.
    async fn in_time<T>(&self, statement: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut statement = std::pin::pin!(statement);
        if let Ok(answer) = timeout(ANSWER.0, &mut statement).await {
            return answer;
        }
        let silent = || Error::new(ErrorCode::StoreUnavailable, "the store does not answer");
        self.note_away(&silent());
        timeout(ANSWER.1, statement).await.unwrap_or_else(|_| Err(silent()))
    }

    /// Remembers what is wrong with the store, and says it once.
    fn note_away(&self, error: &Error) {
        if self.shared.counters.store_away(error) {
            tracing::warn!(%error, "the store is away; traces wait");
        }
    }

    fn give_up(&self, bytes: &[usize], reason: DropReason) {
        self.settle(bytes, |counters, rows, bytes| {
            counters.dropped(reason, rows, bytes);
        });
    }

    /// Makes room in the queue, and counts what became of the rows.
    fn settle(&self, bytes: &[usize], count: impl FnOnce(&Counters, usize, usize)) {
        let sum = bytes.iter().sum();
        self.shared.queue.settle(bytes.len(), sum);
        count(&self.shared.counters, bytes.len(), sum);
    }
}
