//! The database behind the gateway's back: its rows by SQL, and its bytes.

use std::{fs, path::PathBuf, process::Command};

use libgateway::TraceId;
use libgateway_tests::FreshStore;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

/// A connection of one's own.
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    pub(crate) async fn open(store: &FreshStore) -> Self {
        let url = store.direct_url();
        match store {
            FreshStore::Sqlite(_) => Self::Sqlite(SqliteConnection::connect(&url).await.expect("the file")),
            FreshStore::Postgres { .. } => Self::Postgres(PgConnection::connect(&url).await.expect("the database")),
        }
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) async fn execute(&mut self, statement: &str) -> u64 {
        let statement = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
        match self {
            Self::Sqlite(connection) => statement.execute(connection).await.expect("a statement").rows_affected(),
            Self::Postgres(connection) => statement.execute(connection).await.expect("a statement").rows_affected(),
        }
    }

    /// The one value that a query selects.
    pub(crate) async fn bytes(&mut self, select: &str) -> Vec<u8> {
        let select = AssertSqlSafe(select.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(select).fetch_one(connection).await.expect("one value"),
            Self::Postgres(connection) => sqlx::query_scalar(select).fetch_one(connection).await.expect("one value"),
        }
    }

    /// The one number that a query selects.
    pub(crate) async fn number(&mut self, select: &str) -> i64 {
        let select = AssertSqlSafe(select.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(select).fetch_one(connection).await.expect("one number"),
            Self::Postgres(connection) => sqlx::query_scalar(select).fetch_one(connection).await.expect("one number"),
        }
    }

    /// A part of a trace's content, as it is stored.
    pub(crate) async fn content(&mut self, id: TraceId, column: &str) -> Vec<u8> {
        let (table, row) = self.place_of_content(id);
        self.bytes(&format!("SELECT {column} FROM {table} WHERE {row}")).await
    }

    /// Overwrites a part of a trace's content.
    pub(crate) async fn set_content(&mut self, id: TraceId, column: &str, bytes: &[u8]) {
        let ((table, row), bytes) = (self.place_of_content(id), self.literal(bytes));
        assert_eq!(self.execute(&format!("UPDATE {table} SET {column} = {bytes} WHERE {row}")).await, 1);
    }

    /// The table of a trace's content, and the condition that selects it.
    fn place_of_content(&self, id: TraceId) -> (&'static str, String) {
        let row = self.is_trace(id);
        match self {
            Self::Sqlite(_) => ("gw_trace_bodies", format!("seq = (SELECT seq FROM gw_traces WHERE {row})")),
            Self::Postgres(_) => ("gw_traces", row),
        }
    }

    /// Bytes as SQL writes them.
    pub(crate) fn literal(&self, bytes: &[u8]) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{}'", hex(bytes)),
            Self::Postgres(_) => format!(r"'\x{}'::bytea", hex(bytes)),
        }
    }

    /// The condition that selects a trace.
    pub(crate) fn is_trace(&self, id: TraceId) -> String {
        match self {
            Self::Sqlite(_) => format!("id = x'{}'", hex(id.as_bytes())),
            Self::Postgres(_) => format!("id = '{id}'"),
        }
    }
}

/// Everything the gateway keeps: the bytes of the database's files, or a dump whose binary values are in hexadecimal
/// digits; and those of the spool.
pub(crate) fn everything(store: &FreshStore) -> Vec<u8> {
    match store {
        FreshStore::Sqlite(directory) => {
            let files = libgateway_tests::files(directory.path());
            files.into_iter().flat_map(|file| fs::read(file).expect("a file of the store or the spool")).collect()
        }
        FreshStore::Postgres { database, .. } => {
            let dump = Command::new(pg_dump()).arg(format!("--dbname={}", database.url())).output().expect("pg_dump");
            assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
            let spool =
                libgateway_tests::files(&store.spool_dir()).into_iter().flat_map(|file| fs::read(file).unwrap());
            dump.stdout.into_iter().chain(spool).collect()
        }
    }
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The newest one there is: it can dump from every older server.
fn pg_dump() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest =
        versions.map(|entry| entry.path()).filter(|path| path.join("bin/pg_dump").exists()).max_by_key(version);
    newest.map_or_else(|| PathBuf::from("pg_dump"), |path| path.join("bin/pg_dump"))
}
