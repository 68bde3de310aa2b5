//! What is too old or too many goes, and nothing else; a month goes as a whole where nobody needs it.

use super::{
    control::tenant_record,
    corpus::{record, records, tenant},
    months::{partitions, time},
    support::{Kind, in_every_shared_place, in_place, on_every_store},
};
use crate::{
    store::{Limited, Store, StoreOptions, query::sql, retention::Piece},
    types::{ids::TenantId, retention::Retention, tenant::TenantUpdate, time::Timestamp},
};

const DAY_MS: i64 = 86_400_000;

fn rule(days: Option<u32>, traces: Option<u64>) -> Retention {
    Retention { days, traces }
}

/// A tenant with ten traces, a day apart, the newest an hour old.
async fn with_ten_days(store: &Store, id: &str, retention: Retention, now: Timestamp) {
    let mut new = tenant_record(id);
    new.tenant.retention = retention;
    store.create_tenant(&new).await.unwrap();
    let traces: Vec<_> =
        (0..10).map(|day| record(&tenant(id), now.as_millis() - 3_600_000 - day * DAY_MS, day as u64)).collect();
    store.insert_traces(&traces).await.unwrap();
}

async fn limited(store: &Store, gateway: Retention, now: Timestamp) -> Vec<Limited> {
    let (mut all, mut after) = (Vec::new(), None::<TenantId>);
    loop {
        let page = store.limited_tenants(gateway, now, (after.as_ref(), 2)).await.unwrap();
        let Some(last) = page.last() else { return all };
        after = Some(last.tenant.clone());
        all.extend(page);
    }
}

async fn trim_all(store: &Store, gateway: Retention, now: Timestamp) {
    for limited in limited(store, gateway, now).await {
        if let Some(cutoff) = store.cutoff(&limited, now).await.unwrap() {
            while store.trim(&limited, cutoff, 2).await.unwrap().more {}
        }
    }
}

