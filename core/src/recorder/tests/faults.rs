//! Every write, rename, removal and query fails once, each at its turn: no trace is lost for it, none is doubled, and the
//! gateway goes on.

use futures_util::{StreamExt as _, stream};

use super::script::{Fault, Outcome, Plan, play};
use crate::store::tests::support::{Kind, in_place};

/// Lives that go on beside each other.
const AT_ONCE: usize = 16;
/// More steps than a life has.
const STEPS: u64 = 2_000;

/// What fails.
#[derive(Clone, Copy)]
enum Part {
    Disk,
    Store,
}

/// Lives through the script once for every step there is, each time with that step failing, until there is none.
async fn fail_everywhere(url: &str, part: Part, fault: Fault) -> u64 {
    let lives = stream::iter(0..STEPS).map(async |at| {
        let (failing, sound) = (Plan::new(fault, at), Plan::new(fault, u64::MAX));
        let outcome = match part {
            Part::Disk => play(url, &failing, &sound).await,
            Part::Store => play(url, &sound, &failing).await,
        };
        check(&outcome, part, &format!("{fault:?} at step {at}"));
        (at, failing.has_struck())
    });
    let mut lives = std::pin::pin!(lives.buffered(AT_ONCE));
    while let Some((at, has_struck)) = lives.next().await {
        if !has_struck {
            return at;
        }
    }
    panic!("the script has more than {STEPS} steps");
}

fn check(outcome: &Outcome, part: Part, what: &str) {
    let Outcome { report, closed, killed, flushed } = outcome;
    assert!(*flushed, "{what}: the gateway does not go on");
    for one in [Some(closed), killed.as_ref()].into_iter().flatten() {
        let dropped: u64 = one.dropped.values().sum();
        assert_eq!((one.missing, one.doubled, one.pending), (0, 0, 0), "{what}: {report:?}");
        assert_eq!(one.accepted, one.persisted + one.spooled + dropped, "{what}: {one:?}");
    }
    assert_eq!((closed.accepted, closed.persisted), (15, 15), "{what}: {closed:?}");
    // What a killed one had in memory alone is lost when its disk failed, and said to be as far as anything is known.
    if matches!(part, Part::Store) {
        let killed = killed.as_ref().map(|killed| (killed.accepted, killed.persisted));
        assert_eq!(killed, Some((8, 8)), "{what}: {report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_disk_refuses_costs_no_trace() {
    for fault in [Fault::Refused, Fault::Short, Fault::Late, Fault::Lasting] {
        let steps = fail_everywhere("sqlite::memory:", Part::Disk, fault).await;
        assert!(steps > 50, "{steps} steps");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_store_fails_at_costs_no_trace_and_doubles_none() {
    for fault in [Fault::Refused, Fault::Late, Fault::Silent, Fault::LateSilent] {
        let steps = fail_everywhere("sqlite::memory:", Part::Store, fault).await;
        assert!(steps > 30, "{steps} steps");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_after_its_commit_doubles_no_trace() {
    in_place(Kind::Postgres, async |place| {
        drop(place.open().await);
        for fault in [Fault::Refused, Fault::Late] {
            let steps = fail_everywhere(&place.url, Part::Store, fault).await;
            assert!(steps > 30, "{steps} steps");
        }
    })
    .await;
}
