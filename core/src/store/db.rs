//! The thin layer over the two drivers, so that statements are written once. Knows connections and transactions;
//! knows no table.

use std::borrow::Cow;

use futures_util::future::BoxFuture;

use super::{
    error::store_error,
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
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres { tx: sqlx::Transaction<'static, sqlx::Postgres>, persistent: bool },
}

impl Db {
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
                let mut connection = sqlite.reader().await?;
                let rows = query.fetch_all(&mut *connection).await.map_err(store_error)?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(postgres) if postgres.pooler => {
                let mut tx = postgres.begin().await?;
                let rows = tx.fetch_all(query).await?;
                tx.commit().await?;
                Ok(rows)
            }
            Self::Postgres(postgres) => {
                let mut connection = postgres.connection().await?;
                let rows = query.for_postgres(true).fetch_all(&mut *connection).await.map_err(store_error)?;
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
            Self::Sqlite(sqlite) => sqlite.begin().await,
            Self::Postgres(postgres) => postgres.begin().await,
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
            Self::Sqlite(tx) => query.for_sqlite()?.execute(&mut **tx).await.map(|done| done.rows_affected()),
            Self::Postgres { tx, persistent } => {
                query.for_postgres(*persistent).execute(&mut **tx).await.map(|done| done.rows_affected())
            }
        }
        .map_err(store_error)
    }

    /// All rows of the statement.
    pub(crate) async fn fetch_all(&mut self, query: Query<'_>) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(tx) => {
                let rows = query.for_sqlite()?.fetch_all(&mut **tx).await.map_err(store_error)?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres { tx, persistent } => {
                let rows = query.for_postgres(*persistent).fetch_all(&mut **tx).await.map_err(store_error)?;
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
        let script = trusted(script.into());
        Box::pin(async move {
            match self {
                Self::Sqlite(tx) => sqlx::raw_sql(script).execute(&mut **tx).await.map(drop),
                Self::Postgres { tx, .. } => sqlx::raw_sql(script).execute(&mut **tx).await.map(drop),
            }
            .map_err(store_error)
        })
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres { tx, .. } => tx.commit().await,
        }
        .map_err(store_error)
    }
}
