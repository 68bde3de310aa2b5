//! A connection to a store past the gateway.

use libgateway_tests::FreshStore;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};

pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    pub(crate) async fn open(store: &FreshStore) -> Self {
        match store {
            FreshStore::Sqlite(_) => {
                let mut connection = SqliteConnection::connect(&store.url()).await.expect("the file");
                let pragmas = "PRAGMA synchronous = OFF; PRAGMA cache_size = -524288; PRAGMA temp_store = MEMORY";
                connection.execute(sqlx::raw_sql(pragmas)).await.expect("pragmas");
                Self::Sqlite(connection)
            }
            FreshStore::Postgres { .. } => {
                Self::Postgres(PgConnection::connect(&store.url()).await.expect("the database"))
            }
        }
    }

    /// Runs a statement to its end; how many rows it gave.
    pub(crate) async fn run(&mut self, statement: &str) -> usize {
        let statement = AssertSqlSafe(statement.to_owned());
        match self {
            Self::Sqlite(connection) => connection.fetch_all(sqlx::raw_sql(statement)).await.map(|rows| rows.len()),
            Self::Postgres(connection) => connection.fetch_all(sqlx::raw_sql(statement)).await.map(|rows| rows.len()),
        }
        .expect("a statement")
    }

    pub(crate) async fn number(&mut self, statement: &str) -> i64 {
        let statement = AssertSqlSafe(statement.to_owned());
        match self {
            Self::Sqlite(connection) => connection.fetch_one(statement).await.and_then(|row| row.try_get(0)),
            Self::Postgres(connection) => connection.fetch_one(statement).await.and_then(|row| row.try_get(0)),
        }
        .expect("a number")
    }

    /// The numbers from `first` to `last`, as a table of one column `n`.
    pub(crate) fn numbers(&self, first: u64, last: u64) -> String {
        match self {
            Self::Sqlite(_) => format!(
                "(WITH RECURSIVE c (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM c WHERE n < {last}) SELECT n FROM c) AS c"
            ),
            Self::Postgres(_) => format!("generate_series({first}::bigint, {last}::bigint) AS c (n)"),
        }
    }

    /// An expression: the id of trace `n` that began at `ms`.
    pub(crate) fn id(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "unhex(printf('%012x7%03x8%015x', ms, n % 4096, n))",
            Self::Postgres(_) => {
                "(lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid"
            }
        }
    }

    /// Columns that hold the request and the response of trace `n`, so many bytes of each that nothing makes smaller, as
    /// sealed content is; where they are columns of the traces.
    pub(crate) fn inline_bodies(&self, bytes: [usize; 2]) -> Vec<(&'static str, String)> {
        const HASH: usize = 64;
        let noise = |name, bytes: usize| {
            let hash = |piece| format!("sha512(('{name}' || {piece} || '-' || n)::bytea)");
            (name, (0..bytes / HASH).map(hash).collect::<Vec<_>>().join(" || "))
        };
        match self {
            Self::Sqlite(_) => Vec::new(),
            Self::Postgres(_) => vec![noise("request", bytes[0]), noise("response", bytes[1])],
        }
    }

    /// A statement that gives traces `first` to `last` such content, where it has a table of its own.
    pub(crate) fn bodies(&self, first: u64, last: u64, bytes: [usize; 2]) -> Option<String> {
        match self {
            Self::Sqlite(_) => Some(format!(
                "INSERT INTO gw_trace_bodies (seq, request, response) SELECT seq, randomblob({}), randomblob({}) \
                 FROM gw_traces WHERE seq BETWEEN {first} AND {last} ORDER BY seq",
                bytes[0], bytes[1]
            )),
            Self::Postgres(_) => None,
        }
    }

    /// Bytes on disk, and those of them that are rollups where the database can tell.
    pub(crate) async fn sizes(&mut self) -> (i64, Option<i64>) {
        match self {
            Self::Sqlite(_) => {
                let pages = "SELECT (page_count - freelist_count) * page_size \
                     FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
                (self.number(pages).await, None)
            }
            Self::Postgres(_) => {
                let all = "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relname LIKE 'gw\\_%' AND relkind = 'r'";
                let rollups = "SELECT pg_total_relation_size('gw_rollups')::bigint";
                (self.number(all).await, Some(self.number(rollups).await))
            }
        }
    }

    pub(crate) async fn close(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await.expect("a close"),
            Self::Postgres(connection) => connection.close().await.expect("a close"),
        }
    }
}
