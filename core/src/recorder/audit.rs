//! Proves that every request that was accepted is accounted for. Accounts are read first, then the spool, then the
//! store: what moves meanwhile moves in that direction, and is seen at least once.

use std::collections::BTreeMap;

use super::{books::Books, journal, ranges::Ranges};
use crate::{
    error::{Error, ErrorCode, Result},
    spool::{Spool, Survey},
    store::{Account, Gap, GapRange, Place, Standing, Store},
    tasks::beside,
    types::{
        time::Timestamp,
        verify::{InstanceReport, InstanceState, NumberRange, VerifyReport},
    },
};

/// So many ranges of missing numbers are named.
const NAMED: usize = 100;

/// How much earlier than a request with a smaller number one may have begun.
const INVERSION_MS: i64 = 60_000;

/// What was seen of one instance.
#[derive(Default)]
struct Seen {
    rows: Ranges,
    doubled: u64,
    spooled: Ranges,
}

/// Checks the books of all gateways of a store.
pub(super) async fn verify(books: &Books, store: &Store, spool: Option<&Spool>) -> Result<VerifyReport> {
    books.save().await?;
    let standings = store.standings().await?;
    let mut report = VerifyReport::default();
    let mut seen = BTreeMap::new();
    if let Some(spool) = spool {
        (seen, report.unread_segments) = read_spool(spool.survey()).await?;
    }
    let count = |place: Place| {
        let seen: &mut Seen = seen.entry(place.instance).or_default();
        seen.rows.insert(place.number, place.number);
        seen.doubled += place.traces - 1;
    };
    store.scan_places(None, count).await?;
    report.unnumbered = store.unplaced().await?;
    // What was removed meanwhile was counted in the same transaction.
    let now: BTreeMap<u64, Standing> =
        store.standings().await?.into_iter().map(|standing| (standing.account.instance, standing)).collect();
    for Standing { account, .. } in standings {
        let seen = seen.remove(&account.instance).unwrap_or_default();
        // One that was forgotten meanwhile had its books in order.
        let Some(later) = now.get(&account.instance) else { continue };
        let mut removed = Removed { counted: (later.expired, later.erased), expired_below: 0 };
        if later.expired_to_ms > 0 {
            // A request that waits for its tenant to be loaded is numbered after others that began later.
            let since = later.expired_to_ms.saturating_add(INVERSION_MS);
            let first = store.first_number_since(account.instance, since).await?;
            removed.expired_below = first.unwrap_or(u64::MAX);
        }
        report.instances.push(balance(&account, &seen, &removed));
    }
    // Of these the store has traces and no account yet.
    report.instances.extend(seen.into_iter().map(|(instance, seen)| {
        let account = Account { instance, ..unknown() };
        balance(&account, &seen, &Removed { counted: (0, 0), expired_below: 0 })
    }));
    report.holds = report.instances.iter().all(|instance| instance.missing == 0 && instance.doubled == 0);
    Ok(report)
}

/// The numbers in the spool, by instance, and how many segments nobody here can read.
async fn read_spool(mut survey: Survey) -> Result<(BTreeMap<u64, Seen>, u64)> {
    beside(move || {
        let mut seen: BTreeMap<u64, Seen> = BTreeMap::new();
        let read = survey.read(|frame| {
            if let Some((instance, number)) = journal::place(frame.payload) {
                seen.entry(instance).or_default().spooled.insert(number, number);
            }
        });
        read.map_err(|error| Error::new(ErrorCode::Internal, "the spool cannot be read").with_source(error))?;
        Ok((seen, survey.foreign))
    })
    .await
}

/// Traces of an instance that were removed on purpose.
struct Removed {
    /// By retention, and with their tenants.
    counted: (u64, u64),
    /// What is absent below this number went with a month.
    expired_below: u64,
}

