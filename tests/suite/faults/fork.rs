//! A host that forks: the child has copies of everything the gateway has open, its locks among them, and may neither keep
//! nor take what is the parent's.

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    ptr,
    time::Duration,
};

use libgateway::{Config, Durability, Gateway, StatusClass, TraceFilter};
use libgateway_tests::{
    Backend, TENANT, TestGateway,
    checks::{all_traces, eventually},
    config,
    direct::Direct,
    hello, run_within,
};
use upstream::Script;

// The three calls need no more than numbers: a null pointer says that nobody wants to know the status.
unsafe extern "C" {
    safe fn fork() -> i32;
    safe fn waitpid(process: i32, status: *const i32, options: i32) -> i32;
    safe fn _exit(status: i32) -> !;
}

/// Set for the host.
const STORE: [&str; 2] = ["LIBGATEWAY_TEST_STORE", "LIBGATEWAY_TEST_SPOOL"];
const PATIENCE: Duration = Duration::from_secs(60);
/// What the host has called for while the store was locked.
const SPOOLED: usize = 5;

/// This test's own program once more, as a host.
struct Host {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Host {
    fn start(test: &TestGateway) -> Self {
        let values = [test.store().url(), test.store().spool_dir().display().to_string()];
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "fork::a_host_that_forks", "--ignored", "--nocapture"])
            .envs(STORE.into_iter().zip(values))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, input, output }
    }

    /// Reads until it says this; what follows on the line.
    fn says(&mut self, word: &str) -> String {
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            if let Some((_, rest)) = line.split_once(word) {
                return rest.trim().to_owned();
            }
            line.clear();
        }
        panic!("the host ended before it said {word:?}");
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The host. It is no test, and ignored among them: it never ends.
#[test]
#[ignore = "the other tests start it"]
fn a_host_that_forks() {
    let [store, spool_dir] = STORE.map(|name| env::var(name).expect("another test starts this one"));
    // A call that has returned is on disk.
    let config = Config {
        store,
        spool_dir: Some(spool_dir.into()),
        durability: Some(Durability::Sync),
        ..config(&Backend::Sqlite.fresh())
    };
    let runtime = runtime();
    let gateway = runtime.block_on(Gateway::open(config.clone())).unwrap();
    let acme = gateway.tenant(TENANT).unwrap();
    runtime.block_on(async {
        acme.chat(hello()).await.unwrap();
        gateway.flush(PATIENCE).await.unwrap();
    });

    let child = fork();
    if child == 0 {
        // A process of its own, with a gateway of its own.
        let done = std::panic::catch_unwind(move || self::runtime().block_on(call_once(config)));
        _exit(i32::from(done.is_err()));
    }
    waitpid(child, ptr::null(), 0);
    runtime.block_on(async {
        acme.chat(hello()).await.unwrap();
        gateway.flush(PATIENCE).await.unwrap();
    });
    say("it works");

    // The test has locked the store when it says so.
    std::io::stdin().read_exact(&mut [0]).unwrap();
    let _unfinished = runtime.block_on(async {
        for _ in 0..SPOOLED {
            acme.chat(hello()).await.unwrap();
        }
        let mut body = hello();
        body["model"] = "endless".into();
        acme.chat_stream(body).await.unwrap()
    });
    let child = fork();
    if child == 0 {
        // Keeps all it was given until its input ends.
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        _exit(0);
    }
    say(&format!("child {child}"));
    loop {
        std::thread::park();
    }
}

async fn call_once(config: Config) {
    let gateway = Gateway::open(config).await.unwrap();
    gateway.tenant(TENANT).unwrap().chat(hello()).await.unwrap();
    gateway.close(PATIENCE).await.unwrap();
}

fn on(backend: Backend) {
    run_within(Duration::from_secs(120), move || async move {
        let test = TestGateway::open(backend).await;
        test.upstream.fallback(Script::stream(["Hel", "lo"]).hang_after(10).on_model("endless"));
        test.close().await;
        let mut host = Host::start(&test);
        host.says("it works");
        let lock = Direct::lock(test.store()).await;
        host.input.write_all(b".").unwrap();
        let child = host.says("child ");
        host.process.kill().unwrap();
        host.process.wait().unwrap();
        lock.release().await;

        // The child has the parent's files and their locks still.
        let next = test.second().await;
        let acme = next.tenant(TENANT).unwrap();
        let all = 3 + SPOOLED + 1;
        let recovered = async || all_traces(&acme, &TraceFilter::default()).await.len() == all;
        eventually("the parent's spool is recovered", recovered).await;
        let status = std::fs::read_to_string(format!("/proc/{child}/stat")).expect("the child lives");
        assert!(!status.contains(") Z "), "{status}");
        let mut classes: Vec<_> =
            all_traces(&acme, &TraceFilter::default()).await.iter().map(|trace| trace.status_class).collect();
        classes.sort();
        let mut expected = vec![StatusClass::Ok; all - 1];
        expected.push(StatusClass::Abandoned);
        assert_eq!(classes, expected);
        assert_eq!((next.stats().recovery.persisted, next.stats().recovery.abandoned), (SPOOLED as u64 + 1, 1));
        assert_eq!(test.upstream.requests().len(), all);
        drop(host.input);
        next.close(PATIENCE).await.unwrap();
    });
}

#[test]
fn a_child_neither_keeps_nor_takes_its_parents_spool_on_sqlite() {
    on(Backend::Sqlite);
}

#[test]
fn a_child_neither_keeps_nor_takes_its_parents_spool_on_postgres() {
    on(Backend::Postgres);
}
