//! A real socket: clients of every kind, and those that mean harm.

use std::{sync::Arc, time::Duration};

use libgateway::{NewApiKey, ServeConfig, ServeTls, Server};
use libgateway_tests::{Backend, TestGateway, hello, run};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use upstream::Script;

use super::support::PATIENCE;

struct Served {
    test: TestGateway,
    server: Server,
    key: String,
}

impl Served {
    async fn open(adjust: impl FnOnce(&mut ServeConfig)) -> Self {
        let test = TestGateway::open(Backend::Sqlite).await;
        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap().secret.expose().to_owned();
        let mut config = ServeConfig { address: ([127, 0, 0, 1], 0).into(), ..ServeConfig::default() };
        adjust(&mut config);
        let server = test.gateway.serve(config).await.unwrap();
        Self { test, server, key }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    fn chat(&self, client: &reqwest::Client, body: &Value) -> reqwest::RequestBuilder {
        client.post(self.url("/v1/chat/completions")).bearer_auth(&self.key).body(body.to_string())
    }

    /// Sends bytes as they are; what comes back until the server closes, or says nothing for a while.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.server.address()).await.unwrap();
        // A server may close before it has read everything.
        drop(stream.write_all(bytes).await);
        let mut answer = Vec::new();
        drop(timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server closes"));
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn client() -> reqwest::ClientBuilder {
    let roots = rustls::RootCertStore::empty();
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy()
}

#[test]
fn clients_outside_the_process_are_answered() {
    run(|| async {
        let served = Served::open(|_| {}).await;
        let client = client().build().unwrap();
        let answer = served.chat(&client, &hello()).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["x-gateway-provider"].to_str().unwrap()),
            (200, "openai")
        );
        let sent = ["data: {\"choices\":[]}\n\n", "data: [DONE]\n\n"];
        served.test.upstream.push(Script::sse(sent));
        let wanted =
            json!({"model": "gpt-4o", "messages": [], "stream": true, "stream_options": {"include_usage": true}});
        let stream = served.chat(&client, &wanted).send().await.unwrap();
        assert_eq!(stream.text().await.unwrap(), sent.concat());
        assert_eq!(served.test.traces().await.len(), 2);

        let health = client.get(served.url("/health")).send().await.unwrap();
        assert_eq!(health.text().await.unwrap(), r#"{"status":"ok"}"#);
        let metrics = client.get(served.url("/metrics")).bearer_auth(&served.key).send().await.unwrap();
        assert_eq!(metrics.status(), 403, "a tenant's key sees no counters of all tenants");
        let operator = served.test.gateway.create_admin_key(NewApiKey::default()).await.unwrap();
        let metrics = client.get(served.url("/metrics")).bearer_auth(operator.secret.expose()).send().await.unwrap();
        assert!(metrics.text().await.unwrap().contains("libgateway_traces_persisted_total 2"));
    });
}

#[test]
fn a_client_that_goes_away_cancels_the_call() {
    run(|| async {
        let served = Served::open(|_| {}).await;
        let first = "data: {\"choices\":[]}\n\n";
        served.test.upstream.push(Script::sse([first, first]).hang_after(first.len().try_into().unwrap()));
        let wanted = json!({"model": "gpt-4o", "messages": [], "stream": true});
        let client = client().build().unwrap();
        let stream = served.chat(&client, &wanted).send().await.unwrap();
        drop(stream);
        served.test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        assert_eq!(format!("{:?}", served.test.only_trace().await.trace.status_class), "Cancelled");
    });
}

#[test]
fn a_shutdown_lets_streams_end() {
    run(|| async {
        let served = Served::open(|_| {}).await;
        let events = ["data: {\"choices\":[]}\n\n", "data: {\"choices\":[]}\n\n", "data: [DONE]\n\n"];
        served.test.upstream.push(Script::sse(events).delay_at(0, 0).delay_at(1, 200).delay_at(2, 200));
        let wanted =
            json!({"model": "gpt-4o", "messages": [], "stream": true, "stream_options": {"include_usage": true}});
        let client = client().build().unwrap();
        let stream = served.chat(&client, &wanted).send().await.unwrap();
        let (url, address) = (served.url("/health"), served.server.address());
        let (text, ()) = tokio::join!(stream.text(), served.server.shutdown(PATIENCE));
        assert_eq!(text.unwrap(), events.concat());
        assert!(client.get(url).send().await.is_err(), "nobody listens at {address}");
    });
}

#[test]
fn a_shutdown_closes_what_does_not_end_in_time() {
    run(|| async {
        let served = Served::open(|_| {}).await;
        served.test.upstream.push(Script::no_answer(upstream::BeforeHeaders::Hang));
        let client = client().build().unwrap();
        let call = served.chat(&client, &hello()).send();
        let shut = async {
            served.test.upstream.wait_for_requests(1, PATIENCE).await.unwrap();
            served.server.shutdown(Duration::from_millis(50)).await;
        };
        let (answer, ()) = tokio::join!(call, shut);
        assert!(answer.is_err());
        served.test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
    });
}

#[test]
fn requests_that_can_be_read_in_two_ways_are_refused() {
    run(|| async {
        let served = Served::open(|config| config.read_ms = 300).await;
        let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n", served.key);
        let giant = "x".repeat(1 << 20);
        for (name, request, status) in [
            ("two lengths", format!("{head}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}"), "400"),
            ("a length that is none", format!("{head}content-length: +2\r\n\r\n{{}}"), "400"),
            ("a chunk size that is none", format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n{{}}\r\n"), "400"),
            ("an encoding nobody knows", format!("{head}transfer-encoding: xchunked\r\n\r\n{{}}"), "400"),
            ("a space before the colon", format!("{head}content-length : 2\r\n\r\n{{}}"), "400"),
            ("a giant header", format!("{head}x-a: {giant}\r\n\r\n"), "431"),
            ("a head that never ends", head.clone(), ""),
            ("nothing at all", String::new(), ""),
            ("the beginning of HTTP/2", "PRI *".to_owned(), ""),
            ("a body that never comes", format!("{head}content-length: 10\r\n\r\n{{}}"), "400"),
            ("no HTTP", "\x16\x03\x01 hello\r\n\r\n".to_owned(), "400"),
        ] {
            let answer = served.raw(request.as_bytes()).await;
            let first = answer.lines().next().unwrap_or_default();
            let expected =
                if status.is_empty() { first.is_empty() || first.contains(" 408 ") } else { first.contains(status) };
            assert!(expected, "{name}: {first}");
        }
        // With both framings the length is not believed, and nothing after the chunks is taken for a request.
        let both = format!(
            "{head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/traces HTTP/1.1\r\n\r\n"
        );
        let answer = served.raw(both.as_bytes()).await;
        assert!(answer.matches("HTTP/1.1 ").count() <= 2, "{answer}");
        assert!(
            served.test.upstream.requests().is_empty()
                && served.test.traces().await.iter().all(|trace| trace.status_code.is_none())
        );
    });
}

#[test]
fn odd_paths_and_methods_change_nothing() {
    run(|| async {
        let served = Served::open(|_| {}).await;
        for (request, status) in [
            ("GET /v1/%74races HTTP/1.1", "404"),
            ("GET /v1/../v1/traces HTTP/1.1", "404"),
            ("GET //v1/traces HTTP/1.1", "404"),
            ("GET /v1/traces/ HTTP/1.1", "404"),
            ("GET /v1/traces%00 HTTP/1.1", "404"),
            ("GET /v1/traces;x HTTP/1.1", "404"),
            ("HEAD /v1/traces HTTP/1.1", "405"),
            ("BREW /v1/traces HTTP/1.1", "405"),
            ("OPTIONS * HTTP/1.1", "404"),
            ("GET /v1/traces HTTP/1.1", "403"),
            ("GET http://other.example/v1/traces HTTP/1.1", "403"),
        ] {
            let head =
                format!("{request}\r\nhost: x\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n", served.key);
            let answer = served.raw(head.as_bytes()).await;
            assert!(answer.lines().next().unwrap_or_default().contains(status), "{request}: {answer}");
        }
    });
}

#[test]
fn https_is_spoken_with_a_certificate() {
    run(|| async {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let tls = ServeTls { certificate, key };
        let broken = ServeTls { certificate: tls.key.clone(), key: tls.key.clone() };
        let served = Served::open(|config| config.tls = Some(tls)).await;

        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
        let url = format!("https://localhost:{}/health", served.server.address().port());
        assert_eq!(client.get(url).send().await.unwrap().text().await.unwrap(), r#"{"status":"ok"}"#);
        let config = ServeConfig { address: ([127, 0, 0, 1], 0).into(), tls: Some(broken), ..ServeConfig::default() };
        assert_eq!(served.test.gateway.serve(config).await.unwrap_err().param(), Some("tls"));
        let taken = ServeConfig { address: served.server.address(), ..ServeConfig::default() };
        assert_eq!(served.test.gateway.serve(taken).await.unwrap_err().param(), Some("address"));
    });
}

#[test]
fn a_router_of_axums_has_the_gateway_below_a_path_of_the_hosts() {
    run(async || {
        let test = TestGateway::open(Backend::Sqlite).await;
        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap().secret.expose().to_owned();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/llm/v1/chat/completions", listener.local_addr().unwrap());
        let app = axum::Router::new().nest("/llm", test.gateway.router());
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });

        let chat = |body: Value| client().build().unwrap().post(&url).bearer_auth(&key).body(body.to_string()).send();
        let answer = chat(hello()).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.text().await.unwrap().contains("chat.completion"));
        let sent = ["data: {\"choices\":[]}\n\n", "data: [DONE]\n\n"].map(str::to_owned);
        test.upstream.push(Script::sse(sent.clone()));
        let stream =
            chat(json!({"model": "gpt-4o", "messages": [], "stream": true, "stream_options": {"include_usage": true}}));
        assert_eq!(stream.await.unwrap().text().await.unwrap(), sent.concat());
        let refused = client().build().unwrap().get(url.replace("/chat/completions", "/traces")).send().await.unwrap();
        assert_eq!((refused.status().as_u16(), refused.text().await.unwrap().contains("missing_api_key")), (401, true));
        serving.abort();
    });
}
