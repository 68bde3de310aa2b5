//! Brings home what gateways that are gone have left in the spool: rows that were not committed, and requests that had
//! begun and whose end nobody wrote down.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use super::{
    Shared,
    delivery::{Delivery, Fate},
    journal::{self, Intent},
};
use crate::{
    spool::{Frames, Kind, Orphan, Segment},
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
    /// Segments that are read, and whether all of each could be.
    read: Vec<(Segment, bool)>,
}

/// The time to close is over: the rest is for the next gateway.
struct Interrupted;

impl Recovery {
    /// How often the spool is looked through.
    const PERIOD: Duration = Duration::from_secs(30);
    /// Rows that are written at a time.
    const ROWS: usize = 100;

    pub(super) async fn run(self) {
        let Some(spool) = self.shared.spool.clone() else { return };
        loop {
            match spool.orphans() {
                Ok(orphans) => {
                    for orphan in orphans {
                        match self.recover(&orphan).await {
                            Ok(Ok(())) => {}
                            Ok(Err(Interrupted)) => return,
                            Err(error) => tracing::warn!(%error, "a folder of the spool cannot be read; it stays"),
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "the spool cannot be looked through"),
            }
            tokio::time::sleep(Self::PERIOD).await;
        }
    }

    async fn recover(&self, orphan: &Orphan) -> io::Result<Result<(), Interrupted>> {
        let mut findings = Findings::default();
        for segment in orphan.segments()? {
            if let Err(interrupted) = self.read(orphan, segment, &mut findings).await? {
                return Ok(Err(interrupted));
            }
        }
        // What began and has no end among all that was read has none. Where the store knows the end, that counts.
        let abandoned: Vec<_> = findings.intents.into_iter().map(|(id, intent)| intent.abandoned(id)).collect();
        if let Err(interrupted) = self.deliver(&abandoned).await {
            return Ok(Err(interrupted));
        }
        for (segment, sound) in findings.read {
            orphan.done(segment, !sound)?;
        }
        orphan.remove()?;
        Ok(Ok(()))
    }

    /// Takes the rows of a segment into the store, and the intents to mind.
    async fn read(
        &self,
        orphan: &Orphan,
        segment: Segment,
        findings: &mut Findings,
    ) -> io::Result<Result<(), Interrupted>> {
        let bytes = orphan.read(segment)?;
        let Ok(mut frames) = Frames::of(&bytes) else {
            tracing::warn!(segment, "a file of the spool is of a newer version, or none of ours; it stays");
            return Ok(Ok(()));
        };
        let mut rows: Vec<TraceRecord> = Vec::new();
        let mut unclear = 0;
        for frame in frames.by_ref() {
            match frame.kind {
                Kind::Intent => match journal::read::<Intent<'_>>(frame.payload) {
                    Some(intent) => drop(findings.intents.insert(frame.id, intent.into_owned())),
                    None => unclear += 1,
                },
                Kind::Outcome => {
                    findings.intents.remove(&frame.id);
                    match journal::read(frame.payload) {
                        Some(row) => rows.push(row),
                        None => unclear += 1,
                    }
                }
            }
        }
        let damaged = frames.damaged + unclear;
        if damaged > 0 {
            tracing::error!(segment, damaged, "a segment of the spool is damaged; it is kept in the folder damaged");
            self.shared.counters.damaged(damaged);
        }
        for chunk in rows.chunks(Self::ROWS) {
            if let Err(interrupted) = self.deliver(chunk).await {
                return Ok(Err(interrupted));
            }
        }
        findings.read.push((segment, damaged == 0));
        Ok(Ok(()))
    }

    async fn deliver(&self, rows: &[TraceRecord]) -> Result<(), Interrupted> {
        for chunk in rows.chunks(Self::ROWS) {
            let fates = self.delivery.deliver(chunk).await;
            if fates.contains(&Fate::GivenUp) {
                return Err(Interrupted);
            }
            for (row, fate) in chunk.iter().zip(fates) {
                if fate == Fate::Persisted {
                    self.shared.counters.recovered(row.status_class);
                }
            }
        }
        Ok(())
    }
}
