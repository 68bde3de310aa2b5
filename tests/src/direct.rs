//! A store that somebody else works on, past the gateway.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};

use crate::FreshStore;

/// What keeps everybody else from writing traces, in SQLite and in PostgreSQL.
pub const LOCK: [&str; 2] = ["BEGIN EXCLUSIVE", "BEGIN; LOCK TABLE gw_traces IN ACCESS EXCLUSIVE MODE"];

/// A connection to a store past the gateway.
#[derive(Debug)]
pub enum Direct {
    /// To the file.
    Sqlite(SqliteConnection),
    /// To the database.
    Postgres(PgConnection),
}

impl Direct {
    /// A connection.
    ///
    /// # Panics
    ///
    /// When there is none, as when a statement fails in all that follows.
    pub async fn to(store: &FreshStore) -> Self {
        match store {
            FreshStore::Sqlite(_) => {
                Self::Sqlite(SqliteConnection::connect(&store.direct_url()).await.expect("a connection"))
            }
            FreshStore::Postgres { .. } => {
                Self::Postgres(PgConnection::connect(&store.direct_url()).await.expect("a connection"))
            }
        }
    }

    /// Runs the statement of its dialect.
    pub async fn execute(&mut self, sqlite: &str, postgres: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute(AssertSqlSafe(sqlite.to_owned())).await.map(drop),
            Self::Postgres(connection) => {
                connection.execute(sqlx::raw_sql(AssertSqlSafe(postgres.to_owned()))).await.map(drop)
            }
        }
        .expect("a statement");
    }

    /// Runs statements that make so many rows of each of some, all of them on one state of the store. They are given what
    /// numbers the copies as `n`, and what makes an id for each.
    pub async fn copy(&mut self, times: i64, statements: impl Fn(&str, &str) -> String) {
        let counted = format!(
            "(WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {times}) SELECT n FROM c) AS c"
        );
        let series = format!("generate_series(1, {times}) AS c (n)");
        let sqlite = format!("BEGIN IMMEDIATE; {}; COMMIT", statements(&counted, "randomblob(16)"));
        let postgres =
            format!("BEGIN ISOLATION LEVEL REPEATABLE READ; {}; COMMIT", statements(&series, "gen_random_uuid()"));
        self.execute(&sqlite, &postgres).await;
    }

    /// The one number that the statement of its dialect gives.
    pub async fn number(&mut self, sqlite: &str, postgres: &str) -> i64 {
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
    pub async fn lock(store: &FreshStore) -> Self {
        let mut direct = Self::to(store).await;
        direct.execute(LOCK[0], LOCK[1]).await;
        direct
    }

    /// Gives what [`Direct::lock`] took.
    pub async fn release(mut self) {
        self.execute("ROLLBACK", "ROLLBACK").await;
    }
}
