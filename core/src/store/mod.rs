//! What the gateway keeps: tenants, providers, API keys and traces, in SQLite or PostgreSQL. Everything that is secret
//! comes here encrypted and leaves encrypted; nothing above this module knows SQL.
//!
//! Every statement about a tenant's data names the tenant, but for those that read the traces of all. A method answers
//! `StoreUnavailable` where a later try may succeed and `StoreFailed` where the data is at fault; [`is_transient`] tells
//! them apart.

mod api_keys;
mod backup;
mod changes;
mod db;
mod dead_letters;
mod error;
pub(crate) mod gate;
mod instances;
mod master_keys;
mod migrate;
mod names;
mod partitions;
mod place;
mod postgres;
mod private;
mod providers;
mod query;
mod question;
mod reach;
mod retention;
mod rollups;
mod row;
mod scan;
mod sqlite;
mod tenants;
mod traces;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use changes::Changes;
pub(crate) use db::Backend;
pub(crate) use error::is_transient;
pub(crate) use instances::{Account, Gap, GapRange, Place, Standing};
pub(crate) use master_keys::Rewrapped;
pub(crate) use migrate::migration_sql;
pub(crate) use providers::{ProviderChange, ProviderRecord};
pub(crate) use question::Question;
pub(crate) use retention::Limited;
pub(crate) use rollups::{Fold, Folded, RollupQuery, RollupRow, unreadable};
pub(crate) use scan::{Coverage, ScanRow, TraceScan};
pub(crate) use tenants::TenantRecord;
pub(crate) use traces::{
    cursor::{decode_cursor, encode_cursor},
    erase::Erased,
    get::StoredTrace,
    insert::Inserted,
    page::PageRequest,
    record::TraceRecord,
    reprice::{Price, PricePlace, Priceable, PricedTrace},
};

use std::sync::Arc;

use db::Db;
use gate::Gate;
use postgres::Postgres;
use sqlite::Sqlite;
use traces::rules::KnownRules;

use crate::{config::Migrate, error::Result, types::time::Timestamp};

/// How to open a store.
#[derive(Clone, Debug)]
pub(crate) struct StoreOptions {
    /// `sqlite:FILE`, `sqlite::memory:` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    pub(crate) url: String,
    /// Whether the schema may be changed.
    pub(crate) migrate: Migrate,
    /// Connections to PostgreSQL (4 when omitted), or readers of a SQLite file beside its one writer (2).
    pub(crate) pool_size: Option<u32>,
    /// Which partitions are to exist.
    pub(crate) now: Timestamp,
}

/// An open store. Clones share its connections.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    db: Db,
    migrate: Migrate,
    rules: Arc<KnownRules>,
}

impl Store {
    /// Connects, and brings the schema up to date or checks it. An up-to-date store costs one query.
    pub(crate) async fn open(options: &StoreOptions) -> Result<Self> {
        Self::open_behind(Gate::default(), options).await
    }

    /// The same, with every step through that gate.
    pub(crate) async fn open_behind(gate: Gate, options: &StoreOptions) -> Result<Self> {
        let mut db = match Backend::of(&options.url)? {
            Backend::Sqlite => Db::Sqlite(Sqlite::open(&options.url, options.pool_size.unwrap_or(2)).await?),
            Backend::Postgres => Db::Postgres(Postgres::open(&options.url, options.pool_size.unwrap_or(4))?),
        };
        db.set_gate(gate);
        migrate::prepare(&db, options.migrate).await?;
        let store = Self { db, migrate: options.migrate, rules: Arc::default() };
        store.ensure_partitions(options.now).await?;
        Ok(store)
    }

    /// Takes what SQLite's write-ahead log has into the file beside everybody's work. Otherwise whoever happens to fill the
    /// log does that in the middle of a write, and keeps all others waiting.
    pub(crate) async fn relieve_writers(&self) -> Result<()> {
        match &self.db {
            Db::Sqlite(sqlite) => sqlite.checkpoint_beside().await,
            Db::Postgres(_) => Ok(()),
        }
    }

    /// Takes what SQLite's write-ahead log has into the file and empties it, unless somebody reads it right now.
    pub(crate) async fn empty_log(&self) -> Result<()> {
        match &self.db {
            Db::Sqlite(sqlite) => sqlite.empty_log().await,
            Db::Postgres(_) => Ok(()),
        }
    }

    /// Closes the connections once their statements have ended; SQLite's file is then complete by itself.
    pub(crate) async fn close(&self) {
        self.db.close().await;
    }
}
