//! The databases that everything is tested on. A store is fresh, and gone when it is dropped.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{
    pgbouncer::{self, PgBouncer},
    postgres::Database,
};

/// A database the gateway stores in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in a directory of its own.
    Sqlite,
    /// A database of its own on the server that the whole test process shares.
    Postgres,
    /// The same, reached through a PgBouncer in transaction mode. What it has to show is shown by some tests: see
    /// [`pooled_tests!`](crate::pooled_tests).
    Pooled,
}

impl Backend {
    /// Every database, each in one way.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// Its name, as in the names of tests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Pooled => "pooled",
        }
    }

    /// An empty store.
    ///
    /// # Panics
    ///
    /// When there is no room for one, or no PostgreSQL.
    pub fn fresh(self) -> FreshStore {
        match self {
            Self::Sqlite => FreshStore::Sqlite(tempfile::tempdir().expect("a temporary directory")),
            Self::Postgres | Self::Pooled => {
                let (database, directory) = (Database::create(), tempfile::tempdir().expect("a temporary directory"));
                let pooler = (self == Self::Pooled).then(pgbouncer::shared);
                FreshStore::Postgres { database, directory, pooler }
            }
        }
    }
}

/// Every file below a directory, which need not be there.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// An empty store; dropping it removes it.
#[derive(Debug)]
pub enum FreshStore {
    /// The directory of the file.
    Sqlite(TempDir),
    /// A database on the server.
    Postgres {
        /// The database.
        database: Database,
        /// Where the spool is.
        directory: TempDir,
        /// What stands between the gateway and the server.
        pooler: Option<&'static PgBouncer>,
    },
}

impl FreshStore {
    /// What `Config::store` takes.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(directory) => format!("sqlite:{}", directory.path().join("gateway.db").display()),
            Self::Postgres { database, pooler: None, .. } => database.url(),
            Self::Postgres { database, pooler: Some(pooler), .. } => pooler.through(&database.url()),
        }
    }

    /// Where others than the gateway find the same database: past the pooler.
    pub fn direct_url(&self) -> String {
        match self {
            Self::Sqlite(_) => self.url(),
            Self::Postgres { database, .. } => database.url(),
        }
    }

    /// The directory of a SQLite file.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(directory) => Some(directory.path()),
            Self::Postgres { .. } => None,
        }
    }

    /// The directory of the spool; each store that uses it has a folder there.
    pub fn spool_dir(&self) -> PathBuf {
        match self {
            Self::Sqlite(directory) => directory.path().join("gateway.db.spool"),
            Self::Postgres { directory, .. } => directory.path().join("spool"),
        }
    }
}
