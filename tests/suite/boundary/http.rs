//! HTTP without a socket: routes, keys, scopes, bodies, errors.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use libgateway::{Body, NewApiKey, NewTenant, ProviderConfig, Scope, StatusClass};
use libgateway_tests::{Backend, TestGateway, hello};
use serde_json::{Value, json};
use upstream::Script;

type Full = http_body_util::Full<Bytes>;

/// A gateway with keys for it.
struct Keys {
    test: TestGateway,
    infer: String,
    read: String,
    admin: String,
}

impl Keys {
    async fn open(backend: Backend) -> Self {
        let test = TestGateway::open(backend).await;
        let of = |scopes: Vec<Scope>| NewApiKey { scopes: Some(scopes), ..NewApiKey::default() };
        let infer = test.acme.create_api_key(of(vec![Scope::Infer])).await.unwrap().secret.expose().to_owned();
        let read = test.acme.create_api_key(of(vec![Scope::Read])).await.unwrap().secret.expose().to_owned();
        let admin = test.gateway.create_admin_key(NewApiKey::default()).await.unwrap().secret.expose().to_owned();
        Self { test, infer, read, admin }
    }

    async fn send(&self, request: http::request::Builder, body: impl ToString) -> Response<Body> {
        self.test.gateway.handle(request.body(Full::from(body.to_string())).unwrap()).await
    }

    async fn get(&self, path: &str, key: &str) -> (u16, Value) {
        read(self.send(with_key("GET", path, key), "").await).await
    }

    async fn chat(&self, key: &str) -> Response<Body> {
        self.send(with_key("POST", "/v1/chat/completions", key), hello()).await
    }
}

fn with_key(method: &str, path: &str, key: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"))
}

async fn read(response: Response<Body>) -> (u16, Value) {
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() })
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

