//! The thin layer over the two drivers, so that statements are written once. Knows connections and transactions;
//! knows no table.

use std::borrow::Cow;

use futures_util::future::BoxFuture;

use super::{
    error::store_error,
    gate::{Gate, Step},
    postgres::Postgres,
    query::{Query, trusted},
    row::Row,
    sqlite::Sqlite,
};
use crate::error::{Error, Result};

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// The database that a store's URL names.
    pub(crate) fn of(url: &str) -> Result<Self> {
        match url.split_once(':') {
            Some(("sqlite", _)) => Ok(Self::Sqlite),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres),
            _ => Err(Error::config(
                "store",
                "store must be sqlite:FILE, sqlite::memory: or postgres://USER:PASSWORD@HOST/DATABASE",
            )),
        }
    }
}

/// An open database; clones share its connections.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// A write transaction. Dropped without [`Tx::commit`], it is rolled back.
///
/// SQLite has a single writing connection: whoever holds a `Tx` must not ask the `Db` for another.
pub(crate) enum Tx {
    Sqlite(Gated<sqlx::Sqlite>),
    Postgres { tx: Gated<sqlx::Postgres>, persistent: bool },
}

/// The driver's transaction, and the gate its steps pass.
pub(crate) struct Gated<D: sqlx::Database> {
    pub(super) tx: sqlx::Transaction<'static, D>,
    pub(super) gate: Gate,
}

impl Db {
    pub(super) fn set_gate(&mut self, gate: Gate) {
        match self {
            Self::Sqlite(sqlite) => sqlite.gate = gate,
            Self::Postgres(postgres) => postgres.gate = gate,
        }
    }

    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    /// All rows of a reading statement.
    pub(crate) async fn fetch_all(&self, query: Query<'_>) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(sqlite) => {
                let query = query.for_sqlite()?;
                let read = async {
                    let mut connection = sqlite.reader().await?;
                    query.fetch_all(&mut *connection).await.map_err(store_error)
                };
                let rows = sqlite.gate.pass(Step::Read, read).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(postgres) if postgres.pooler => {
                let mut tx = postgres.begin().await?;
                let rows = tx.fetch_all(query).await?;
                tx.commit().await?;
                Ok(rows)
            }
            Self::Postgres(postgres) => {
                let read = async {
                    let mut connection = postgres.connection().await?;
                    query.for_postgres(true).fetch_all(&mut *connection).await.map_err(store_error)
                };
                let rows = postgres.gate.pass(Step::Read, read).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row of a reading statement, which should return one at most.
    pub(crate) async fn fetch_optional(&self, query: Query<'_>) -> Result<Option<Row>> {
        Ok(self.fetch_all(query).await?.into_iter().next())
    }

    /// One writing statement in a transaction of its own; how many rows it touched.
    pub(crate) async fn execute(&self, query: Query<'_>) -> Result<u64> {
        let mut tx = self.begin().await?;
        let touched = tx.execute(query).await?;
        tx.commit().await?;
        Ok(touched)
    }

    /// Begins a write transaction; in SQLite it waits for other writers here, and nowhere later.
    pub(crate) async fn begin(&self) -> Result<Tx> {
        match self {
            Self::Sqlite(sqlite) => sqlite.gate.pass(Step::Begin, sqlite.begin()).await,
            Self::Postgres(postgres) => postgres.gate.pass(Step::Begin, postgres.begin()).await,
        }
    }

    /// Looks whether the database is where it was: for the one who does so from time to time, with patience.
    pub(crate) async fn look(&self) -> Result<()> {
        match self {
            Self::Sqlite(sqlite) => sqlite.check_in_place(),
            Self::Postgres(postgres) => postgres.look().await,
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres(postgres) => postgres.pool.close().await,
        }
    }
}

impl Tx {
    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres { .. } => Backend::Postgres,
        }
    }

    /// How many rows the statement touched.
    pub(crate) async fn execute(&mut self, query: Query<'_>) -> Result<u64> {
        match self {
            Self::Sqlite(Gated { tx, gate }) => {
                let query = query.for_sqlite()?;
                let work = async { query.execute(&mut **tx).await.map_err(store_error) };
                gate.pass(Step::Statement, work).await.map(|done| done.rows_affected())
            }
            Self::Postgres { tx: Gated { tx, gate }, persistent } => {
                let work = async { query.for_postgres(*persistent).execute(&mut **tx).await.map_err(store_error) };
                gate.pass(Step::Statement, work).await.map(|done| done.rows_affected())
            }
        }
    }

    /// All rows of the statement.
    pub(crate) async fn fetch_all(&mut self, query: Query<'_>) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(Gated { tx, gate }) => {
                let query = query.for_sqlite()?;
                let work = async { query.fetch_all(&mut **tx).await.map_err(store_error) };
                let rows = gate.pass(Step::Statement, work).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres { tx: Gated { tx, gate }, persistent } => {
                let work = async { query.for_postgres(*persistent).fetch_all(&mut **tx).await.map_err(store_error) };
                let rows = gate.pass(Step::Statement, work).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row of the statement.
    pub(crate) async fn fetch_optional(&mut self, query: Query<'_>) -> Result<Option<Row>> {
        Ok(self.fetch_all(query).await?.into_iter().next())
    }

    /// Several statements without values.
    pub(crate) fn run_script(&mut self, script: impl Into<Cow<'static, str>>) -> BoxFuture<'_, Result<()>> {
        let script = sqlx::raw_sql(trusted(script.into()));
        Box::pin(async move {
            match self {
                Self::Sqlite(Gated { tx, gate }) => {
                    let run = async { script.execute(&mut **tx).await.map(drop).map_err(store_error) };
                    gate.pass(Step::Statement, run).await
                }
                Self::Postgres { tx: Gated { tx, gate }, .. } => {
                    let run = async { script.execute(&mut **tx).await.map(drop).map_err(store_error) };
                    gate.pass(Step::Statement, run).await
                }
            }
        })
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(Gated { tx, gate }) => {
                gate.pass(Step::Commit, async { tx.commit().await.map_err(store_error) }).await
            }
            Self::Postgres { tx: Gated { tx, gate }, .. } => {
                gate.pass(Step::Commit, async { tx.commit().await.map_err(store_error) }).await
            }
        }
    }
}
