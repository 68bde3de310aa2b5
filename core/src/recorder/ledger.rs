//! Numbers every request that begins, and keeps which of them are settled: in the store, or without a trace for a known
//! reason. The request path takes a number and nothing else; all the rest happens on the gateway's thread, but for
//! traces that are dropped where a request ends.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use uuid::Uuid;

use super::{delivery::Fate, ranges::Ranges};
use crate::{
    spool::Segment,
    store::{Account, Gap, GapRange, TraceRecord},
    types::{stats::DropReason, time::Timestamp, verify::InstanceState},
};

/// The numbers of one opening of a gateway.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Drawn at random: no store is asked, and one that was restored from a backup never sees a number twice.
    pub(super) instance: u64,
    opened_at: Timestamp,
    has_spool: bool,
    accepted: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    settled: Ranges,
    /// On disk only, by segment.
    behind: BTreeMap<Segment, Ranges>,
    /// Not in the store's books yet.
    gaps: BTreeMap<Gap, Ranges>,
}

impl Ledger {
    /// Six bytes: what every number format holds exactly, and SQLite stores as such.
    const INSTANCE_BITS: u32 = 48;

    pub(super) fn new(opened_at: Timestamp, has_spool: bool) -> Self {
        let random = u64::from_be_bytes(*Uuid::new_v4().as_bytes().last_chunk().unwrap_or(&[0; 8]));
        let instance = random & ((1 << Self::INSTANCE_BITS) - 1);
        Self { instance, opened_at, has_spool, accepted: AtomicU64::new(0), state: Mutex::default() }
    }

    /// The number of a request that begins: from 1 on.
    pub(super) fn accept(&self) -> u64 {
        self.accepted.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Traces came to their end.
    pub(super) fn settle(&self, records: &[TraceRecord], fates: &[Fate]) {
        let mut state = self.state.lock();
        for (record, fate) in records.iter().zip(fates) {
            let Some(number) = record.number else { continue };
            match fate {
                Fate::Persisted => state.settled.insert(number, number),
                Fate::GivenUp => {}
                _ => state.explain(gap_of(*fate), number),
            }
        }
    }

    /// A request will have no trace.
    pub(super) fn drop(&self, reason: DropReason, numbers: impl IntoIterator<Item = u64>) {
        let mut state = self.state.lock();
        numbers.into_iter().for_each(|number| state.explain(Gap::Dropped(reason), number));
    }

    /// Traces are in a segment of the spool, and nowhere else.
    pub(super) fn leave_behind<'a>(&self, segment: Segment, records: impl IntoIterator<Item = &'a TraceRecord>) {
        let mut state = self.state.lock();
        let behind = state.behind.entry(segment).or_default();
        records.into_iter().filter_map(|record| record.number).for_each(|number| behind.insert(number, number));
    }

    /// A segment that was behind has been read: what of it was not settled meanwhile is lost.
    pub(super) fn settle_behind(&self, segment: Segment) {
        let mut state = self.state.lock();
        let lost = state.behind.remove(&segment).unwrap_or_default().without(&state.settled);
        lost.iter().flat_map(|(first, last)| first..=last).for_each(|number| {
            state.explain(Gap::Dropped(DropReason::Damaged), number);
        });
    }

    /// How far it has come, with the gaps that are not in the store's books yet.
    pub(super) fn account(&self) -> Account {
        let state = self.state.lock();
        self.account_of(&state, InstanceState::Open)
    }

    /// How far it came in the end: nothing that is not settled by now, and not in the spool, will ever be.
    pub(super) fn final_account(&self) -> Account {
        let mut state = self.state.lock();
        let mut known = state.settled.clone();
        state.behind.values().for_each(|behind| known.insert_all(behind));
        let open = Ranges::of(1, self.accepted.load(Ordering::Relaxed)).without(&known);
        state.gaps.entry(Gap::Dropped(DropReason::Closed)).or_default().insert_all(&open);
        self.account_of(&state, InstanceState::Closed)
    }

    /// The gaps of this account are in the store's books.
    pub(super) fn note_saved(&self, account: &Account) {
        let mut state = self.state.lock();
        for GapRange { gap, first, last } in &account.gaps {
            if let Some(ranges) = state.gaps.get_mut(gap) {
                *ranges = ranges.without(&Ranges::of(*first, *last));
            }
        }
        state.gaps.retain(|_, ranges| !ranges.is_empty());
    }

    fn account_of(&self, state: &State, ended: InstanceState) -> Account {
        Account {
            instance: self.instance,
            opened_ms: self.opened_at.as_millis(),
            state: ended,
            has_spool: self.has_spool,
            accepted: self.accepted.load(Ordering::Relaxed),
            settled: state.settled.unbroken(),
            gaps: gap_ranges(&state.gaps),
        }
    }
}

impl State {
    fn explain(&mut self, gap: Gap, number: u64) {
        self.settled.insert(number, number);
        self.gaps.entry(gap).or_default().insert(number, number);
    }
}

/// Why a trace of this fate is not in the store. Those that are there have no gap.
pub(super) fn gap_of(fate: Fate) -> Gap {
    match fate {
        Fate::DeadLettered => Gap::DeadLettered,
        Fate::Rejected => Gap::Dropped(DropReason::Rejected),
        Fate::Disowned => Gap::Dropped(DropReason::TenantGone),
        Fate::Persisted | Fate::GivenUp => Gap::Dropped(DropReason::Closed),
    }
}

/// As the store writes them.
pub(super) fn gap_ranges(gaps: &BTreeMap<Gap, Ranges>) -> Vec<GapRange> {
    let range = |gap: Gap| move |(first, last)| GapRange { gap, first, last };
    gaps.iter().flat_map(|(gap, ranges)| ranges.iter().map(range(*gap))).collect()
}
