//! Fresh stores of every kind. PostgreSQL is the server that LIBGATEWAY_TEST_POSTGRES names; every test has a database
//! of its own there and drops it.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    config::Migrate,
    store::{Store, StoreOptions},
    types::time::Timestamp,
};

/// The kinds of stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Memory,
    Postgres,
}

/// A place for a store that nobody else uses.
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) folder: TempDir,
    database: Option<String>,
}

pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(since.as_millis() as i64)
}

/// The URL of a store there: through the pooler that LIBGATEWAY_TEST_POOLER names, where it is set.
fn store_url(database: &str) -> String {
    std::env::var("LIBGATEWAY_TEST_POOLER").map_or_else(|_| server(database), |pooler| with_database(&pooler, database))
}

/// The server's URL for a database of that name.
fn server(database: &str) -> String {
    let server = std::env::var("LIBGATEWAY_TEST_POSTGRES")
        .expect("set LIBGATEWAY_TEST_POSTGRES to the URL of a PostgreSQL server where databases may be created, such as postgres://gw@127.0.0.1:5432/postgres");
    with_database(&server, database)
}

fn with_database(server: &str, database: &str) -> String {
    let mut url = url::Url::parse(server).expect("a URL");
    if !database.is_empty() {
        url.set_path(database);
    }
    url.into()
}

pub(crate) async fn administer(statement: String) {
    let mut connection =
        PgConnection::connect(&server("")).await.expect("the server of LIBGATEWAY_TEST_POSTGRES answers");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

impl Place {
    pub(crate) async fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        match kind {
            Kind::File => {
                Self { url: format!("sqlite:{}/gateway.db", folder.path().display()), folder, database: None }
            }
            Kind::Memory => Self { url: "sqlite::memory:".to_owned(), folder, database: None },
            Kind::Postgres => {
                let database = format!("gw_test_{}", Uuid::new_v4().simple());
                administer(format!("CREATE DATABASE {database}")).await;
                Self { url: store_url(&database), folder, database: Some(database) }
            }
        }
    }

    pub(crate) fn options(&self) -> StoreOptions {
        StoreOptions { url: self.url.clone(), migrate: Migrate::Auto, pool_size: None, now: now() }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.options()).await.unwrap()
    }

    pub(crate) async fn remove(self) {
        if let Some(database) = self.database {
            administer(format!("DROP DATABASE {database} WITH (FORCE)")).await;
        }
    }
}

/// Runs a test in a place of its own, which is removed also when the test fails.
pub(crate) async fn in_place(kind: Kind, test: impl AsyncFnOnce(&Place)) {
    let place = Place::new(kind).await;
    let outcome = AssertUnwindSafe(test(&place)).catch_unwind().await;
    place.remove().await;
    if let Err(panic) = outcome {
        eprintln!("failed on {kind:?}");
        std::panic::resume_unwind(panic);
    }
}

/// Runs a test on a fresh store of every kind.
pub(crate) async fn on_every_store(test: impl AsyncFn(Store)) {
    for kind in [Kind::File, Kind::Memory, Kind::Postgres] {
        in_place(kind, async |place: &Place| {
            let store = place.open().await;
            test(store.clone()).await;
            store.close().await;
        })
        .await;
    }
}

/// As [`on_every_store`], for what two connections or processes do to each other.
pub(crate) async fn in_every_shared_place(test: impl AsyncFn(&Place)) {
    for kind in [Kind::File, Kind::Postgres] {
        in_place(kind, async |place: &Place| test(place).await).await;
    }
}
