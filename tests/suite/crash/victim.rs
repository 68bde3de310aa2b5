//! A process that works until it is killed: this test's own program once more.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
};

use libgateway::{CallOptions, Config, Durability, Gateway, Request, TenantHandle};
use libgateway_tests::{FreshStore, config};
use serde_json::json;

/// Requests at once.
const AT_ONCE: usize = 8;
/// What the victim finds: the store, the spool, the tenant and the durability.
const NAMES: [&str; 4] =
    ["LIBGATEWAY_TEST_STORE", "LIBGATEWAY_TEST_SPOOL", "LIBGATEWAY_TEST_TENANT", "LIBGATEWAY_TEST_DURABILITY"];
const OPEN: &str = "it is open";
const DONE: &str = "done ";

pub(crate) struct Victim {
    process: Child,
    open: mpsc::Receiver<()>,
    done: JoinHandle<Vec<String>>,
}

impl Victim {
    pub(crate) fn start(store: &FreshStore, tenant: &str, durability: Durability) -> Self {
        let durability = if durability == Durability::Sync { "sync" } else { "spool" };
        let values = [store.url(), store.spool_dir().display().to_string(), tenant.to_owned(), durability.to_owned()];
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "victim::works_until_it_is_killed", "--ignored", "--nocapture"])
            .envs(NAMES.into_iter().zip(values))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (says, open) = mpsc::channel();
        let output = BufReader::new(process.stdout.take().unwrap());
        let done = thread::spawn(move || {
            let mut done = Vec::new();
            for line in output.lines().map_while(Result::ok) {
                if line.contains(OPEN) {
                    says.send(()).unwrap();
                }
                done.extend(line.strip_prefix(DONE).map(str::to_owned));
            }
            done
        });
        Self { process, open, done }
    }

    pub(crate) fn wait_until_open(&self) {
        self.open.recv().expect("the victim works");
    }

    /// SIGKILL: nothing in the process hears of it. Gives the requests whose calls had returned.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.done.join().unwrap()
    }
}

/// The victim's own work. It is no test, and ignored among them: it never ends.
#[test]
#[ignore = "the other tests start it"]
fn works_until_it_is_killed() {
    let [store, spool, tenant, durability] = NAMES.map(|name| env::var(name).expect("another test starts this one"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let template = config(&libgateway_tests::Backend::Sqlite.fresh());
        let durability = Some(if durability == "sync" { Durability::Sync } else { Durability::Spool });
        let config = Config { store, spool_dir: Some(spool.into()), durability, ..template };
        let gateway = Gateway::open(config).await.unwrap();
        let tenant = gateway.tenant(&tenant).unwrap();
        say(OPEN);
        futures_util::future::join_all((0..AT_ONCE).map(|worker| work(&tenant, worker))).await;
    });
}

/// Says a whole line at once, whoever else does.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

async fn work(tenant: &TenantHandle, worker: usize) {
    for number in 0.. {
        let id = format!("{}-{worker}-{number}", tenant.id());
        let body = json!({"model": "gpt-4o", "stream": number % 2 == 0, "user": id, "messages": [{"role": "user", "content": "Hello"}]});
        let options = CallOptions { request_id: Some(id.clone()), ..CallOptions::default() };
        let request = Request::from(body).with_options(options);
        // The upstream answers with a stream, whatever it is asked for: both ends are written down.
        match number % 2 {
            0 => {
                if let Ok(mut stream) = tenant.chat_stream(request).await {
                    while stream.next_chunk().await.is_some() {}
                }
            }
            _ => drop(tenant.chat(request).await),
        }
        say(&format!("{DONE}{id}"));
    }
}
