//! Several processes and one store: this test binary runs itself.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use super::{
    control::tenant_record,
    corpus::{record, tenant},
    support::{Place, in_every_shared_place, now},
};
use crate::{
    config::Migrate,
    store::{Store, StoreOptions, migrate, query::sql},
};

const URL: &str = "LIBGATEWAY_TEST_CHILD_URL";
const JOB: &str = "LIBGATEWAY_TEST_CHILD_JOB";
/// What a child says when it waits at the gate.
const READY: &str = "@@ready";

/// A child. It waits until its standard input ends, so that several begin together.
struct Other {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Other {
    fn start(place: &Place, job: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::processes::child", "--ignored", "--nocapture"])
            .env(URL, &place.url)
            .env(JOB, job)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    /// Returns once it stands at the gate.
    fn wait_until_ready(&mut self) {
        let mut line = String::new();
        while !line.contains(READY) {
            line.clear();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "the child ended before it began");
        }
    }

    fn go(&mut self) {
        drop(self.child.stdin.take());
    }

    fn finish(self) {
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What a child does; no test by itself.
#[test]
#[ignore = "run by the other tests in processes of their own"]
fn child() {
    let (Ok(url), Ok(job)) = (std::env::var(URL), std::env::var(JOB)) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = StoreOptions { url, migrate: Migrate::Auto, pool_size: None, now: now() };
        println!("{READY}");
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        match job.as_str() {
            "open" => drop(Store::open(&options).await.unwrap()),
            "die" => die_half_way(&StoreOptions { migrate: Migrate::Off, ..options }).await,
            number => work(&Store::open(&options).await.unwrap(), number.parse().unwrap()).await,
        }
    });
}

/// Everything at once: keys, tenants, traces of which half are everybody's.
async fn work(store: &Store, number: u64) {
    let check = store.remember_master_key(1, &[number as u8]).await.unwrap();
    store.insert_traces(&[record(&tenant("checks"), 1_790_000_000_000 + i64::from(check[0]), 1)]).await.unwrap();
    store.create_tenant(&tenant_record(&format!("tenant-{number}"))).await.unwrap();
    for round in 0..20 {
        let shared = (0..50).map(|trace| record(&tenant("acme"), 1_790_000_000_000 + round, trace));
        let own = (0..50).map(|trace| record(&tenant("acme"), 1_790_000_000_000 + round, 1000 * (number + 1) + trace));
        store.insert_traces(&shared.chain(own).collect::<Vec<_>>()).await.unwrap();
    }
    store.close().await;
}

/// Applies two migrations under the lock and dies before the transaction ends.
async fn die_half_way(options: &StoreOptions) {
    let store = Store::open(options).await.unwrap();
    let mut tx = store.db.begin().await.unwrap();
    migrate::lock(&mut tx).await.unwrap();
    for migration in &migrate::migrations_of(store.db.backend())[..2] {
        tx.run_script(migration.script).await.unwrap();
    }
    Command::new("kill").args(["-9", &std::process::id().to_string()]).status().unwrap();
}

async fn count(store: &Store, what: &str) -> i64 {
    store
        .db
        .fetch_optional(sql(format!("SELECT count(*) FROM {what}")))
        .await
        .unwrap()
        .unwrap()
        .columns()
        .int()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_open_and_fill_one_fresh_store_at_once() {
    in_every_shared_place(async |place| {
        let mut children: Vec<_> = (0..8).map(|number| Other::start(place, &number.to_string())).collect();
        children.iter_mut().for_each(Other::wait_until_ready);
        children.iter_mut().for_each(Other::go);
        children.into_iter().for_each(Other::finish);
        let store = place.open().await;
        assert_eq!(count(&store, "gw_master_keys").await, 1);
        assert_eq!(count(&store, "gw_traces WHERE tenant_id = 'checks'").await, 1, "all saw the same check value");
        assert_eq!(count(&store, "gw_traces WHERE tenant_id = 'acme'").await, 20 * 50 + 8 * 20 * 50);
        let changes = store.changes_since(0).await.unwrap();
        assert_eq!((changes.generation, changes.tenants.len()), (8, 8));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_while_it_migrates_leaves_a_store_that_opens() {
    in_every_shared_place(async |place| {
        // Waiting for a child closes its standard input.
        assert!(!Other::start(place, "die").child.wait().unwrap().success(), "it died");
        let others: Vec<_> = (0..3).map(|_| Other::start(place, "open")).collect();
        others.into_iter().for_each(Other::finish);
        let store = place.open().await;
        assert_eq!(count(&store, "gw_migrations").await, migrate::migrations_of(store.db.backend()).len() as i64);
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_are_killed_at_any_moment_of_opening_do_no_harm() {
    for after_us in (0..24).map(|step| 500 * step) {
        in_every_shared_place(async |place| {
            let mut victim = Other::start(place, "open");
            victim.wait_until_ready();
            victim.go();
            // Waits for nothing: where the blow falls is what varies.
            tokio::time::sleep(Duration::from_micros(after_us)).await;
            victim.child.kill().unwrap();
            victim.child.wait().unwrap();
            let store = place.open().await;
            store.insert_traces(&[record(&tenant("acme"), 1_790_000_000_000, 1)]).await.unwrap();
            store.close().await;
        })
        .await;
    }
}