/// Accounts for every number once: a trace in the store counts first, then the spool, then what is known of its absence.
fn balance(account: &Account, seen: &Seen, removed: &Removed) -> InstanceReport {
    let gaps = account.gaps.iter().map(|gap| gap.last).max().unwrap_or_default();
    let accepted =
        [account.accepted, seen.rows.last(), seen.spooled.last(), gaps].into_iter().max().unwrap_or_default();
    let mut report = empty(account, accepted);
    report.persisted = seen.rows.count();
    report.doubled = seen.doubled;
    let mut absent = Ranges::of(1, accepted).without(&seen.rows);
    let mut take = |explained: &Ranges| {
        let before = absent.count();
        absent = absent.without(explained);
        before - absent.count()
    };
    // What is settled may be in a segment still, until the segment goes.
    report.spooled = take(&seen.spooled.without(&Ranges::of(1, account.settled)));
    for (gap, numbers) in by_reason(&account.gaps) {
        let taken = take(&numbers);
        match gap {
            Gap::DeadLettered => report.dead_lettered = taken,
            Gap::Dropped(reason) if taken > 0 => drop(report.dropped.insert(reason, taken)),
            Gap::Dropped(_) => {}
        }
    }
    if account.state == InstanceState::Open {
        report.pending = take(&Ranges::of(account.settled + 1, accepted));
    }
    report.expired = take(&Ranges::of(1, removed.expired_below.saturating_sub(1)));
    let (expired, erased) = removed.counted;
    let left = absent.count();
    let (expired, erased) = (expired.min(left), erased.min(left.saturating_sub(expired)));
    report.expired += expired;
    report.erased = erased;
    report.missing = left - expired - erased;
    if expired + erased == 0 {
        report.missing_numbers = absent.iter().take(NAMED).map(|(first, last)| NumberRange { first, last }).collect();
    }
    report
}

fn by_reason(gaps: &[GapRange]) -> BTreeMap<Gap, Ranges> {
    let mut reasons: BTreeMap<Gap, Ranges> = BTreeMap::new();
    gaps.iter().for_each(|gap| reasons.entry(gap.gap).or_default().insert(gap.first, gap.last));
    reasons
}

fn empty(account: &Account, accepted: u64) -> InstanceReport {
    InstanceReport {
        instance: account.instance,
        opened_at: Timestamp::from_millis(account.opened_ms),
        state: account.state,
        has_spool: account.has_spool,
        accepted,
        persisted: 0,
        spooled: 0,
        expired: 0,
        erased: 0,
        dead_lettered: 0,
        dropped: BTreeMap::new(),
        pending: 0,
        missing: 0,
        missing_numbers: Vec::new(),
        doubled: 0,
    }
}

/// An instance that has not written down anything.
fn unknown() -> Account {
    Account {
        instance: 0,
        opened_ms: 0,
        state: InstanceState::Open,
        has_spool: true,
        accepted: 0,
        settled: 0,
        gaps: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::stats::DropReason;

    fn numbers() -> impl Strategy<Value = Ranges> {
        prop::collection::vec(1_u64..50, 0..40).prop_map(|numbers| numbers.into_iter().collect())
    }

    prop_compose! {
        fn account()(
            accepted in 0_u64..50,
            settled in 0_u64..50,
            open in any::<bool>(),
            letters in numbers(),
            full in numbers(),
        ) -> Account {
            let gaps = [(Gap::DeadLettered, letters), (Gap::Dropped(DropReason::QueueFull), full)];
            Account {
                accepted,
                settled,
                state: if open { InstanceState::Open } else { InstanceState::Closed },
                gaps: super::super::ledger::gap_ranges(&BTreeMap::from(gaps)),
                ..unknown()
            }
        }
    }

    proptest! {
        #[test]
        fn every_number_counts_once(
            account in account(),
            rows in numbers(),
            spooled in numbers(),
            counted in (0_u64..20, 0_u64..20),
            expired_below in 0_u64..50,
        ) {
            let seen = Seen { rows: rows.clone(), doubled: 0, spooled: spooled.clone() };
            let report = balance(&account, &seen, &Removed { counted, expired_below });
            let kept = report.persisted + report.spooled + report.expired + report.erased + report.dead_lettered;
            let explained = report.dropped.values().sum::<u64>() + report.pending;
            prop_assert_eq!(report.accepted, kept + explained + report.missing);

            // The same, number by number.
            let has = |ranges: &Ranges, number| ranges.iter().any(|(first, last)| (first..=last).contains(&number));
            let is_absent = |number: &u64| {
                let explained = account.gaps.iter().any(|gap| (gap.first..=gap.last).contains(number));
                let may_come = account.state == InstanceState::Open && *number > account.settled;
                let waits = has(&spooled, *number) && *number > account.settled;
                !has(&rows, *number) && !waits && !explained && !may_come && *number >= expired_below
            };
            let absent: Vec<u64> = (1..=report.accepted).filter(is_absent).collect();
            let removed = counted.0 + counted.1;
            let missing = u64::try_from(absent.len()).unwrap_or_default().saturating_sub(removed);
            prop_assert_eq!(report.missing, missing);
            if removed == 0 {
                let named = report.missing_numbers.iter().flat_map(|range| range.first..=range.last);
                prop_assert_eq!(named.collect::<Vec<_>>(), absent);
            }
        }
    }
}
