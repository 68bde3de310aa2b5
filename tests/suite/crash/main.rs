//! Processes that are killed in the middle of their work lose no request that had begun upstream, and double none. The
//! judge is the log of the upstream, which is in another process than those that are killed.
//!
//! `make test` kills a few; `make test-crash` hundreds: their number is in `LIBGATEWAY_TEST_CRASHES`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    missing_docs,
    reason = "tests"
)]

mod victim;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use libgateway::{
    BreakdownQuery, Dimension, Durability, Gateway, GroupMeasures, InstanceReport, InstanceState, NewTenant,
    StatusClass, TenantHandle, TraceQuery,
};
use libgateway_tests::{Backend, FreshStore, TestGateway, config, run_within};
use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use upstream::{Script, Upstream};

use self::victim::Victim;

/// How often a process is killed where nothing else is said, and not fewer.
const ROUNDS: u64 = 12;
/// How many more follow at most, each about twice as long, until what is to be seen was seen: ends reach the spool in
/// batches, and on a slow machine no process may have lived long enough for one.
const MORE: u64 = 8;
/// How long recovery may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long all rounds may take, however many.
const TIME: Duration = Duration::from_secs(3_600);

macro_rules! on_both_databases {
    ($($test:ident: $durability:ident;)*) => {
        $(mod $test {
            use super::*;

            #[test]
            fn sqlite() {
                run_within(TIME, || kill_often(Backend::Sqlite, Durability::$durability));
            }

            #[test]
            fn postgres() {
                run_within(TIME, || kill_often(Backend::Postgres, Durability::$durability));
            }
        })*
    };
}

on_both_databases! {
    a_killed_process_loses_no_request_that_had_begun_and_doubles_none: Spool;
    with_sync_a_call_that_returned_keeps_its_end: Sync;
}

async fn kill_often(backend: Backend, durability: Durability) {
    let rounds = std::env::var("LIBGATEWAY_TEST_CRASHES").map_or(ROUNDS, |text| text.parse().expect("a number"));
    let store = backend.fresh();
    let upstream = Upstream::start().unwrap();
    let mut classes = BTreeMap::new();
    let mut round = 0;
    while round < rounds || (!has_both(&classes) && round < rounds + MORE) {
        upstream.reset();
        upstream.fallback(Script::stream(["one ", "two ", "three"]).gap_ms(1));
        let tenant = format!("round-{round}");
        prepare(&store, &tenant, &upstream).await;
        // From the first moments of a process to the steady state, in steps that repeat nothing.
        let life = Duration::from_millis((5 + (round * 37) % 211) << (round + 1).saturating_sub(rounds));
        let victim = Victim::start(&store, &tenant, durability);
        victim.wait_until_open();
        tokio::time::sleep(life).await;
        let returned = victim.kill();

        let gateway = Gateway::open(config(&store)).await.unwrap();
        recovered(&store.spool_dir()).await;
        gateway.flush(PATIENCE).await.unwrap();
        let traces = all(&gateway.tenant(&tenant).unwrap()).await;
        let traced: BTreeMap<&str, StatusClass> = traces.iter().map(|(id, class)| (id.as_str(), *class)).collect();
        assert_eq!(traced.len(), traces.len(), "round {round}: a request has two traces");
        let begun = begun(&upstream);
        let mut lost = BTreeSet::new();
        for id in &begun {
            // The upstream may have read the last words of a process that was killed a round before.
            let earlier = id.rsplitn(3, '-').last().filter(|earlier| *earlier != tenant);
            let is_traced = match earlier {
                None => traced.contains_key(id.as_str()),
                Some(earlier) => all(&gateway.tenant(earlier).unwrap()).await.iter().any(|(traced, _)| traced == id),
            };
            if !is_traced {
                lost.insert(id);
            }
        }
        let books = gateway.verify().await.unwrap();
        assert!(books.holds, "round {round}: {books:?}");
        assert_rollups_agree(&gateway.tenant(&tenant).unwrap()).await;
        let found = gateway.stats().recovery;
        assert!(lost.is_empty(), "round {round}: of {} requests these are lost: {lost:?}; {found:?}", begun.len());
        if durability == Durability::Sync {
            let has_no_end = |id: &&String| traced[id.as_str()] == StatusClass::Abandoned;
            let forgotten: Vec<_> = returned.iter().filter(has_no_end).collect();
            assert!(forgotten.is_empty(), "round {round}: calls returned, and their ends are lost: {forgotten:?}");
        }
        for class in traced.into_values() {
            *classes.entry(class).or_insert(0_u64) += 1;
        }
        gateway.close(PATIENCE).await.unwrap();
        round += 1;
    }
    assert_books_are_kept(&store, round).await;
    assert!(has_both(&classes), "nothing was tested: some have ended, and some have not: {classes:?}");
}

