//! What gateways take of their hosts and of the database they share, however much is asked of them at once: so many
//! threads, so many connections.

use futures_util::future::join_all;
use libgateway_tests::{Backend, TENANT, TestGateway, backend_tests};
use serde_json::json;

use crate::support::{
    host,
    process::{Part, Process},
    raw::Raw,
};

/// Processes with a gateway each.
const PROCESSES: usize = 8;
/// Calls, and pages of traces, that each of them asks for at once.
const CALLS: usize = 50;

/// The pool of one gateway when nothing is configured: the writer and two readers of a SQLite file, or four connections
/// to PostgreSQL.
const fn pool(backend: Backend) -> usize {
    match backend {
        Backend::Sqlite => 3,
        Backend::Postgres | Backend::Pooled => 4,
    }
}

/// The threads of one gateway: its own, one that reads certificates as it opens and soon ends, and one for each
/// connection, on which SQLite works or a name of PostgreSQL's server is looked up.
const fn threads(backend: Backend) -> usize {
    2 + pool(backend)
}

backend_tests! {
    async fn eight_busy_processes_have_few_threads_and_connections(backend: Backend) {
        let test = TestGateway::open(backend).await;
        // The upstream stays; the connections of this process would be counted.
        test.close().await;
        let mut hosts: Vec<_> = (0..PROCESSES).map(|_| Process::start(Part::Host, &[])).collect();
        let mut before = Vec::new();
        // Each is up once it has answered.
        for host in &mut hosts {
            assert!(host.ask(json!({"do": "read_env"})).await["ok"].is_object());
            before.push(host.threads());
        }
        join_all(hosts.iter_mut().map(|host| host.ask(host::open(test.store())))).await;
        let busy = json!({"do": "be_busy", "tenant": TENANT, "calls": CALLS});
        for answer in join_all(hosts.iter_mut().map(|host| host.ask(busy.clone()))).await {
            assert_eq!(answer, json!({"ok": CALLS}));
        }

        for (host, before) in hosts.iter().zip(before) {
            let taken = host.threads() - before;
            assert!((1..=threads(backend)).contains(&taken), "a gateway has {taken} threads");
        }
        let connections = connections(&test, &hosts).await;
        assert!((PROCESSES..=PROCESSES * pool(backend)).contains(&connections), "{connections} connections");
        assert_eq!(test.upstream.stats().requests, (PROCESSES * CALLS) as u64);
        for host in hosts {
            host.end().await;
        }
    }
}

/// How many the hosts have to the store.
async fn connections(test: &TestGateway, hosts: &[Process]) -> usize {
    match test.store().directory() {
        Some(directory) => hosts.iter().map(|host| host.opened(&directory.join("gateway.db"))).sum(),
        None => {
            let ours = "SELECT count(*) FROM pg_stat_activity \
                        WHERE datname = current_database() AND application_name = 'libgateway'";
            Raw::open(test.store()).await.number(ours).await.try_into().unwrap()
        }
    }
}