libgateway_tests::backend_tests! {
    async fn a_chat_goes_through_and_its_trace_is_readable(backend: Backend) {
        let keys = Keys::open(backend).await;
        let request = with_key("POST", "/v1/chat/completions", &keys.infer)
            .header("x-request-id", "r-1")
            .header("x-gateway-user-id", "u-1")
            .header("x-gateway-metadata-team", "red");
        let response = keys.send(request, hello()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "x-request-id"), Some("r-1"));
        assert_eq!(header(&response, "x-gateway-provider"), Some("openai"));
        assert_eq!(header(&response, "content-type"), Some("application/json"));
        let trace_id = header(&response, "x-gateway-trace-id").unwrap().to_owned();
        assert_eq!(read(response).await.1["object"], "chat.completion");
        let asked = &keys.test.upstream.requests()[0];
        assert_eq!(asked.json(), hello());
        assert!(asked.headers.iter().all(|(name, _)| !name.to_lowercase().starts_with("x-gateway")));

        keys.test.flush().await;
        let (status, page) = keys.get("/v1/traces?user_id=u-1&metadata.team=red", &keys.read).await;
        assert_eq!((status, &page["traces"][0]["id"]), (200, &json!(trace_id)));
        let (status, trace) = keys.get(&format!("/v1/traces/{trace_id}"), &keys.read).await;
        assert_eq!((status, &trace["request"], &trace["request_id"]), (200, &hello(), &json!("r-1")));
        assert!(trace["api_key_id"].is_string());
        let (status, summary) = keys.get("/v1/analytics/summary?window=1", &keys.read).await;
        assert_eq!((status, &summary["total_requests"]), (200, &json!(1)));
    }

    async fn a_stream_passes_the_upstreams_bytes(backend: Backend) {
        let keys = Keys::open(backend).await;
        let sent = ["data: {\"choices\":[]}\n\n", ": note\n\n", "data: [DONE]\n\n"].map(str::to_owned);
        keys.test.upstream.push(Script::sse(sent.clone()));
        let body = json!({"model": "gpt-4o", "messages": [], "stream": true, "stream_options": {"include_usage": true}});
        let response = keys.send(with_key("POST", "/v1/chat/completions", &keys.infer), body).await;
        assert_eq!(header(&response, "content-type"), Some("text/event-stream"));
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(bytes, sent.concat().into_bytes());
        assert!(keys.test.only_trace().await.trace.stream);
    }

    async fn other_paths_of_openais_are_passed_on_as_they_are(backend: Backend) {
        let keys = Keys::open(backend).await;
        let asked = r#"{ "model": "tts-1", "input": "Hello" }"#;
        keys.test.upstream.push(Script::text(200, "not spoken").header("content-type", "audio/mpeg"));
        let response = keys.send(with_key("POST", "/v1/audio/speech", &keys.infer).header("content-type", "application/json"), asked).await;
        assert_eq!(header(&response, "content-type"), Some("audio/mpeg"));
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "not spoken");

        let form = "--x\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--x--\r\n";
        let multipart = "multipart/form-data; boundary=x";
        keys.test.upstream.push(Script::json(200, json!({"id": "file-1", "object": "file"})));
        let request = with_key("POST", "/v1/files?a=b%20c", &keys.infer).header("content-type", multipart).header("cookie", "a=b");
        assert_eq!(read(keys.send(request, form).await).await, (200, json!({"id": "file-1", "object": "file"})));

        keys.test.upstream.push(Script::json(404, json!({"error": {"message": "no such file", "code": "gone"}})));
        let (status, body) = read(keys.send(with_key("DELETE", "/v1/files/file-2", &keys.infer), "").await).await;
        assert_eq!((status, &body["error"]["code"]), (404, &json!("gone")));

        let requests = keys.test.upstream.requests();
        let seen: Vec<_> = requests.iter().map(|request| (request.method.as_str(), request.path.as_str(), request.text())).collect();
        assert_eq!(
            seen,
            [
                ("POST", "/v1/audio/speech", asked.to_owned()),
                ("POST", "/v1/files?a=b%20c", form.to_owned()),
                ("DELETE", "/v1/files/file-2", String::new()),
            ]
        );
        assert_eq!((requests[1].header("content-type"), requests[1].header("cookie")), (Some(multipart), None));

        let traces = keys.test.traces().await;
        let shown: Vec<_> = traces.iter().rev().map(|trace| (trace.endpoint.as_str(), trace.status_class, trace.status_code)).collect();
        assert_eq!(
            shown,
            [
                ("audio", StatusClass::Ok, Some(200)),
                ("files", StatusClass::Ok, Some(200)),
                ("files", StatusClass::ClientError, Some(404)),
            ]
        );
        assert_eq!(traces[2].requested_model.as_deref(), Some("tts-1"));
        let spoken = keys.test.acme.get_trace(traces[2].id).await.unwrap();
        assert_eq!((spoken.request.unwrap().get(), spoken.response.is_none()), (asked, true));
        let uploaded = keys.test.acme.get_trace(traces[1].id).await.unwrap();
        assert!(uploaded.request.is_none() && uploaded.response.unwrap().get().contains("file-1"));
    }

    async fn a_key_reaches_what_it_is_for_and_nothing_else(backend: Backend) {
        let keys = Keys::open(backend).await;
        keys.test.gateway.create_tenant(NewTenant { id: Some("globex".parse().unwrap()), ..NewTenant::default() }).await.unwrap();
        let code = |(status, body): (u16, Value)| (status, body["error"]["code"].as_str().unwrap_or_default().to_owned());
        for (path, key, expected) in [
            ("/v1/traces", "", (401, "missing_api_key")),
            ("/v1/traces", "gwk_nobody", (401, "invalid_api_key")),
            ("/v1/traces", keys.infer.as_str(), (403, "insufficient_scope")),
            ("/v1/models", &keys.read, (403, "insufficient_scope")),
            ("/v1/admin/tenants", &keys.read, (403, "insufficient_scope")),
            ("/v1/admin/tenants/acme", &keys.infer, (403, "insufficient_scope")),
            ("/v1/traces?tenant_id=globex", &keys.read, (403, "insufficient_scope")),
            ("/v1/traces?tenants=all", &keys.read, (400, "invalid_field")),
            ("/v1/traces?tenants=some", &keys.admin, (400, "invalid_field")),
            ("/v1/traces?tenants=all&tenant_id=acme", &keys.admin, (400, "invalid_field")),
            ("/v1/traces?limit=0", &keys.read, (400, "invalid_field")),
            ("/v1/traces?limti=1", &keys.read, (400, "invalid_field")),
            ("/v1/nothing", &keys.admin, (404, "unknown_operation")),
            ("/v1/admin/tenants/acme/erase", &keys.admin, (405, "method_not_allowed")),
        ] {
            let (status, named) = code(keys.get(path, key).await);
            assert_eq!((status, named.as_str()), expected, "{path}");
        }
        // Why a gateway is not well is the operator's to know.
        assert_eq!(keys.get("/health", "").await, (200, json!({"status": "ok"})));
        assert_eq!(keys.get("/health", &keys.read).await, (200, json!({"status": "ok"})));
        assert_eq!(keys.get("/health", &keys.admin).await, (200, json!({"status": "ok", "reasons": []})));
        // A refused request has not begun: there is no trace, and nobody was asked.
        assert_eq!(code(read(keys.chat(&keys.read).await).await), (403, "insufficient_scope".to_owned()));
        assert_eq!(code(read(keys.chat(&keys.admin).await).await), (400, "missing_field".to_owned()));
        assert!(keys.test.upstream.requests().is_empty() && keys.test.traces().await.is_empty());
    }

    async fn an_operators_key_manages_tenants_and_acts_for_them(backend: Backend) {
        let keys = Keys::open(backend).await;
        let admin = |method: &str, path: &str| with_key(method, path, &keys.admin);
        let created = keys.send(admin("POST", "/v1/admin/tenants"), json!({"id": "globex"})).await;
        assert_eq!(read(created).await, (200, keys.get("/v1/admin/tenants/globex", &keys.admin).await.1));
        let provider = json!({"kind": "mock", "reply": "Hi"});
        let set = keys.send(admin("PUT", "/v1/admin/tenants/globex/providers/local"), provider).await;
        assert_eq!(read(set).await.1["name"], "local");
        let chat = admin("POST", "/v1/chat/completions").header("x-gateway-tenant-id", "globex");
        let (status, answer) = read(keys.send(chat, hello()).await).await;
        assert_eq!((status, &answer["choices"][0]["message"]["content"]), (200, &json!("Hi")));
        keys.test.flush().await;
        let (_, page) = keys.get("/v1/traces?tenant_id=globex", &keys.admin).await;
        assert_eq!(page["traces"].as_array().unwrap().len(), 1);
        // Without a tenant it is all of them that are read.
        assert_eq!(read(keys.chat(&keys.infer).await).await.0, 200);
        keys.test.flush().await;
        for path in ["/v1/traces", "/v1/traces?tenants=all"] {
            let (status, page) = keys.get(path, &keys.admin).await;
            let traces = page["traces"].as_array().unwrap().iter();
            let tenants: Vec<_> = traces.map(|trace| trace["tenant_id"].as_str().unwrap()).collect();
            assert_eq!((status, tenants), (200, vec!["acme", "globex"]), "{path}");
            let trace = format!("/v1/traces/{}", page["traces"][1]["id"].as_str().unwrap());
            assert_eq!(keys.get(&trace, &keys.admin).await.1["tenant_id"], "globex");
            assert_eq!(keys.get(&trace, &keys.read).await.1["error"]["code"], "trace_not_found");
        }
        let (_, summary) = keys.get("/v1/analytics/summary", &keys.admin).await;
        let (_, own) = keys.get("/v1/analytics/summary?tenant_id=globex", &keys.admin).await;
        assert_eq!((&summary["total_requests"], &own["total_requests"]), (&json!(2), &json!(1)));
        let twice = keys.send(admin("PUT", "/v1/admin/tenants/globex/providers/a"), json!({"name": "b", "kind": "mock"})).await;
        assert_eq!(read(twice).await.1["error"]["param"], "name");
        let deleted = keys.send(admin("DELETE", "/v1/admin/tenants/globex"), "").await;
        assert_eq!((deleted.status().as_u16(), read(deleted).await.1), (204, Value::Null));
    }
}

