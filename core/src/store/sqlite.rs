//! SQLite: one writing connection, a few reading ones, the file's options and its errors.
//!
//! An in-memory store has a single connection, which reads and writes: it is private to its gateway and cannot be
//! locked by itself.

use std::{
    future::ready,
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use sqlx::{
    Connection as _, Pool, Row as _, SqliteConnection,
    pool::{PoolConnection, PoolConnectionMetadata},
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    db::{Gated, Tx},
    error::{failed, store_error, unavailable},
    gate::Gate,
    place::OpenedFile,
    private::create_private,
};
use crate::{
    config::SqlitePlace,
    error::{Error, Result},
};

/// How long SQLite itself waits for another process's lock before it says busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a busy answer is met with another try: some locks are refused at once, without waiting.
const BUSY_LIMIT: Duration = Duration::from_secs(20);
const BUSY_PAUSE: Duration = Duration::from_millis(10);
/// How often it is tried to empty the write-ahead log.
const EMPTYING: u32 = 50;

/// The connections of one SQLite database.
#[derive(Clone, Debug)]
pub(crate) struct Sqlite {
    pub(super) writer: Pool<sqlx::Sqlite>,
    readers: Pool<sqlx::Sqlite>,
    /// None in memory.
    file: Option<Arc<OpenedFile>>,
    pub(super) gate: Gate,
}

impl Sqlite {
    /// Connects to the database of a URL.
    pub(super) async fn open(url: &str, readers: u32) -> Result<Self> {
        match SqlitePlace::of(url) {
            Some(SqlitePlace::File(file)) => Self::open_file(&file, readers).await,
            Some(SqlitePlace::Memory) => {
                let options = base().filename(":memory:").shared_cache(false);
                let pool = pool(1).min_connections(1).connect_with(options).await.map_err(store_error)?;
                Ok(Self { writer: pool.clone(), readers: pool, file: None, gate: Gate::default() })
            }
            None => Err(Error::config(
                "store",
                "the store's URL is not valid: expected sqlite:FILE, in UTF-8 and without parameters",
            )),
        }
    }

    async fn open_file(file: &Path, readers: u32) -> Result<Self> {
        let refused = |error: io::Error| not_writable(file, &error.kind().to_string());
        create_private(file).map_err(refused)?;
        let opened = OpenedFile::of(file).map_err(refused)?;
        let options = base().filename(file);
        let writing = options
            .clone()
            .page_size(16_384)
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            // What a burst made of the WAL is given back to the disk.
            .pragma("journal_size_limit", "67108864")
            // Destroyed keys are overwritten with zeros where that costs no further write.
            .pragma("secure_delete", "FAST");
        // Pages that are read again are in the system's memory: each reader's own copies would be megabytes of the host's.
        let reading = options.pragma("query_only", "ON").pragma("cache_size", "-512");
        let store = Self {
            writer: pool(1).before_acquire(is_in_step).connect_lazy_with(writing),
            readers: pool(readers.max(1)).connect_lazy_with(reading),
            file: Some(Arc::new(opened)),
            gate: Gate::default(),
        };
        store.check_writable().await.map_err(|error| match error {
            sqlx::Error::Database(database) => match database.code().as_deref().and_then(primary_code) {
                Some(3 | 8 | 14) => not_writable(file, database.message()),
                _ => store_error(sqlx::Error::Database(database)),
            },
            error => store_error(error),
        })?;
        Ok(store)
    }

    /// Writes a copy of the database, as it is at one moment, into an empty file. A file's other readers and its writer
    /// go on; in memory everybody waits for the one connection.
    pub(super) async fn copy_into(&self, file: &str) -> Result<()> {
        let copy = sqlx::query("VACUUM INTO ?1").bind(file.to_owned());
        if self.readers.connect_options().get_filename() == Path::new(":memory:") {
            let mut connection = self.writer.acquire().await.map_err(store_error)?;
            return copy.execute(&mut *connection).await.map(drop).map_err(store_error);
        }
        let options = self.writer.connect_options();
        let mut connection = retry_busy(|| SqliteConnection::connect_with(&options)).await.map_err(store_error)?;
        let copied = copy.execute(&mut connection).await.map(drop).map_err(store_error);
        connection.close().await.map_err(store_error)?;
        copied
    }

    /// Takes what it can of the write-ahead log into the file, from a connection that holds up no other.
    pub(super) async fn checkpoint_beside(&self) -> Result<()> {
        let mut connection = self.reader().await?;
        match sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut *connection).await {
            Err(error) if !is_busy(&error) => Err(store_error(error)),
            _ => Ok(()),
        }
    }

    /// Empties the write-ahead log, a few tries long: waiting for readers would hold up writers.
    pub(super) async fn empty_log(&self) -> Result<()> {
        for _ in 0..EMPTYING {
            let mut connection = retry_busy(|| self.writer.acquire()).await.map_err(store_error)?;
            let row = async {
                sqlx::raw_sql("PRAGMA busy_timeout = 0").execute(&mut *connection).await?;
                sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await
            };
            let busy = row.await.and_then(|row| row.try_get::<i64, _>(0));
            restore_patience(&mut connection).await.map_err(store_error)?;
            match busy {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if is_busy(&error) => {}
                Err(error) => return Err(store_error(error)),
            }
            drop(connection);
            tokio::time::sleep(BUSY_PAUSE).await;
        }
        Ok(())
    }

    /// Takes the write lock without waiting for it. SQLite opens a file it may not write as read-only, silently; that
    /// must be an error when the store is opened and not with the first trace.
    async fn check_writable(&self) -> Result<(), sqlx::Error> {
        let mut connection = retry_busy(|| self.writer.acquire()).await?;
        sqlx::raw_sql("PRAGMA busy_timeout = 0").execute(&mut *connection).await?;
        let probe = match connection.begin_with("BEGIN IMMEDIATE").await {
            Ok(tx) => tx.rollback().await,
            Err(error) if is_busy(&error) => Ok(()),
            Err(error) => Err(error),
        };
        restore_patience(&mut connection).await?;
        probe
    }

    pub(super) async fn reader(&self) -> Result<PoolConnection<sqlx::Sqlite>> {
        retry_busy(|| self.readers.acquire()).await.map_err(store_error)
    }

    /// Refuses where the file is not there any more: what is written would be gone with it.
    pub(super) fn check_in_place(&self) -> Result<()> {
        self.file.as_ref().map_or(Ok(()), |file| file.check())
    }

    pub(super) async fn begin(&self) -> Result<Tx> {
        self.check_in_place()?;
        // IMMEDIATE: a transaction that begins by reading cannot wait for a writer later, it can only fail.
        let tx = retry_busy(|| self.writer.begin_with("BEGIN IMMEDIATE")).await.map_err(store_error)?;
        Ok(Tx::Sqlite(Gated { tx, gate: self.gate.clone() }))
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        // The last connection to close writes the WAL back into the file and removes it.
        self.writer.close().await;
    }
}

