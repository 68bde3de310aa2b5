//! What the tests of this target share: waits, walks, and a database that somebody else works on.

use std::time::{Duration, Instant};

use libgateway::{ProviderConfig, Stats, TenantHandle, Trace, TraceFilter, TraceQuery};
use libgateway_tests::{Backend, FreshStore, TestGateway};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};

/// How long anything may take that is not measured.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Asks until it holds.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Every trace that matches, newest first.
pub(crate) async fn all_traces(tenant: &TenantHandle, filter: &TraceFilter) -> Vec<Trace> {
    let mut traces = Vec::new();
    let mut query = TraceQuery { limit: Some(200), filter: filter.clone(), ..TraceQuery::default() };
    loop {
        let page = tenant.list_traces(query.clone()).await.expect("a page");
        traces.extend(page.traces);
        match page.next_cursor {
            Some(next) => query.cursor = Some(next),
            None => return traces,
        }
    }
}

/// `accepted = persisted + pending + spooled + dead_lettered + dropped`.
pub(crate) fn assert_adds_up(stats: &Stats) {
    let dropped: u64 = stats.dropped.values().sum();
    let kept = stats.persisted + stats.pending + stats.spooled + stats.dead_lettered;
    assert_eq!(stats.accepted, kept + dropped, "{stats:?}");
}

/// Text that does not compress, of hexadecimal digits.
pub(crate) fn noise(length: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let digit = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from_digit((state % 16) as u32, 16).expect("a digit")
    };
    std::iter::repeat_with(digit).take(length).collect()
}

/// A connection to a store past the gateway.
pub(crate) enum Direct {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Direct {
    pub(crate) async fn to(store: &FreshStore) -> Self {
        match store {
            FreshStore::Sqlite(_) => Self::Sqlite(SqliteConnection::connect(&store.url()).await.expect("a connection")),
            FreshStore::Postgres(..) => {
                Self::Postgres(PgConnection::connect(&store.url()).await.expect("a connection"))
            }
        }
    }

    /// Runs the statement of its dialect.
    pub(crate) async fn execute(&mut self, sqlite: &str, postgres: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute(AssertSqlSafe(sqlite.to_owned())).await.map(drop),
            Self::Postgres(connection) => {
                connection.execute(sqlx::raw_sql(AssertSqlSafe(postgres.to_owned()))).await.map(drop)
            }
        }
        .expect("a statement");
    }

    /// The one number that the statement of its dialect gives.
    pub(crate) async fn number(&mut self, sqlite: &str, postgres: &str) -> i64 {
        match self {
            Self::Sqlite(connection) => {
                connection.fetch_one(AssertSqlSafe(sqlite.to_owned())).await.map(|row| row.get(0))
            }
            Self::Postgres(connection) => {
                connection.fetch_one(AssertSqlSafe(postgres.to_owned())).await.map(|row| row.get(0))
            }
        }
        .expect("a number")
    }

    /// Keeps everybody else from writing traces, until [`Direct::release`] or the end of the connection.
    pub(crate) async fn lock(store: &FreshStore) -> Self {
        let mut direct = Self::to(store).await;
        direct.execute("BEGIN EXCLUSIVE", "BEGIN; LOCK TABLE gw_traces IN ACCESS EXCLUSIVE MODE").await;
        direct
    }

    pub(crate) async fn release(mut self) {
        self.execute("ROLLBACK", "ROLLBACK").await;
    }
}

/// A gateway whose tenant has two providers on one upstream, told apart by their paths: `openai` is asked first, and
/// `second` is its fallback. Nobody is asked twice. The settings are those of the first.
pub(crate) async fn pair(backend: Backend, settings: &Value) -> TestGateway {
    let test = TestGateway::open_with(backend, |config| config.retry.max_attempts = 1).await;
    let url = test.upstream.url();
    let second = json!({"name": "second", "kind": "openai", "api_key": "k2", "base_url": format!("{url}/second/v1")});
    for config in [first(&test, settings), serde_json::from_value(second).expect("a provider")] {
        test.acme.set_provider(config).await.expect("a provider");
    }
    // One that was open would look at its own changes once more, and forget the tenant with its breakers.
    test.reopen().await
}

/// The provider that is asked first in a [`pair`], with these settings.
pub(crate) fn first(test: &TestGateway, settings: &Value) -> ProviderConfig {
    let base_url = format!("{}/first/v1", test.upstream.url());
    let mut config = json!({"kind": "openai", "api_key": "k1", "base_url": base_url, "fallbacks": ["second"]});
    config.as_object_mut().expect("an object").extend(settings.as_object().expect("an object").clone());
    serde_json::from_value(config).expect("a provider")
}

/// How often the provider that is asked first in a [`pair`] was asked.
pub(crate) fn asked_first(test: &TestGateway) -> usize {
    test.upstream.requests().iter().filter(|request| request.path.starts_with("/first/")).count()
}
