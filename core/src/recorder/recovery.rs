//! Brings home what gateways that are gone have left in the spool: rows that were not committed, and requests that had
//! begun and whose end nobody wrote down.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use super::{
    Shared,
    closing::Legacy,
    delivery::{Delivery, Fate},
    journal::{self, Intent},
};
use crate::{
    error::Error,
    spool::{Frames, Kind, Orphan, Segment, Spool},
    store::TraceRecord,
    types::ids::TraceId,
};

pub(super) struct Recovery {
    pub(super) shared: Arc<Shared>,
    pub(super) delivery: Delivery,
}

/// What is known of a folder so far.
#[derive(Default)]
struct Findings {
    intents: BTreeMap<TraceId, Intent<'static>>,
    /// Segments that were read.
    sound: Vec<Segment>,
    damaged: Vec<Segment>,
    legacy: Legacy,
    /// Up to which number an instance's requests are in the store already, or were: what has been removed from there
    /// since is not to come back.
    settled: Option<(u64, u64)>,
}

/// Why a folder is left to the next one who looks.
pub(super) enum Stopped {
    /// The time to close is over.
    Closing,
    Disk(io::Error),
    /// The store refuses what can be left out of no account.
    Store(Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl Recovery {
    /// How often the spool is looked through.
    const PERIOD: Duration = Duration::from_secs(30);
    /// Rows of one transaction: each has deltas of the rollups of its own, which cost as much for few as for many.
    const ROWS: usize = 4 * Delivery::ROWS;

    pub(super) async fn run(self) {
        let Some(spool) = self.shared.spool.clone() else { return };
        while !matches!(self.pass(&spool).await, Err(Stopped::Closing)) {
            self.shared.counters.looked_through();
            tokio::time::sleep(Self::PERIOD).await;
        }
    }

    /// Looks through the spool once. What fails stays for the next time.
    async fn pass(&self, spool: &Spool) -> Result<(), Stopped> {
        let orphans = spool.orphans().unwrap_or_else(|error| {
            tracing::warn!(%error, "the spool cannot be looked through");
            Vec::new()
        });
        for orphan in orphans {
            match self.recover(&orphan).await {
                Ok(()) => {}
                Err(Stopped::Closing) => return Err(Stopped::Closing),
                Err(Stopped::Store(error)) => {
                    tracing::warn!(%error, "the books of a gateway that is gone cannot be closed; its folder stays");
                }
                Err(Stopped::Disk(error)) => {
                    tracing::warn!(%error, "a folder of the spool cannot be read; it stays");
                }
            }
        }
        Ok(())
    }

    async fn recover(&self, orphan: &Orphan) -> Result<(), Stopped> {
        let mut findings = Findings { settled: self.settled(orphan).await?, ..Findings::default() };
        for segment in orphan.segments()? {
            self.read(orphan, segment, &mut findings).await?;
        }
        // What began and has no end among all that was read has none. Where the store knows the end, that counts.
        let intents = std::mem::take(&mut findings.intents);
        let abandoned: Vec<_> = intents.into_iter().map(|(id, intent)| intent.abandoned(id)).collect();
        self.shared.counters.recovered_abandoned(self.deliver(&abandoned, &mut findings.legacy).await?);
        findings.legacy.is_damaged = !findings.damaged.is_empty();
        self.close_books(orphan, findings.legacy).await?;
        for segment in findings.sound {
            orphan.settle(segment)?;
        }
        for segment in findings.damaged {
            orphan.settle_damaged(segment)?;
        }
        orphan.forget_account()?;
        Ok(orphan.leave()?)
    }

    /// Takes the rows of a segment into the store, and the intents to mind.
    async fn read(&self, orphan: &Orphan, segment: Segment, findings: &mut Findings) -> Result<(), Stopped> {
        let bytes = orphan.read(segment)?;
        let Ok(mut frames) = Frames::of(&bytes) else {
            tracing::warn!(segment, "a file of the spool is of a newer version, or none of ours; it stays");
            return Ok(());
        };
        let mut rows: Vec<TraceRecord> = Vec::new();
        let mut unclear = 0;
        for frame in frames.by_ref() {
            let is_settled =
                |(instance, number)| findings.settled.is_some_and(|(of, up_to)| of == instance && number <= up_to);
            if journal::place(frame.payload).is_some_and(is_settled) {
                findings.intents.remove(&frame.id);
                continue;
            }
            match frame.kind {
                Kind::Intent => match journal::read::<Intent<'_>>(frame.payload) {
                    Some(intent) => drop(findings.intents.insert(frame.id, intent.into_owned())),
                    None => unclear += 1,
                },
                Kind::Outcome => match journal::read(frame.payload) {
                    Some(row) => {
                        findings.intents.remove(&frame.id);
                        rows.push(row);
                    }
                    None => unclear += 1,
                },
            }
        }
        self.shared.counters.found_damaged(frames.damaged + unclear);
        // A torn end is what a kill leaves: nothing was promised for it, and an outcome's intent stands before it.
        if frames.damaged - u64::from(frames.is_torn) + unclear > 0 {
            tracing::error!(segment, "a segment of the spool is damaged; it is kept in the folder damaged");
            findings.damaged.push(segment);
        } else {
            findings.sound.push(segment);
        }
        self.deliver(&rows, &mut findings.legacy).await.map(drop)
    }

    /// Takes rows into the store; how many it did not have.
    async fn deliver(&self, rows: &[TraceRecord], legacy: &mut Legacy) -> Result<u64, Stopped> {
        let mut inserted = 0;
        for chunk in rows.chunks(Self::ROWS) {
            let delivered = self.delivery.deliver(chunk).await;
            let of = |fate| delivered.fates.iter().filter(|one| **one == fate).count();
            if of(Fate::GivenUp) > 0 {
                return Err(Stopped::Closing);
            }
            legacy.note(chunk, &delivered.fates);
            inserted += delivered.inserted;
            self.shared.counters.recovered(delivered.inserted);
            self.shared.counters.recovery_dead_lettered(of(Fate::DeadLettered));
            self.shared.counters.recovery_dropped(of(Fate::Rejected) + of(Fate::Disowned));
        }
        Ok(inserted)
    }
}