/// Whether a connection that nobody uses is in no transaction, as the driver has it. SQLite ends one by itself when the
/// disk fails or is full; the driver then fails to end it, and lets none begin. Such a connection is closed.
fn is_in_step(
    connection: &mut SqliteConnection,
    _: PoolConnectionMetadata,
) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    Box::pin(ready(Ok(!connection.is_in_transaction())))
}

async fn restore_patience(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let statement = format!("PRAGMA busy_timeout = {}", BUSY_TIMEOUT.as_millis());
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(connection).await.map(drop)
}

fn base() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(false)
        // Sorting needs no further file: descriptors may be scarce.
        .pragma("temp_store", "MEMORY")
        .row_buffer_size(512)
        .thread_name(|id| format!("gateway-sql-{id}"))
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(BUSY_LIMIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Tries again while another process holds a lock, up to [`BUSY_LIMIT`].
async fn retry_busy<T, F: Future<Output = Result<T, sqlx::Error>>>(
    mut attempt: impl FnMut() -> F,
) -> Result<T, sqlx::Error> {
    let begun = Instant::now();
    loop {
        match attempt().await {
            Err(error) if is_busy(&error) && begun.elapsed() < BUSY_LIMIT => tokio::time::sleep(BUSY_PAUSE).await,
            result => return result,
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(database) => matches!(database.code().as_deref().and_then(primary_code), Some(5 | 6)),
        _ => false,
    }
}

/// Extended result codes keep the primary code in their low byte.
fn primary_code(code: &str) -> Option<i32> {
    code.parse::<i32>().ok().map(|code| code & 0xff)
}

/// The numbers are SQLite's primary result codes.
pub(super) fn database_error(code: &str, message: &str) -> Error {
    match primary_code(code) {
        Some(5 | 6) => unavailable("the store is busy: another process has been writing to it for too long"),
        Some(7) => unavailable("the store is out of memory"),
        Some(13) => unavailable("the disk of the store is full"),
        Some(3 | 8 | 14) => unavailable(format!("the store's file cannot be written: {message}")),
        Some(9 | 10 | 15) => unavailable(format!("the store's file cannot be read or written: {message}")),
        Some(11 | 26) => failed(format!("the store's file is damaged or no SQLite database: {message}")),
        _ => failed(format!("the store refused a statement: {message} (SQLite code {code})")),
    }
}

fn not_writable(file: &Path, cause: &str) -> Error {
    let file = file.display();
    Error::config(
        "store",
        format!(
            "the store {file} cannot be written ({cause}): its folder must exist, and this process may write to both"
        ),
    )
}
