//! The databases that everything is tested on. A store is fresh, and gone when it is dropped.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::postgres;

/// A database the gateway stores in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in a directory of its own.
    Sqlite,
    /// A database of its own on the server that the whole test process shares.
    Postgres,
}

impl Backend {
    /// Every database.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// Its name, as in the names of tests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
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
            Self::Postgres => {
                FreshStore::Postgres(postgres::Database::create(), tempfile::tempdir().expect("a temporary directory"))
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
    /// The database, and a directory for the spool.
    Postgres(postgres::Database, TempDir),
}

impl FreshStore {
    /// What `Config::store` takes.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(directory) => format!("sqlite:{}", directory.path().join("gateway.db").display()),
            Self::Postgres(database, _) => database.url(),
        }
    }

    /// The directory of a SQLite file.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(directory) => Some(directory.path()),
            Self::Postgres(..) => None,
        }
    }

    /// The directory of the spool; each store that uses it has a folder there.
    pub fn spool_dir(&self) -> PathBuf {
        match self {
            Self::Sqlite(directory) => directory.path().join("gateway.db.spool"),
            Self::Postgres(_, directory) => directory.path().join("spool"),
        }
    }
}
