//! Gets rows into the store, however long it is away, and never lets one bad row take others with it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use super::Shared;
use crate::{
    clock,
    error::{Error, ErrorCode},
    store::{Inserted, Store, TraceRecord, is_transient},
    types::stats::DeadLetter,
};

/// The first and the longest pause between two tries while the store is away.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// The way into the store.
pub(super) struct Delivery {
    pub(super) shared: Arc<Shared>,
    pub(super) store: Store,
    pub(super) patience: Patience,
}

/// How long an answer to a statement may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// After that the store seems to be away.
    pub(crate) silent: Duration,
    /// After so much longer the statement is given up.
    pub(crate) dead: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { silent: Duration::from_secs(2), dead: Duration::from_secs(28) }
    }
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Persisted,
    /// The store refused it, and keeps it as a dead letter.
    DeadLettered,
    /// The store refused it as a dead letter, too.
    Rejected,
    /// Its tenant is gone.
    Disowned,
    /// The time to close is over.
    GivenUp,
}

/// What became of rows.
#[derive(Default)]
pub(super) struct Delivered {
    /// Of each, in their order.
    pub(super) fates: Vec<Fate>,
    /// How many the store did not have.
    pub(super) inserted: u64,
}

impl Delivered {
    fn of(records: &[TraceRecord], inserted: &Inserted) -> Self {
        let fate = |record: &TraceRecord| {
            if inserted.disowned.contains(&record.id) { Fate::Disowned } else { Fate::Persisted }
        };
        Self { fates: records.iter().map(fate).collect(), inserted: inserted.rows }
    }
}

impl Fate {
    pub(super) const ALL: [Self; 5] =
        [Self::Persisted, Self::DeadLettered, Self::Rejected, Self::Disowned, Self::GivenUp];
}

/// What became of a try.
pub(super) enum Tried<T> {
    Done(T),
    Refused(Error),
    GivenUp,
}

impl Delivery {
    /// Rows that are written at a time where many are at hand.
    pub(super) const ROWS: usize = 100;

    /// Writes rows; when the store refuses them, one by one.
    pub(super) async fn deliver(&self, records: &[TraceRecord]) -> Delivered {
        match self.until_answered(|| self.store.insert_traces(records)).await {
            Tried::Done(inserted) => Delivered::of(records, &inserted),
            Tried::GivenUp => Delivered { fates: vec![Fate::GivenUp; records.len()], inserted: 0 },
            Tried::Refused(error) => {
                tracing::warn!(%error, rows = records.len(), "the store refused a batch of traces; writing them one by one");
                let mut delivered = Delivered::default();
                for record in records {
                    let one = self.deliver_alone(record).await;
                    delivered.fates.extend(one.fates);
                    delivered.inserted += one.inserted;
                }
                delivered
            }
        }
    }

    async fn deliver_alone(&self, record: &TraceRecord) -> Delivered {
        let alone = std::slice::from_ref(record);
        let fate = match self.until_answered(|| self.store.insert_traces(alone)).await {
            Tried::Done(inserted) => return Delivered::of(alone, &inserted),
            Tried::GivenUp => Fate::GivenUp,
            Tried::Refused(error) => self.bury(record, &error).await,
        };
        Delivered { fates: vec![fate], inserted: 0 }
    }

    /// Keeps what is known of a refused row where it can be looked at.
    async fn bury(&self, record: &TraceRecord, error: &Error) -> Fate {
        tracing::error!(trace = %record.id, %error, "the store refused a trace; it is kept as a dead letter");
        let letter = DeadLetter {
            tenant_id: record.tenant_id.clone(),
            trace_id: record.id,
            failed_at: clock::now(),
            reason: error.to_string(),
            record: serde_json::to_string(record).unwrap_or_default(),
        };
        match self.until_answered(|| self.store.insert_dead_letter(&letter)).await {
            Tried::Done(()) => Fate::DeadLettered,
            Tried::GivenUp => Fate::GivenUp,
            Tried::Refused(error) => {
                tracing::error!(trace = %record.id, %error, "the store refused the dead letter, too; the trace is lost");
                Fate::Rejected
            }
        }
    }

    pub(super) async fn until_answered<T, F>(&self, mut statement: impl FnMut() -> F) -> Tried<T>
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
                Ok(answer) => return Tried::Done(answer),
                Err(error) if !is_transient(&error) => return Tried::Refused(error),
                Err(error) => error,
            };
            self.shared.counters.tried_again();
            self.note_away(&error);
            tokio::select! {
                () = self.shared.hurry(Instant::now() + pause) => {}
                () = self.shared.queue.overdue() => return Tried::GivenUp,
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// The answer to a statement. One that takes long is reported while it is waited for, and is given up when it takes
    /// too long: its connection may be dead.
    async fn in_time<T>(&self, statement: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut statement = std::pin::pin!(statement);
        if let Ok(answer) = timeout(self.patience.silent, &mut statement).await {
            return answer;
        }
        let silent = || Error::new(ErrorCode::StoreUnavailable, "the store does not answer");
        self.note_away(&silent());
        timeout(self.patience.dead, statement).await.unwrap_or_else(|_| Err(silent()))
    }

    /// Remembers what is wrong with the store, and says it once.
    fn note_away(&self, error: &Error) {
        if self.shared.counters.store_away(error) {
            tracing::warn!(%error, "the store is away; traces wait");
        }
    }
}
