//! A chat while the store is away, against the same gateway's chat while it is there, in turns.

use std::time::Duration;

use libgateway::{Config, Gateway, TenantHandle};
use libgateway_tests::postgres::PrivateServer;
use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::{
    chat::calls,
    percentile, report_against,
    setup::{Setup, config, question},
};

const TURNS: usize = 10;
/// How long the store may take until it is back and has everything.
const PATIENCE: Duration = Duration::from_secs(60);

/// What takes the store away, or gives it back.
type Turn<'a> = dyn FnMut() + 'a;

pub(crate) fn run() {
    let setup = Setup::new("chat");

    let directory = tempfile::tempdir().expect("a directory");
    let (gateway, acme) = open(&setup, config(&directory));
    let lock = SqliteConnection::connect(&config(&directory).store);
    let lock = std::cell::RefCell::new(setup.runtime.block_on(lock).expect("the store"));
    let execute =
        |statement| setup.runtime.block_on(lock.borrow_mut().execute(statement)).map(drop).expect("a statement");
    let (mut away, mut back) = (|| execute("BEGIN EXCLUSIVE"), || execute("ROLLBACK"));
    measure("chat, p50 latency, SQLite file locked", &setup, (&gateway, &acme), (&mut away, &mut back));

    let server = std::cell::RefCell::new(PrivateServer::start());
    let store = server.borrow().url().to_owned();
    let spool_dir = Some(directory.path().join("spool"));
    let (gateway, acme) = open(&setup, Config { store, spool_dir, ..config(&directory) });
    let (mut away, mut back) = (|| server.borrow_mut().stop(), || server.borrow_mut().resume());
    measure("chat, p50 latency, PostgreSQL stopped", &setup, (&gateway, &acme), (&mut away, &mut back));
}

/// A gateway that has its tenant in memory, and keeps it there: one that made the tenant looks at its own changes, and
/// forgets it once.
fn open(setup: &Setup, config: Config) -> (Gateway, TenantHandle) {
    let (gateway, _) = setup.open(config.clone());
    setup.runtime.block_on(async {
        gateway.close(PATIENCE).await.expect("a close");
        let gateway = Gateway::open(config).await.expect("a gateway");
        let acme = gateway.tenant("acme").expect("a handle");
        acme.get_provider_for_tenant(None).await.expect("a provider");
        (gateway, acme)
    })
}

fn measure(
    what: &str,
    setup: &Setup,
    (gateway, acme): (&Gateway, &TenantHandle),
    (away, back): (&mut Turn<'_>, &mut Turn<'_>),
) {
    let body = question(false);
    let settle = || drop(setup.runtime.block_on(gateway.flush(PATIENCE)).expect("a flush"));
    let (mut with_store, mut without) = (Vec::new(), Vec::new());
    for turn in 0..=TURNS {
        let there = calls(setup, acme, &body);
        settle();
        away();
        let gone = calls(setup, acme, &body);
        back();
        settle();
        // The first turn warms up.
        if turn > 0 {
            with_store.extend(there);
            without.extend(gone);
        }
    }
    let (ours, reference) = (percentile(&mut without, 50), percentile(&mut with_store, 50));
    report_against("with it", what, ours, reference, "µs", "≤ 1.1");
}
