//! How fast a gateway brings home what another one has left in the spool, beside a bare loop that puts as many bytes into
//! a table of its own.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use libgateway::{Config, Gateway, NewTenant, ProviderConfig};
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use tempfile::TempDir;

use crate::setup::{config, question};

const RECORDS: usize = 50_000;
const PATIENCE: Duration = Duration::from_secs(120);
/// How many rows the bare loop inserts at once.
const BATCH: usize = 100;

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let directory = tempfile::tempdir().expect("a directory");
        let config = Config { spool_dir: Some(directory.path().join("spool")), ..config(&directory) };
        leave_behind(&config).await;
        let bytes = size_of(&directory.path().join("spool"));

        let began = Instant::now();
        let gateway = Gateway::open(config).await.expect("a gateway");
        while gateway.stats().recovery.persisted < RECORDS as u64 {
            assert!(began.elapsed() < PATIENCE, "the spool is not brought home: {:?}", gateway.stats());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let ours = began.elapsed();
        gateway.close(PATIENCE).await.expect("a close");

        let reference = insert_bare(&directory, bytes / RECORDS).await;
        let rate = |took: Duration| RECORDS as f64 / took.as_secs_f64();
        println!(
            "{:<52} ours {:>9.0} /s   bare sqlx loop {:>9.0} /s   ratio {:>5.2}   promise ≥ 50,000 /s",
            format!("replay of {RECORDS} records of {} bytes", bytes / RECORDS),
            rate(ours),
            rate(reference),
            rate(ours) / rate(reference)
        );
    });
}

/// A gateway that works while its store is away, and ends before that is back.
async fn leave_behind(config: &Config) {
    let gateway = Gateway::open(config.clone()).await.expect("a gateway");
    let provider = Some(ProviderConfig { kind: "mock".into(), ..ProviderConfig::default() });
    let tenant = NewTenant { id: Some("acme".parse().expect("an id")), provider, ..NewTenant::default() };
    gateway.create_tenant(tenant).await.expect("a tenant");
    let acme = gateway.tenant("acme").expect("a handle");
    acme.chat(question(false)).await.expect("an answer");
    gateway.flush(PATIENCE).await.expect("a flush");

    let mut lock = SqliteConnection::connect(&config.store).await.expect("the store");
    lock.execute("BEGIN EXCLUSIVE").await.expect("a lock");
    for _ in 0..RECORDS {
        acme.chat(question(false)).await.expect("an answer");
    }
    let left = gateway.close(Duration::from_secs(2)).await;
    assert!(left.is_err(), "the store took what it could not take: {left:?}");
    lock.execute("ROLLBACK").await.expect("an unlocked store");
}

/// The bytes of all files below.
fn size_of(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .map(|path| if path.is_dir() { size_of(&path) } else { fs::metadata(path).expect("a file").len() as usize })
        .sum()
}

/// Rows of as many bytes, in one table with one key and nothing else.
async fn insert_bare(directory: &TempDir, bytes: usize) -> Duration {
    let url = format!("sqlite:{}?mode=rwc", directory.path().join("bare.db").display());
    let mut connection = SqliteConnection::connect(&url).await.expect("a store");
    let schema = "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
                  CREATE TABLE records (id BLOB NOT NULL UNIQUE, record BLOB NOT NULL)";
    connection.execute(schema).await.expect("a table");
    let insert = format!("INSERT INTO records VALUES {}", vec!["(?, ?)"; BATCH].join(", "));
    let record = vec![7_u8; bytes];
    let began = Instant::now();
    for batch in 0..RECORDS / BATCH {
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(insert.clone()));
        for row in 0..BATCH {
            rows = rows.bind(((batch * BATCH + row) as u128).to_be_bytes().to_vec()).bind(&record);
        }
        rows.execute(&mut connection).await.expect("a batch");
    }
    began.elapsed()
}
