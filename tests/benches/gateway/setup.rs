//! The mock upstream in a process of its own, a gateway on a SQLite file, and the reference client.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
    time::Duration,
};

use libgateway::{Config, Durability, Gateway, NewTenant, PrivateAddresses, ProviderConfig, TenantHandle};
use libgateway_tests::MASTER_KEY;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use upstream::{Options, Recording, Script, Upstream};

/// What the benchmarks work with.
pub(crate) struct Setup {
    pub(crate) runtime: Runtime,
    pub(crate) gateway: Gateway,
    pub(crate) acme: TenantHandle,
    /// A second gateway, with `durability: memory`, and its tenant.
    pub(crate) in_memory: (Gateway, TenantHandle),
    pub(crate) reqwest: reqwest::Client,
    pub(crate) url: String,
    _server: Process,
    _directories: [TempDir; 2],
}

impl Setup {
    /// `script` names what the upstream answers: see [`serve_upstream`].
    pub(crate) fn new(script: &str) -> Self {
        let server = Process::start(&["serve-upstream", script]);
        let url = server.said.clone();

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        let open =
            |directory, durability| open(&runtime, &url, Config { durability: Some(durability), ..config(directory) });
        let (gateway, acme) = open(&directories[0], Durability::Spool);
        let in_memory = open(&directories[1], Durability::Memory);
        share_one_processor("-pc", std::process::id());
        share_one_processor("-apc", server.id());
        let reqwest = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls()).build().expect("a client");
        Self { runtime, gateway, acme, in_memory, reqwest, url, _server: server, _directories: directories }
    }

    /// Opens a further gateway with a tenant.
    pub(crate) fn open(&self, config: Config) -> (Gateway, TenantHandle) {
        open(&self.runtime, &self.url, config)
    }

    /// Waits until the recorder has nothing left to do.
    pub(crate) fn settle(&self) {
        for gateway in [&self.gateway, &self.in_memory.0] {
            self.runtime.block_on(gateway.flush(Duration::from_secs(60))).expect("a flush");
        }
    }

    /// The request that reference and gateway send.
    pub(crate) fn reference(&self, body: &bytes::Bytes) -> reqwest::RequestBuilder {
        self.reqwest
            .post(format!("{}/v1/chat/completions", self.url))
            .header("authorization", "Bearer sk-bench")
            .header("content-type", "application/json")
            .body(body.clone())
    }
}

/// This program in a process of its own, for another part of a benchmark: it says a line when it is ready, and ends with
/// its standard input.
pub(crate) struct Process {
    child: Child,
    pub(crate) said: String,
}

impl Process {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut said = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut said).expect("its line");
        Self { child, said: said.trim().to_owned() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// A gateway with a tenant whose provider is there.
pub(crate) fn open(runtime: &Runtime, url: &str, config: Config) -> (Gateway, TenantHandle) {
    let gateway = runtime.block_on(Gateway::open(config)).expect("a gateway");
    let mut provider =
        ProviderConfig { kind: "openai".into(), api_key: Some("sk-bench".into()), ..ProviderConfig::default() };
    provider.settings.base_url = Some(format!("{url}/v1"));
    let id = Some("acme".parse().expect("an id"));
    let tenant = NewTenant { id, provider: Some(provider), ..NewTenant::default() };
    runtime.block_on(gateway.create_tenant(tenant)).expect("a tenant");
    let acme = gateway.tenant("acme").expect("a handle");
    (gateway, acme)
}

pub(crate) fn config(directory: &TempDir) -> Config {
    let mut config = Config {
        store: format!("sqlite:{}", directory.path().join("bench.db").display()),
        master_key: Some(MASTER_KEY.into()),
        ..Config::default()
    };
    config.network.private = PrivateAddresses::Allow;
    config
}

/// Puts the thread that calls, and the process that answers, on the first processor. Left to the scheduler, the two are
/// on one or on two, for minutes, and a call takes 20 µs or 100: more than anything that is measured here. The gateway's
/// own threads run where they like.
fn share_one_processor(which: &str, process: u32) {
    let done = Command::new("taskset").args([which, "0", &process.to_string()]).stdout(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "taskset is missing; on Debian: apt-get install util-linux");
}

/// reqwest wants a TLS set-up, though nothing here speaks TLS.
pub(crate) fn tls() -> rustls::ClientConfig {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}

/// A chat of about 1 KB, streamed or not.
pub(crate) fn question(stream: bool) -> bytes::Bytes {
    let text = "How does a gateway that is linked instead of deployed save time? ".repeat(13);
    let mut body = json!({"model": "gpt-4o", "messages": [{"role": "system", "content": "You are brief."}, {"role": "user", "content": text}]});
    if stream {
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
    }
    body.to_string().into()
}

/// The other side: answers `chat` (1 KB), `stream` (256 chunks at once), `paced` (20 chunks, 5 ms apart) or `open` (one
/// chunk, and no end) until its standard input ends.
pub(crate) fn serve_upstream(script: &str) {
    let chunk = |text: &str| {
        json!({"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "delta": {"content": text}, "logprobs": null, "finish_reason": null}]})
    };
    let events = |count: usize| -> Vec<Value> {
        let mut events: Vec<Value> = (0..count).map(|number| chunk(&format!(" token{number}"))).collect();
        events.push(json!({"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}));
        events
    };
    let script = match script {
        "stream" => Script::sse(events(256)).done(),
        "paced" => Script::sse(events(20)).done().gap_ms(5),
        "open" => Script::sse(events(0)).hang_after(10_000),
        _ => Script::json(
            200,
            json!({"id": "chatcmpl-bench", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "It saves a hop, a process and a queue. ".repeat(20)}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 200, "completion_tokens": 180, "total_tokens": 380}}),
        ),
    };
    let upstream = Upstream::start_with(Options::default().recording(Recording::Off)).expect("an upstream");
    upstream.fallback(script);
    println!("{}", upstream.url());
    drop(std::io::stdin().read_to_end(&mut Vec::new()));
}