/// Whether some requests had ended when their process was killed, and some had not.
fn has_both(classes: &BTreeMap<StatusClass, u64>) -> bool {
    [StatusClass::Ok, StatusClass::Abandoned].iter().all(|class| classes.contains_key(class))
}

/// What the rollups say of a tenant is what its traces say: class by class, and to the last unit of money.
async fn assert_rollups_agree(tenant: &TenantHandle) {
    let mut query = TraceQuery { limit: Some(200), ..TraceQuery::default() };
    let (mut classes, mut cost) = (BTreeMap::new(), 0);
    loop {
        let page = tenant.list_traces(query.clone()).await.unwrap();
        for trace in page.traces {
            *classes.entry(trace.status_class.name().to_owned()).or_insert(0) += 1;
            cost += trace.cost_usd.map_or(0, |cost| cost.0);
        }
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    let answer = tenant.analytics_breakdown(BreakdownQuery::by(Dimension::StatusClass)).await.unwrap();
    let of_class = |group: &GroupMeasures| (group.value.clone().unwrap(), group.measures.total_requests);
    assert_eq!(answer.groups.iter().map(of_class).collect::<BTreeMap<_, _>>(), classes);
    assert_eq!(answer.summary.cost_usd.0, cost);
}

/// Every killed process has its books closed; what is taken away afterwards is missed.
async fn assert_books_are_kept(store: &FreshStore, rounds: u64) {
    let gateway = Gateway::open(config(store)).await.unwrap();
    let books = gateway.verify().await.unwrap();
    // The gateways that prepare and look accept nothing, and nor does one that is killed at once.
    assert!(books.holds && (rounds / 2..=rounds).contains(&(books.instances.len() as u64)), "{books:?}");
    let is_settled = |one: &InstanceReport| one.state == InstanceState::Killed && one.accepted > 0 && one.pending == 0;
    assert!(books.instances.iter().all(is_settled), "{books:?}");
    let delete = "DELETE FROM gw_traces WHERE number = 1";
    let deleted = match store {
        FreshStore::Sqlite(_) => {
            SqliteConnection::connect(&store.url()).await.unwrap().execute(delete).await.unwrap().rows_affected()
        }
        FreshStore::Postgres { .. } => {
            PgConnection::connect(&store.url()).await.unwrap().execute(delete).await.unwrap().rows_affected()
        }
    };
    let books = gateway.verify().await.unwrap();
    let missing: u64 = books.instances.iter().map(|one| one.missing).sum();
    assert!(!books.holds && deleted > 0 && missing == deleted, "{deleted} were deleted: {books:?}");
    gateway.close(PATIENCE).await.unwrap();
}

async fn prepare(store: &FreshStore, tenant: &str, upstream: &Upstream) {
    let gateway = Gateway::open(config(store)).await.unwrap();
    let provider = TestGateway::provider(upstream);
    let id = Some(tenant.parse().unwrap());
    gateway.create_tenant(NewTenant { id, provider: Some(provider), ..NewTenant::default() }).await.unwrap();
    gateway.close(PATIENCE).await.unwrap();
}

/// Waits until the one gateway that is open has the only folder in the spool. A folder that is renamed while they are
/// counted may be missed: only a count that stays is believed.
async fn recovered(spool: &Path) {
    let deadline = Instant::now() + PATIENCE;
    let mut alone = 0;
    while alone < 5 {
        let store = fs::read_dir(spool).unwrap().next().expect("the folder of the one store").unwrap().path();
        let is_folder = |path: &PathBuf| path.is_dir() && !path.ends_with("damaged");
        let folders = fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path()).filter(is_folder).count();
        alone = if folders <= 1 { alone + 1 } else { 0 };
        assert!(Instant::now() < deadline, "the spool is not recovered");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The ids of the requests that the upstream has seen.
fn begun(upstream: &Upstream) -> BTreeSet<String> {
    upstream.requests().iter().map(|request| request.json()["user"].as_str().unwrap().to_owned()).collect()
}

/// The request ids and classes of all traces of a tenant.
async fn all(tenant: &TenantHandle) -> Vec<(String, StatusClass)> {
    let mut query = TraceQuery { limit: Some(200), ..TraceQuery::default() };
    let mut found = Vec::new();
    loop {
        let page = tenant.list_traces(query.clone()).await.unwrap();
        found.extend(page.traces.into_iter().map(|trace| (trace.request_id.unwrap(), trace.status_class)));
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => return found,
        }
    }
}
