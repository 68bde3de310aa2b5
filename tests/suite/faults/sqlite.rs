//! A SQLite file that somebody else holds for long, that cannot grow, or that is gone.

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use libgateway::{ErrorCode, TraceFilter};
use libgateway_tests::{
    Backend, TENANT, TestGateway,
    alone::{Limit, alone, lift_file_limit},
    checks::{all_traces, eventually, eventually_within},
    files, hello, run_within,
};
use serde_json::json;

use crate::outage::{Outage, RECOVERY};

const TIME: Duration = Duration::from_secs(180);

/// Another program in another process, which has the write lock of a file until it is dropped.
struct Locker(Child);

impl Locker {
    fn lock(file: &str) -> Self {
        let program = "import sqlite3, sys\n\
            connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
            connection.execute('BEGIN EXCLUSIVE')\n\
            print('locked', flush=True)\n\
            sys.stdin.read()";
        let mut child = Command::new("python3")
            .args(["-c", program, file])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "locked\n");
        Self(child)
    }
}

impl Drop for Locker {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

/// The file of a gateway's store.
fn file(outage: &Outage) -> PathBuf {
    outage.test.store().directory().expect("a SQLite store").join("gateway.db")
}

#[test]
fn a_file_that_another_process_locks_for_longer_than_anybody_waits_costs_no_trace() {
    run_within(TIME, || async {
        let mut outage = Outage::before(TestGateway::open(Backend::Sqlite).await).await;
        let lock = Locker::lock(file(&outage).to_str().unwrap());
        outage.call(20).await;
        outage.is_told("the store does not answer").await;
        // The file can be read meanwhile.
        assert_eq!(outage.test.acme.list_traces(Default::default()).await.unwrap().traces.len(), 3);
        let given_up = async || outage.test.gateway.stats().store_retries > 0;
        eventually_within(RECOVERY, "a statement has waited as long as it may", given_up).await;
        outage.is_told("another process has been writing to it for too long").await;
        outage.call(20).await;
        outage.nothing_is_written();
        drop(lock);
        outage.is_over().await;
    });
}

#[test]
fn a_file_that_cannot_grow_costs_no_trace() {
    const MIB: u64 = 1 << 20;
    // No file of the process may have more: not the store with its log, which then cannot be written to. A segment of
    // the spool has less.
    alone(Limit::FileBytes(6 * MIB), "", TIME, |_| async {
        let mut outage = Outage::before(TestGateway::open(Backend::Sqlite).await).await;
        let noise = libgateway_tests::noise(64 << 10);
        let full = async || {
            let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": noise}]});
            outage.call_with(&body).await;
            outage.test.gateway.stats().store_error.is_some()
        };
        eventually_within(RECOVERY, "there is no room any more", full).await;
        outage.is_told("the store's file cannot be").await;
        outage.call(100).await;
        lift_file_limit();
        outage.is_over().await;
    });
}

#[test]
fn a_disk_that_is_full_for_store_and_spool_costs_no_trace_while_memory_has_room() {
    const KIB: u64 = 1 << 10;
    alone(Limit::FileBytes(1_536 * KIB), "", TIME, |_| async {
        let mut outage = Outage::before(TestGateway::open(Backend::Sqlite).await).await;
        let noise = libgateway_tests::noise(64 << 10);
        let full = async || {
            let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": noise}]});
            outage.call_with(&body).await;
            let stats = outage.test.gateway.stats();
            stats.store_error.is_some() && stats.spool_error.is_some()
        };
        eventually_within(RECOVERY, "there is no room any more", full).await;
        outage.is_told("traces are in memory only").await;
        outage.is_told("the store's file cannot be").await;
        outage.call(20).await;
        lift_file_limit();
        outage.is_over().await;
    });
}

#[test]
fn a_file_that_is_moved_away_is_missed_and_written_to_when_it_is_back() {
    run_within(TIME, || async {
        let mut outage = Outage::before(TestGateway::open(Backend::Sqlite).await).await;
        let (file, elsewhere) = (file(&outage), file(&outage).with_file_name("elsewhere.db"));
        fs::rename(&file, &elsewhere).unwrap();
        // Told before anything is written.
        outage.is_told("is gone").await;
        outage.call(20).await;
        outage.nothing_is_written();
        let change = outage.test.acme.set_provider(TestGateway::provider(&outage.test.upstream)).await;
        assert_eq!(change.unwrap_err().code(), ErrorCode::StoreUnavailable);
        assert!(!file.exists(), "nobody made another one");
        // Another file in its place is not the store.
        fs::copy(&elsewhere, &file).unwrap();
        outage.is_told("is not the file that was opened").await;
        fs::rename(&elsewhere, &file).unwrap();
        outage.is_over().await;
    });
}

#[test]
fn what_comes_after_a_file_was_deleted_waits_for_its_backup() {
    run_within(TIME, || async {
        let mut outage = Outage::before(TestGateway::open(Backend::Sqlite).await).await;
        let (file, backup) = (file(&outage), file(&outage).with_file_name("backup.db"));
        outage.test.gateway.backup(&backup).await.unwrap();
        fs::remove_file(&file).unwrap();
        outage.call(20).await;
        outage.is_told("is gone").await;
        outage.nothing_is_written();
        let error = outage.test.gateway.close(Duration::from_millis(300)).await.expect_err("there is no store");
        assert!(error.to_string().contains("20 of them are safe in the spool, and 0 are lost"), "{error}");
        let spooled = files(&outage.test.store().spool_dir());
        assert!(spooled.iter().any(|file| file.extension().is_some_and(|extension| extension == "seg")), "{spooled:?}");

        // As a backup is put back: what is left of the old file's log would be taken into the new one.
        for log in ["gateway.db-wal", "gateway.db-shm"] {
            match fs::remove_file(file.with_file_name(log)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => panic!("{error}"),
                _ => {}
            }
        }
        fs::rename(&backup, &file).unwrap();
        let next = outage.test.second().await;
        let acme = next.tenant(TENANT).unwrap();
        let all = async || all_traces(&acme, &TraceFilter::default()).await.len() == 23;
        eventually("the traces from before and after are there", all).await;
        assert_eq!((next.stats().recovery.persisted, next.stats().recovery.abandoned), (20, 0));
        acme.chat(hello()).await.unwrap();
        next.close(RECOVERY).await.unwrap();
    });
}
