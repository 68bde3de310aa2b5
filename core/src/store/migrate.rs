//! Brings the schema up to date, forward only. The files are embedded; what was applied is listed in `gw_migrations`,
//! with checksums, so that the host's own migrations in the same database are left alone.
//!
//! All that is missing is applied in one transaction that holds a lock across processes: SQLite's write lock, or an
//! advisory lock of PostgreSQL that ends with the transaction (and so works behind a transaction pooler). A process
//! that dies half-way leaves the schema as it was.

use super::{
    db::{Backend, Db, Tx},
    error::failed,
    query::sql,
};
use crate::{
    config::Migrate,
    error::{Error, ErrorCode, Result},
};

/// One file of `migrations/`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Migration {
    pub(super) version: i64,
    description: &'static str,
    pub(super) script: &'static str,
}

macro_rules! migrations {
    ($($version:literal $description:literal $folder:literal,)+) => {
        &[$(Migration {
            version: $version,
            description: $description,
            script: include_str!(concat!("../../migrations/", $folder, "/", $description, ".sql")),
        }),+]
    };
}

/// SQLite's, in their order.
const SQLITE: &[Migration] = migrations! {
    1 "0001_control" "portable",
    3 "0003_traces" "sqlite",
    4 "0004_dead_letters" "portable",
    5 "0005_retention" "portable",
    6 "0006_instances" "portable",
    7 "0007_rollups" "sqlite",
    8 "0008_prices" "portable",
    9 "0009_traces_by_time" "portable",
};

/// PostgreSQL's, in their order.
const POSTGRES: &[Migration] = migrations! {
    1 "0001_control" "portable",
    2 "0002_collation" "postgres",
    3 "0003_traces" "postgres",
    4 "0004_dead_letters" "portable",
    5 "0005_retention" "portable",
    6 "0006_instances" "portable",
    7 "0007_rollups" "postgres",
    8 "0008_prices" "portable",
    9 "0009_traces_by_time" "portable",
};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS gw_migrations \
    (version BIGINT NOT NULL PRIMARY KEY, description TEXT NOT NULL, checksum TEXT NOT NULL)";
/// Any number that nobody else locks.
const LOCK: i64 = 0x6c69_6267_7731;

/// Does to the schema what `migrate` allows.
pub(super) async fn prepare(db: &Db, migrate: Migrate) -> Result<()> {
    let known = migrations_of(db.backend());
    match migrate {
        Migrate::Off => Ok(()),
        Migrate::Check => match missing(known, &applied(db).await?)? {
            [] => Ok(()),
            [first, ..] => Err(Error::new(
                ErrorCode::SchemaTooOld,
                format!(
                    "the store lacks migration {}: open it once with migrate: auto, as a role that may change the schema",
                    first.description
                ),
            )
            .with_param("migrate")),
        },
        Migrate::Auto if missing(known, &applied(db).await?)?.is_empty() => Ok(()),
        Migrate::Auto => run(db, known).await,
    }
}

async fn run(db: &Db, known: &'static [Migration]) -> Result<()> {
    let mut tx = db.begin().await?;
    lock(&mut tx).await?;
    tx.run_script(TABLE).await?;
    // Another process may have been faster.
    let applied = read(tx.fetch_all(sql(LIST)).await?)?;
    for migration in missing(known, &applied)? {
        tx.run_script(migration.script).await?;
        let insert = sql("INSERT INTO gw_migrations (version, description, checksum) VALUES ($1, $2, $3)");
        tx.execute(insert.bind(migration.version).bind(migration.description).bind(migration.checksum())).await?;
    }
    tx.commit().await
}

/// Waits until no other process changes the schema or the partitions. SQLite's write transactions exclude each other.
pub(super) async fn lock(tx: &mut Tx) -> Result<()> {
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres { .. } => tx.execute(sql("SELECT pg_advisory_xact_lock($1)").bind(LOCK)).await.map(drop),
    }
}

const LIST: &str = "SELECT version, checksum FROM gw_migrations ORDER BY version";

/// What was applied; nothing when the table is not there.
async fn applied(db: &Db) -> Result<Vec<(i64, String)>> {
    let exists = sql(match db.backend() {
        Backend::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'gw_migrations'",
        Backend::Postgres => "SELECT 1 WHERE to_regclass('gw_migrations') IS NOT NULL",
    });
    match db.fetch_optional(exists).await? {
        Some(_) => read(db.fetch_all(sql(LIST)).await?),
        None => Ok(Vec::new()),
    }
}

fn read(rows: Vec<super::row::Row>) -> Result<Vec<(i64, String)>> {
    let pair = |row: super::row::Row| {
        let mut columns = row.columns();
        Ok((columns.int()?, columns.text()?))
    };
    rows.into_iter().map(pair).collect()
}

/// What is known and not applied. Applied ones must be known, unchanged and the first ones.
fn missing<'m>(known: &'m [Migration], applied: &[(i64, String)]) -> Result<&'m [Migration]> {
    for (index, (version, checksum)) in applied.iter().enumerate() {
        match known.get(index) {
            Some(migration) if migration.version == *version && migration.checksum() == *checksum => {}
            Some(migration) if migration.version == *version => {
                return Err(failed(format!(
                    "migration {} was changed after it was applied to this store",
                    migration.description
                )));
            }
            Some(_) => {
                return Err(failed(format!("the store has a migration {version} that this library does not know")));
            }
            None => {
                return Err(Error::new(
                    ErrorCode::SchemaTooNew,
                    format!("the store's schema is newer than this library (migration {version}): upgrade libgateway"),
                ));
            }
        }
    }
    Ok(known.get(applied.len()..).unwrap_or_default())
}

impl Migration {
    /// SHA-256 of the script, whatever line ends it was checked out with.
    fn checksum(&self) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, self.script.replace('\r', "").as_bytes());
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

pub(super) fn migrations_of(backend: Backend) -> &'static [Migration] {
    match backend {
        Backend::Sqlite => SQLITE,
        Backend::Postgres => POSTGRES,
    }
}

/// The whole schema as one script, for hosts whose role may not change it: an administrator runs it on an empty
/// database, and the gateway is opened with `migrate: check`.
pub(crate) fn migration_sql(backend: Backend) -> String {
    let mut script = format!("BEGIN;\n\n{TABLE};\n");
    for migration in migrations_of(backend) {
        let Migration { version, description, script: body } = migration;
        let checksum = migration.checksum();
        script.push_str(&format!(
            "\n-- {description}\n\n{body}\nINSERT INTO gw_migrations (version, description, checksum) VALUES ({version}, '{description}', '{checksum}');\n"
        ));
    }
    script.push_str("\nCOMMIT;\n");
    script
}