async fn count(store: &Store, id: &str) -> i64 {
    let query = sql("SELECT count(*) FROM gw_traces WHERE tenant_id = $1").bind(id.to_owned());
    store.db.fetch_optional(query).await.unwrap().unwrap().columns().int().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tenants_rule_takes_its_oldest_traces_and_no_others() {
    on_every_store(async |store| {
        let now = super::support::now();
        for (id, retention) in [
            ("both-age", rule(Some(3), Some(8))),
            ("both-count", rule(Some(8), Some(3))),
            ("default", rule(None, None)),
            ("few", rule(Some(36_500), Some(1))),
            ("kept", rule(Some(36_500), Some(1000))),
        ] {
            with_ten_days(&store, id, retention, now).await;
        }
        trim_all(&store, Retention::default(), now).await;
        assert_eq!(count(&store, "default").await, 10, "nobody limits it");
        trim_all(&store, rule(Some(5), Some(7)), now).await;
        let mut left = Vec::new();
        for id in ["both-age", "both-count", "default", "few", "kept"] {
            left.push(count(&store, id).await);
        }
        assert_eq!(left, [3, 3, 5, 1, 10]);
        let newest = sql("SELECT min(created_ms) FROM gw_traces WHERE tenant_id = 'few'");
        let newest = store.db.fetch_optional(newest).await.unwrap().unwrap().columns().int().unwrap();
        assert_eq!(newest, now.as_millis() - 3_600_000);
        if store.db.backend() == crate::store::Backend::Sqlite {
            let orphans = sql("SELECT count(*) FROM gw_trace_bodies WHERE seq NOT IN (SELECT seq FROM gw_traces)");
            assert_eq!(store.db.fetch_optional(orphans).await.unwrap().unwrap().columns().int().unwrap(), 0);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_rule_stops_what_the_old_one_began() {
    on_every_store(async |store| {
        let now = super::support::now();
        with_ten_days(&store, "acme", rule(Some(1), None), now).await;
        let [plan] = <[Limited; 1]>::try_from(limited(&store, Retention::default(), now).await).unwrap();
        let cutoff = store.cutoff(&plan, now).await.unwrap().unwrap();
        assert_eq!(store.trim(&plan, cutoff, 2).await.unwrap(), Piece { traces: 2, more: true });
        let update = TenantUpdate { retention: Some(Retention::default()), ..TenantUpdate::default() };
        store.update_tenant(&tenant("acme"), &update, now).await.unwrap();
        assert_eq!(store.trim(&plan, cutoff, 2).await.unwrap(), Piece::default());
        store.delete_tenant(&tenant("acme"), now).await.unwrap();
        assert_eq!((store.trim(&plan, cutoff, 2).await.unwrap().traces, count(&store, "acme").await), (0, 8));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_erases_beside_others_is_done_when_nothing_is_left() {
    in_every_shared_place(async |place| {
        let store = place.open().await;
        store.create_tenant(&tenant_record("acme")).await.unwrap();
        store.insert_traces(&records(&tenant("acme"), super::support::now(), 900)).await.unwrap();
        store.delete_tenant(&tenant("acme"), super::support::now()).await.unwrap();
        let mut erasing = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let store = place.open().await;
            erasing.spawn(async move {
                let mut traces = 0;
                loop {
                    let erased = store.erase_traces(&tenant("acme"), 10).await.unwrap();
                    traces += erased.traces;
                    if !erased.more {
                        return (traces, count(&store, "acme").await);
                    }
                }
            });
        }
        let done = erasing.join_all().await;
        assert!(done.iter().all(|(_, left)| *left == 0), "{done:?}");
        assert_eq!(done.iter().map(|(traces, _)| traces).sum::<u64>(), 900);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_gives_back_what_is_free() {
    in_place(Kind::File, async |place| {
        let store = place.open().await;
        let (now, file) = (super::support::now(), place.folder.path().join("gateway.db"));
        store.create_tenant(&tenant_record("acme")).await.unwrap();
        let mut traces = records(&tenant("acme"), now, 200);
        for trace in &mut traces {
            trace.response = Some(vec![7; 50_000]);
        }
        store.insert_traces(&traces).await.unwrap();
        store.delete_tenant(&tenant("acme"), now).await.unwrap();
        assert_eq!(store.erase_traces(&tenant("acme"), 1000).await.unwrap().traces, 200);
        let mut steps = 0;
        while store.shrink(0, 32).await.unwrap() {
            steps += 1;
        }
        assert!(steps > 10, "{steps} steps");
        store.close().await;
        let left = file.metadata().unwrap().len();
        assert!(left < 1_000_000, "{left} bytes are left of 10 MB");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_dropped_once_nobody_needs_it() {
    in_place(Kind::Postgres, async |place| {
        let store = Store::open(&StoreOptions { now: time("2030-01-15T00:00:00Z"), ..place.options() }).await.unwrap();
        for (id, retention) in
            [("short", rule(Some(10), None)), ("long", rule(Some(40), None)), ("counted", rule(None, Some(5)))]
        {
            let mut new = tenant_record(id);
            new.tenant.retention = retention;
            store.create_tenant(&new).await.unwrap();
        }
        let at = |text: &str| time(text).as_millis();
        store
            .insert_traces(&[
                record(&tenant("short"), at("2030-01-20T00:00:00Z"), 1),
                record(&tenant("long"), at("2030-01-20T00:00:00Z"), 2),
            ])
            .await
            .unwrap();
        store
            .insert_traces(&[
                record(&tenant("short"), at("2030-02-20T00:00:00Z"), 3),
                record(&tenant("counted"), at("2030-02-20T00:00:00Z"), 4),
            ])
            .await
            .unwrap();
        let none = Retention::default();
        // The month is still the current one, then too young for "long", then too old for everybody in it.
        for (now, dropped) in [("2030-01-31T00:00:00Z", 0), ("2030-03-05T00:00:00Z", 0), ("2030-03-15T00:00:00Z", 1)] {
            assert_eq!(store.drop_partitions(none, time(now)).await.unwrap(), dropped, "{now}");
        }
        assert_eq!(partitions(&store).await, ["2030_02", "2030_03", "default"]);
        // "counted" has no age: its month stays, until the gateway gives it one.
        assert_eq!(store.drop_partitions(none, time("2030-03-31T00:00:00Z")).await.unwrap(), 0);
        assert_eq!((count(&store, "counted").await, count(&store, "long").await), (1, 0));

        // A month that somebody reads is left alone, soon.
        let reader = Store::open(&StoreOptions { now: time("2030-02-15T00:00:00Z"), ..place.options() }).await.unwrap();
        let mut tx = reader.db.begin().await.unwrap();
        tx.fetch_all(sql("SELECT 1 FROM gw_traces_2030_02")).await.unwrap();
        let gateway = rule(Some(5), None);
        assert_eq!(store.drop_partitions(gateway, time("2030-03-31T00:00:00Z")).await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert_eq!(store.drop_partitions(gateway, time("2030-03-31T00:00:00Z")).await.unwrap(), 1);
        assert!(!partitions(&store).await.contains(&"2030_02".to_owned()));
    })
    .await;
}
