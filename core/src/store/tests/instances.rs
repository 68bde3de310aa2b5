//! The books: what is written down of each opening of a gateway, and what removals leave of it.

use super::{
    control::tenant_record,
    corpus::{record, tenant},
    months::time,
    support::{Kind, in_place, on_every_store},
};
use crate::{
    store::{Account, Gap, GapRange, Place, Store, StoreOptions},
    types::{retention::Retention, stats::DropReason, verify::InstanceState},
};

fn account(instance: u64, accepted: u64, settled: u64, gaps: &[(Gap, u64, u64)]) -> Account {
    Account {
        instance,
        opened_ms: 1_000,
        state: InstanceState::Open,
        has_spool: true,
        accepted,
        settled,
        gaps: gaps.iter().map(|(gap, first, last)| GapRange { gap: *gap, first: *first, last: *last }).collect(),
    }
}

async fn places(store: &Store, only: Option<(u64, u64)>) -> Vec<(u64, u64, u64)> {
    let mut places = Vec::new();
    let scan = store.scan_places(only, |Place { instance, number, traces }| places.push((instance, number, traces)));
    scan.await.unwrap();
    places
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_never_goes_back_and_is_written_again_without_harm() {
    on_every_store(async |store| {
        const FULL: Gap = Gap::Dropped(DropReason::QueueFull);
        let many: Vec<_> = (0..250).map(|number| (Gap::DeadLettered, 100 + 2 * number, 100 + 2 * number)).collect();
        let newer = Account { state: InstanceState::Closed, ..account(7, 900, 40, &[(FULL, 3, 9)]) };
        for account in
            [account(7, 10, 5, &[(FULL, 3, 4)]), newer, account(7, 10, 5, &[(FULL, 3, 4)]), account(7, 900, 40, &many)]
        {
            store.save_account(&account).await.unwrap();
        }
        let standing = store.standing(7).await.unwrap().unwrap();
        let Account { state, accepted, settled, gaps, .. } = &standing.account;
        assert_eq!((*state, *accepted, *settled, gaps.len()), (InstanceState::Closed, 900, 40, 251));
        assert_eq!(gaps[0], GapRange { gap: FULL, first: 3, last: 9 });
        assert_eq!(store.standing(8).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_keep_their_places_and_those_that_go_are_counted() {
    on_every_store(async |store| {
        let now = super::support::now();
        store.create_tenant(&tenant_record("acme")).await.unwrap();
        let mut traces: Vec<_> = (0..10).map(|number| record(&tenant("acme"), now.as_millis(), number)).collect();
        for (trace, number) in traces.iter_mut().zip(1..) {
            (trace.instance, trace.number) = (Some(1 + number % 2), Some(number / 2));
        }
        (traces[9].instance, traces[9].number) = (None, None);
        traces[8].number = traces[6].number;
        store.insert_traces(&traces).await.unwrap();
        let all = places(&store, None).await;
        assert_eq!(all, [(1, 1, 1), (1, 2, 1), (1, 3, 1), (1, 4, 1), (2, 0, 1), (2, 1, 1), (2, 2, 1), (2, 3, 2)]);
        assert_eq!(places(&store, Some((1, 2))).await, [(1, 3, 1), (1, 4, 1)]);
        assert_eq!(store.unplaced().await.unwrap(), 1);

        // The account of one is there before its traces go, that of the other comes later.
        store.save_account(&account(1, 4, 4, &[])).await.unwrap();
        store.delete_tenant(&tenant("acme"), now).await.unwrap();
        while store.erase_traces(&tenant("acme"), 3).await.unwrap().more {}
        store.save_account(&Account { state: InstanceState::Killed, ..account(2, 9, 4, &[]) }).await.unwrap();
        let standings = store.standings().await.unwrap();
        let counts: Vec<_> = standings.iter().map(|one| (one.account.instance, one.erased, one.expired)).collect();
        assert_eq!(counts, [(1, 4, 0), (2, 5, 0)]);
        store.forget_settled_accounts().await.unwrap();
        assert_eq!(store.standings().await.unwrap().len(), 2, "one is open, and of the other something is missing");
        store.save_account(&Account { state: InstanceState::Closed, ..account(1, 4, 4, &[]) }).await.unwrap();
        store.save_account(&account(2, 9, 4, &[(Gap::DeadLettered, 5, 8)])).await.unwrap();
        store.forget_settled_accounts().await.unwrap();
        assert_eq!(store.standings().await.unwrap(), []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_month_that_is_dropped_only_the_end_is_known() {
    in_place(Kind::Postgres, async |place| {
        let store = Store::open(&StoreOptions { now: time("2030-01-15T00:00:00Z"), ..place.options() }).await.unwrap();
        let mut new = tenant_record("acme");
        new.tenant.retention = Retention { days: Some(10), traces: None };
        store.create_tenant(&new).await.unwrap();
        let traces = ["2030-01-20T00:00:00Z", "2030-02-20T00:00:00Z"].into_iter().zip(1..).map(|(begun, number)| {
            let mut trace = record(&tenant("acme"), time(begun).as_millis(), number);
            (trace.instance, trace.number) = (Some(1), Some(number));
            trace
        });
        store.insert_traces(&traces.collect::<Vec<_>>()).await.unwrap();
        let late = Account { opened_ms: time("2030-02-02T00:00:00Z").as_millis(), ..account(2, 1, 1, &[]) };
        for account in [account(1, 2, 2, &[]), late] {
            store.save_account(&account).await.unwrap();
        }
        assert_eq!(store.drop_partitions(Retention::default(), time("2030-02-25T00:00:00Z")).await.unwrap(), 1);
        let ends: Vec<_> = store.standings().await.unwrap().iter().map(|standing| standing.expired_to_ms).collect();
        let february = time("2030-02-01T00:00:00Z").as_millis();
        assert_eq!(ends, [february, 0]);
        assert_eq!(store.first_number_since(1, february).await.unwrap(), Some(2));
        assert_eq!(store.first_number_since(2, february).await.unwrap(), None);
    })
    .await;
}