#[test]
fn errors_have_openais_shape_with_the_upstreams_own_words_and_say_when_to_come_back() {
    libgateway_tests::run(|| async {
        let keys = Keys::open(Backend::Sqlite).await;
        let limited =
            Script::persona().status(429).header("retry-after-ms", "1200").header("x-ratelimit-limit-requests", "9");
        keys.test.upstream.fallback(limited);
        let response = keys.chat(&keys.infer).await;
        assert_eq!(response.status(), 429);
        assert_eq!((header(&response, "retry-after"), header(&response, "retry-after-ms")), (Some("2"), Some("1200")));
        assert_eq!(header(&response, "x-ratelimit-limit-requests"), Some("9"));
        let (_, body) = read(response).await;
        assert_eq!(
            (&body["error"]["type"], &body["error"]["code"]),
            (&json!("requests"), &json!("rate_limit_exceeded"))
        );

        let missing = keys.send(Request::builder().method("POST").uri("/v1/embeddings"), "{}").await;
        assert_eq!((missing.status().as_u16(), header(&missing, "www-authenticate")), (401, Some("Bearer")));
        assert_eq!(read(missing).await.1["error"]["type"], "invalid_request_error");
    });
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_held() {
    libgateway_tests::run(|| async {
        let test = TestGateway::open_with(Backend::Sqlite, |config| config.limits.body_bytes = 1_000).await;
        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap().secret.expose().to_owned();
        let request = with_key("POST", "/v1/chat/completions", &key).body(Full::from("x".repeat(1_001))).unwrap();
        let (status, body) = read(test.gateway.handle(request).await).await;
        assert_eq!((status, &body["error"]["code"]), (413, &json!("body_too_large")));
        let unauthorised =
            with_key("POST", "/v1/chat/completions", "gwk_x").body(Full::from("x".repeat(1_001))).unwrap();
        assert_eq!(read(test.gateway.handle(unauthorised).await).await.0, 401, "the key comes before the body");
    });
}

#[test]
fn what_a_provider_keeps_is_not_shared_between_tenants_by_a_common_key() {
    libgateway_tests::run(|| async {
        let shared = upstream::Upstream::start().unwrap();
        let (url, common) = (shared.url(), "sk-common");
        let test = TestGateway::open_with(Backend::Sqlite, |config| {
            let mut provider =
                ProviderConfig { kind: "openai".to_owned(), api_key: Some(common.into()), ..ProviderConfig::default() };
            provider.settings.base_url = Some(format!("{url}/v1"));
            config.providers.push(provider);
        })
        .await;
        test.gateway
            .create_tenant(NewTenant { id: Some("globex".parse().unwrap()), ..NewTenant::default() })
            .await
            .unwrap();
        let globex = test.gateway.tenant("globex").unwrap();
        let key = globex.create_api_key(NewApiKey::default()).await.unwrap().secret.expose().to_owned();
        let send = |method: &str, path: &str| {
            test.gateway.handle(with_key(method, path, &key).body(Full::from("{}")).unwrap())
        };
        for (method, path) in
            [("GET", "/v1/files"), ("POST", "/v1/batches"), ("GET", "/v1/responses/resp_1"), ("DELETE", "/v1/images/x")]
        {
            let (status, body) = read(send(method, path).await).await;
            assert_eq!((status, &body["error"]["code"]), (400, &json!("unsupported_operation")), "{method} {path}");
        }
        assert!(shared.requests().is_empty());
        shared.push(Script::json(200, json!({"results": []})));
        assert_eq!(read(send("POST", "/v1/moderations").await).await, (200, json!({"results": []})));
    });
}
