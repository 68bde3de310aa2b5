//! Many at once: who folds, writes and rebuilds beside others, and many tenants in one question.

use super::*;
use crate::store::tests::{months::time, support};

#[tokio::test(flavor = "multi_thread")]
async fn one_folds_at_a_time_and_another_one_takes_over() {
    in_every_shared_place(async |place| {
        let (first, second) = (place.open().await, place.open().await);
        let id = tenant("acme");
        first.insert_traces(&records(&id, now(), 300)).await.unwrap();
        let (mut one, mut two) = (Fold::begin(1), Fold::begin(2));
        assert!(first.may_fold(&one, now()).await.unwrap() && second.may_fold(&two, now()).await.unwrap());
        assert_eq!(first.fold(&mut one, 1, now()).await.unwrap(), Folded::Some(1));
        assert!(first.may_fold(&one, now()).await.unwrap() && !second.may_fold(&two, now()).await.unwrap());
        assert_eq!(second.fold(&mut two, 1, now()).await.unwrap(), Folded::NotOurs);
        // The lease runs out: the other one takes it, and the first one sees that it is gone.
        let later = now().plus_millis(3_600_000);
        assert_eq!(second.fold(&mut two, 1, later).await.unwrap(), Folded::Some(1));
        assert_eq!(first.fold(&mut one, 1, now()).await.unwrap(), Folded::NotOurs);
        while second.fold(&mut two, 100, later).await.unwrap() != Folded::All {}
        assert!(!second.may_fold(&two, later).await.unwrap(), "there is nothing left to do");
        let end = now().as_millis();
        assert_agree(&first, &id, &[Step::Day.floor(end) - DAY_MS, Step::Day.floor(end) + 2 * DAY_MS]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_folders_and_rebuilders_at_once_lose_and_double_nothing() {
    in_every_shared_place(async |place| {
        let (id, end) = (tenant("acme"), Step::Day.ceil(now().as_millis()));
        let store = place.open().await;
        store.create_tenant(&tenant_record("acme")).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..3_u64 {
            let (store, id) = (place.open().await, id.clone());
            tasks.spawn(async move {
                for batch in 0..12_u64 {
                    let first = batch * 40 + writer / 2 * 100_000;
                    // Two of the writers write the same.
                    let traces: Vec<_> = (first..first + 40)
                        .map(|number| record(&id, end - 1 - (number % 500) as i64 * 300_007, number))
                        .collect();
                    loop {
                        match store.insert_traces(&traces).await {
                            Ok(_) => break,
                            Err(error) if crate::store::is_transient(&error) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            });
        }
        for holder in 1..=2 {
            let store = place.open().await;
            tasks.spawn(async move {
                for round in 0..30 {
                    let mut fold = Fold::begin(holder);
                    // Each thinks that the other's lease has run out.
                    let at = now().plus_millis(holder * 3_600_000 + round * 60_000);
                    while !matches!(store.fold(&mut fold, 20, at).await, Ok(Folded::All | Folded::NotOurs)) {}
                }
            });
        }
        let (rebuilder, rebuilt) = (place.open().await, id.clone());
        tasks.spawn(async move {
            for round in 0..8 {
                drop(rebuilder.rebuild_rollups(&rebuilt, end - 1 - round % 2 * DAY_MS).await);
            }
        });
        let reader = place.open().await;
        let whole = [end - 3 * DAY_MS, end];
        let mut seen = 0;
        while !tasks.is_empty() {
            let sums = from_rollups(&reader, &id, Kind::Total, &whole).await;
            let requests: i64 = sums.values().map(|(counters, _)| counters.requests).sum();
            assert!(requests >= seen, "{requests} after {seen}: a reader sees every trace once");
            seen = requests;
            while let Some(done) = tasks.try_join_next() {
                done.unwrap();
            }
        }
        assert_agree(&store, &id, &whole).await;
        let cost = count(&store, "SELECT CAST(sum(cost_pico_usd) AS BIGINT) FROM gw_traces").await;
        let sums = from_rollups(&store, &id, Kind::Models, &whole).await;
        assert_eq!(sums.values().map(|(counters, _)| counters.cost_pico_usd).sum::<i128>(), i128::from(cost));
        assert_eq!(sums.values().map(|(counters, _)| counters.requests).sum::<i64>(), 960);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tenants_are_read_at_once_and_kept_apart() {
    on_every_store(async |store| {
        let end = Step::Day.ceil(now().as_millis());
        let ids: Vec<_> = (0..300).map(|number| tenant(&format!("tenant-{number}"))).collect();
        let traces: Vec<_> = (0..1_200_u64)
            .map(|number| record(&ids[number as usize % 300], end - 1 - number as i64 * 60_000, number))
            .collect();
        for batch in traces.chunks(100) {
            store.insert_traces(batch).await.unwrap();
        }
        fold_all(&store, 1).await;
        let edges = [end - 2 * DAY_MS, end];
        let mut requests = BTreeMap::<String, i64>::new();
        let query = RollupQuery { tenants: &ids, kind: Kind::Total, edges: &edges, metrics: &[] };
        store
            .read_rollups(query, |row| {
                let sum: i64 = cells(&row.columns).map(|cell| cell.unwrap().counters.requests).sum();
                *requests.entry(row.tenant).or_default() += sum;
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!((requests.len(), requests.values().all(|count| *count == 4)), (300, true), "{requests:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_with_a_budget_sees_the_newest_and_says_that_it_was_cut() {
    on_every_store(async |store| {
        let id = tenant("acme");
        let written = records(&id, now(), 90);
        store.insert_traces(&written).await.unwrap();
        let (from, to) = (Timestamp::from_millis(0), now().plus_millis(1));
        let user = TraceFilter { user_id: Some("user-0".to_owned()), ..TraceFilter::default() };
        let of_user: Vec<_> = written.iter().filter(|record| record.user_id == user.user_id).collect();
        for (filter, all) in [(TraceFilter::default(), written.iter().collect::<Vec<_>>()), (user, of_user)] {
            for budget in [1, 2, all.len() - 1, all.len(), all.len() + 1] {
                let scan = TraceScan { tenant: Some(&id), filter: &filter, from, to, budget: Some(budget as u32) };
                let mut seen = Vec::new();
                let coverage = store
                    .scan_traces(scan, |row| {
                        seen.push(row.created_at.as_millis());
                        Ok(())
                    })
                    .await
                    .unwrap();
                let newest: Vec<_> =
                    all[all.len().saturating_sub(budget)..].iter().map(|record| record.created_ms()).collect();
                assert_eq!((seen, coverage == Coverage::Cut), (newest, budget < all.len()), "{filter:?} {budget}");
                let (top, coverage) = store.top_traces(scan, TopOrder::Slowest, 3).await.unwrap();
                assert_eq!((top.len(), coverage == Coverage::Cut), (budget.min(3).min(all.len()), budget < all.len()));
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_that_move_to_the_partition_of_their_month_meanwhile_are_in_the_rollups() {
    support::in_place(support::Kind::Postgres, async |place| {
        let (id, first) = (tenant("acme"), time("2031-03-10T00:00:00Z").as_millis());
        let (store, mover) = (place.open().await, place.open().await);
        store.create_tenant(&tenant_record("acme")).await.unwrap();
        let written: Vec<_> = (0..30_u64).map(|number| record(&id, first + number as i64, number)).collect();
        store.insert_traces(&written).await.unwrap();
        // What makes the partition of a month does, held just before it ends.
        let mut tx = mover.db.begin().await.unwrap();
        let [from, to] = ["2031-03-01T00:00:00Z", "2031-04-01T00:00:00Z"].map(|text| time(text).as_millis());
        let attach =
            format!("ALTER TABLE gw_traces ATTACH PARTITION gw_traces_2031_03 FOR VALUES FROM ({from}) TO ({to})");
        for script in [
            "LOCK TABLE gw_traces IN ACCESS EXCLUSIVE MODE",
            "CREATE TABLE gw_traces_2031_03 (LIKE gw_traces_default INCLUDING DEFAULTS)",
            "WITH moved AS (DELETE FROM gw_traces_default RETURNING *) INSERT INTO gw_traces_2031_03 SELECT * FROM moved",
            &attach,
        ] {
            tx.run_script(script.to_owned()).await.unwrap();
        }
        let (rebuilder, of) = (place.open().await, id.clone());
        let rebuilt = tokio::spawn(async move { rebuilder.rebuild_rollups(&of, first).await });
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'gw_traces'::regclass";
        while count(&store, waiting).await == 0 && !rebuilt.is_finished() {
            // Who waits for a lock stands in a table, and nothing tells when.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        tx.commit().await.unwrap();
        assert_eq!(rebuilt.await.unwrap().unwrap(), 30);
        assert_agree(&store, &id, &[Step::Day.floor(first), Step::Day.floor(first) + DAY_MS]).await;
    })
    .await;
}
