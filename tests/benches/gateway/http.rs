//! A chat over HTTP through `serve`, beside a bare proxy of axum's to the same upstream. Client, upstream and both
//! contenders are processes of their own.

use std::{
    io::Read as _,
    time::{Duration, Instant},
};

use axum::{body, extract::Request, response::Response};
use libgateway::{NewApiKey, ServeConfig};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{
    ROUNDS,
    cpu::{Cpu, resident_of},
    percentile, report_against,
    setup::{Process, config, open, question, tls},
};

const PER_ROUND: usize = 400;
const STREAMS: usize = 100;
const OPEN_STREAMS: usize = 1_000;
/// How long what is written behind the answers may take.
const SETTLED: Duration = Duration::from_secs(1);

/// A server, and how to ask it.
struct Contender {
    process: Process,
    url: String,
    key: String,
    client: reqwest::Client,
    durations: Vec<Duration>,
}

impl Contender {
    fn start(what: &str, upstream: &Process) -> Self {
        let process = Process::start(&[what, &upstream.said]);
        let (url, key) = process.said.split_once(' ').expect("an address and a key");
        Self { url: url.to_owned(), key: key.to_owned(), ..Self::at(process) }
    }

    /// The upstream itself.
    fn at(process: Process) -> Self {
        let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls()).build().expect("a client");
        Self { url: process.said.clone(), process, key: "sk-bench".to_owned(), client, durations: Vec::new() }
    }

    async fn ask(&self, stream: bool) -> reqwest::Response {
        let request = self.client.post(format!("{}/v1/chat/completions", self.url)).bearer_auth(&self.key);
        let request = request.header("content-type", "application/json").body(question(stream));
        request.send().await.expect("an answer").error_for_status().expect("a good one")
    }

    async fn chats(&self) {
        for _ in 0..PER_ROUND {
            assert!(!self.ask(false).await.bytes().await.expect("a body").is_empty());
        }
    }

    /// How long the first piece of a stream takes, and then the rest of it.
    async fn first_piece(&mut self) {
        let asked = Instant::now();
        let mut answer = self.ask(true).await;
        answer.chunk().await.expect("a piece").expect("a piece");
        self.durations.push(asked.elapsed());
        while answer.chunk().await.expect("a piece").is_some() {}
    }

    fn cpu(&self) -> Cpu {
        Cpu::of(&self.process.id().to_string())
    }
}

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    cost(&runtime);
    first_pieces(&runtime);
    memory(&runtime);
}

fn contenders(upstream: &Process) -> [Contender; 2] {
    ["serve-gateway", "serve-proxy"].map(|what| Contender::start(what, upstream))
}

fn cost(runtime: &Runtime) {
    let upstream = Process::start(&["serve-upstream", "chat"]);
    let both = contenders(&upstream);
    runtime.block_on(async {
        for contender in &both {
            contender.chats().await;
        }
        tokio::time::sleep(SETTLED).await;
        let begun = both.each_ref().map(Contender::cpu);
        for _ in 0..ROUNDS {
            for contender in &both {
                contender.chats().await;
            }
        }
        tokio::time::sleep(SETTLED).await;
        let [ours, proxy] = [0, 1].map(|at| both[at].cpu().since(begun[at]));
        let each = |micros: f64| micros / (ROUNDS * PER_ROUND) as f64;
        let proxy = each(proxy.callers);
        report_against("axum", "HTTP chat, CPU of the threads that serve", each(ours.callers), proxy, "µs", "≤ 1.25");
        let all = each(ours.callers + ours.gateway);
        report_against("axum", "HTTP chat, CPU with the encrypted durable trace", all, proxy, "µs", "-");
    });
}

fn first_pieces(runtime: &Runtime) {
    let upstream = Process::start(&["serve-upstream", "paced"]);
    let [mut ours, mut proxy] = contenders(&upstream);
    let mut direct = Contender::at(upstream);
    runtime.block_on(async {
        for _ in 0..STREAMS {
            for contender in [&mut ours, &mut proxy, &mut direct] {
                contender.first_piece().await;
            }
        }
    });
    let direct = percentile(&mut direct.durations, 50);
    let added = |contender: &mut Contender| percentile(&mut contender.durations, 50) - direct;
    let (ours, proxy) = (added(&mut ours), added(&mut proxy));
    report_against("axum", "HTTP, what it adds to the first piece, p50", ours, proxy, "µs", "≤ 300 µs");
}

fn memory(runtime: &Runtime) {
    let upstream = Process::start(&["serve-upstream", "open"]);
    let [ours, proxy] = contenders(&upstream).map(|contender| {
        runtime.block_on(async {
            contender.ask(true).await.chunk().await.expect("a piece");
            let before = resident_of(&contender.process.id().to_string());
            let mut streams = Vec::new();
            for _ in 0..OPEN_STREAMS {
                let mut stream = contender.ask(true).await;
                stream.chunk().await.expect("a piece").expect("a piece");
                streams.push(stream);
            }
            let grown = resident_of(&contender.process.id().to_string()) - before;
            drop(streams);
            grown / 1e6
        })
    });
    report_against("axum", "HTTP, memory of 1,000 open streams", ours, proxy, "MB", "≤ 64 MB");
}

/// A process that serves a gateway until its standard input ends.
pub(crate) fn serve_gateway(upstream: &str) {
    let (runtime, directory) = (two_threads(), tempfile::tempdir().expect("a directory"));
    let (gateway, acme) = open(&runtime, upstream, config(&directory));
    runtime.block_on(async {
        let key = acme.create_api_key(NewApiKey::default()).await.expect("a key");
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = gateway.serve(ServeConfig { address, ..ServeConfig::default() }).await.expect("a server");
        println!("http://{} {}", server.address(), key.secret.expose());
        until_input_ends().await;
        server.shutdown(Duration::ZERO).await;
    });
}

/// A process that passes on what it is asked, and does nothing else.
pub(crate) fn serve_proxy(upstream: &str) {
    let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls()).build().expect("a client");
    let upstream = upstream.to_owned();
    two_threads().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("http://{} sk-bench", listener.local_addr().expect("an address"));
        let pass_on = move |request: Request| pass_on(client.clone(), upstream.clone(), request);
        let router = axum::Router::new().fallback(pass_on);
        tokio::select! {
            served = axum::serve(listener, router) => served.expect("a server"),
            () = until_input_ends() => {}
        }
    });
}

async fn pass_on(client: reqwest::Client, upstream: String, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = body::to_bytes(body, usize::MAX).await.expect("a body");
    let mut asked = client.request(head.method, format!("{upstream}{}", head.uri)).body(body);
    for name in ["authorization", "content-type"] {
        asked = asked.header(name, head.headers.get(name).expect("a header"));
    }
    let answer = asked.send().await.expect("an answer");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(body::Body::from_stream(answer.bytes_stream()));
    *response.status_mut() = status;
    if let Some(content_type) = headers.get("content-type") {
        response.headers_mut().insert("content-type", content_type.clone());
    }
    response
}

fn two_threads() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

async fn until_input_ends() {
    let read = tokio::task::spawn_blocking(|| drop(std::io::stdin().read_to_end(&mut Vec::new())));
    read.await.expect("the end of the input");
}
