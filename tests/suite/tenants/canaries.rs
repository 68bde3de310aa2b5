//! Secrets and content that are searched for wherever they must not be: in the database, in errors, in what is printed
//! for debugging and in everything that is logged.

use std::{collections::BTreeMap, fmt::Debug, fs, path::Path, time::Duration};

use libgateway::{
    CallOptions, Capture, Config, Error, ErrorCode, Gateway, NewApiKey, NewTenant, PrivateAddresses, ProviderConfig,
    Request, TenantHandle, TraceQuery,
};
use libgateway_tests::{
    backend_tests,
    upstream::{Script, Upstream},
};
use serde_json::{Value, json};

use crate::support::{
    contains,
    process::{Part, Process, answer, question},
    provider,
    raw::{everything, hex},
};

const PROVIDER_KEY: &str = "sk-canary-provider-7f3a9c";
const OPERATOR_KEY: &str = "sk-canary-operator-51d2e8";
const MASTER_KEY: &str = "ca11ab1e5eed0000decade00facade00beef5eed0000c0ffee00ba5eba11c0de";
const PASSWORD: &str = "canary-password-90ab12";
/// What callers write, by what is kept of it.
const FULL: &str = "canary-content-full";
const METADATA: &str = "canary-content-metadata";
const NONE: &str = "canary-content-none";

backend_tests! {
    async fn no_secret_and_no_content_is_found_where_it_must_not_be(backend: Backend) {
        let (store, upstream, said) = (backend.fresh(), Upstream::start().unwrap(), tempfile::tempdir().unwrap());
        let mut process = Process::start(Part::Canaries, &[]);
        let asked = json!({"store": store.url(), "spool_dir": store.spool_dir(), "upstream": upstream.url(), "said": said.path()});
        // The upstream repeats whatever it is sent, keys included.
        let echo = format!("refused: Bearer {PROVIDER_KEY}, which is {PROVIDER_KEY}");
        upstream.fallback(Script::chat(format!("{FULL} {METADATA} {NONE}")));
        for status in [401, 403, 400, 429, 500] {
            upstream.fallback(Script::error(status, &echo).on_model(format!("echo-{status}")));
        }
        upstream.fallback(Script::text(401, &echo).on_model("echo-text"));
        let api_key = process.ask(asked).await["api_key"].as_str().unwrap().to_owned();
        // The gateway is open still: SQLite's write-ahead log is there.
        let running = everything(&store);
        process.end().await;
        let closed = everything(&store);
        assert!(upstream.requests().iter().any(|request| request.header("authorization").is_some_and(|value| value.contains(PROVIDER_KEY))));

        let secrets = [PROVIDER_KEY, OPERATOR_KEY, MASTER_KEY, PASSWORD, &api_key[8..]];
        for (place, bytes) in [("the open database", &running), ("the closed database", &closed)] {
            assert!(contains(bytes, b"canary-tenant") && contains(bytes, b"kept-user"), "{place} is searched");
            for needle in secrets.iter().chain(&[FULL, METADATA, NONE]) {
                assert_absent(place, bytes, needle);
            }
            assert_absent(place, bytes, "secret-user");
        }
        for file in ["printed", "logged"] {
            let bytes = fs::read(said.path().join(file)).unwrap();
            assert!(contains(&bytes, b"canary-tenant") || file == "logged", "{file} is searched");
            assert!(bytes.len() > 1_000, "{file} is searched: {} bytes", bytes.len());
            for needle in secrets {
                assert_absent(file, &bytes, needle);
            }
        }
        let logged = fs::read(said.path().join("logged")).unwrap();
        for needle in [FULL, METADATA, NONE] {
            assert_absent("logged", &logged, needle);
        }
    }
}

/// The needle is nowhere in there, neither as it is nor in the digits of a dump, nor the bytes that a key's digits mean.
fn assert_absent(place: &str, bytes: &[u8], needle: &str) {
    let at = bytes.windows(needle.len()).position(|window| window == needle.as_bytes());
    let around =
        at.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(200)..(at + needle.len()).min(bytes.len())]));
    assert!(around.is_none(), "{place} holds {needle}: …{}", around.unwrap_or_default());
    assert!(!contains(bytes, hex(needle.as_bytes()).as_bytes()), "{place} holds {needle} in hexadecimal digits");
    if needle == MASTER_KEY {
        let raw: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&needle[2 * at..2 * at + 2], 16).unwrap()).collect();
        assert!(!contains(bytes, &raw), "{place} holds the master key's bytes");
    }
}

/// Everything that is printed.
#[derive(Default)]
struct Printed(String);

impl Printed {
    fn debug(&mut self, value: &dyn Debug) {
        self.0.push_str(&format!("{value:?}\n{value:#?}\n"));
    }

    fn error(&mut self, error: &Error) {
        self.debug(error);
        self.0
            .push_str(&format!("{error}\n{:?}\n", (error.param(), error.provider(), error.request_id(), error.body())));
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            self.0.push_str(&format!("{cause}\n{cause:?}\n"));
            source = cause.source();
        }
    }

    fn result<T: Debug>(&mut self, result: Result<T, Error>) {
        match result {
            Ok(value) => self.debug(&value),
            Err(error) => self.error(&error),
        }
    }

    fn refused<T>(&mut self, result: Result<T, Error>) {
        self.error(&result.err().expect("this should have been refused"));
    }
}

/// A host with secrets: does everything once, and keeps what is printed and logged.
pub(crate) async fn play() {
    let asked = question().expect("a question");
    let field = |name: &str| asked[name].as_str().unwrap();
    let said = Path::new(field("said"));
    let log = fs::File::create(said.join("logged")).unwrap();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log)
        .with_ansi(false)
        .init();
    let mut printed = Printed::default();
    let config = configuration(field("store"), field("spool_dir"));
    printed.debug(&config);
    refused_configurations(&config, &mut printed).await;

    let gateway = Gateway::open(config).await.expect("a gateway");
    let url = field("upstream");
    let mut api_key = String::new();
    for (id, capture) in
        [("canary-tenant", Capture::Full), ("canary-tenant-2", Capture::Metadata), ("canary-tenant-3", Capture::None)]
    {
        let config = provider(json!({"kind": "openai", "api_key": PROVIDER_KEY, "base_url": url}));
        printed.debug(&config);
        let new = NewTenant {
            id: Some(id.parse().unwrap()),
            capture: Some(capture),
            provider: Some(config),
            ..NewTenant::default()
        };
        printed.debug(&new);
        printed.result(gateway.create_tenant(new).await);
        let tenant = gateway.tenant(id).unwrap();
        api_key = keys(&gateway, &tenant, &mut printed).await;
        calls(&tenant, capture, &mut printed).await;
        refused_providers(&tenant, &mut printed).await;
    }
    gateway.flush(Duration::from_secs(20)).await.expect("a flush");
    for id in ["canary-tenant", "canary-tenant-2", "canary-tenant-3"] {
        read(&gateway.tenant(id).unwrap(), &mut printed).await;
    }
    printed.debug(&(&gateway, gateway.stats(), gateway.health()));
    fs::write(said.join("printed"), printed.0).unwrap();
    answer(&json!({"api_key": api_key}));
    assert_eq!(question(), None::<Value>);
    gateway.close(Duration::from_secs(20)).await.expect("a close");
}

fn configuration(store: &str, spool_dir: &str) -> Config {
    let mut config = Config {
        store: store.to_owned(),
        spool_dir: Some(spool_dir.into()),
        master_key: Some(MASTER_KEY.into()),
        providers: vec![provider(json!({"kind": "openai", "api_key": OPERATOR_KEY}))],
        ..Config::default()
    };
    config.network.private = PrivateAddresses::Allow;
    config.retry.max_attempts = 1;
    config
}

async fn refused_configurations(config: &Config, printed: &mut Printed) {
    let mut wrong: Vec<Config> = Vec::new();
    for store in [
        format!("postgres://u:{PASSWORD}@127.0.0.1:1/d"),
        format!("postgres://u:{PASSWORD}@[/d"),
        format!("mysql://u:{PASSWORD}@h/d"),
    ] {
        wrong.push(Config { store, ..config.clone() });
    }
    wrong.push(Config { master_key: Some(MASTER_KEY[..60].into()), ..config.clone() });
    wrong.push(Config { master_key: Some(format!("{MASTER_KEY}x").into()), ..config.clone() });
    wrong.push(Config {
        providers: vec![provider(json!({"kind": "azure", "api_key": OPERATOR_KEY}))],
        ..config.clone()
    });
    let mut proxied = config.clone();
    proxied.network.proxy = Some(format!("no proxy://u:{PASSWORD}@h").into());
    wrong.push(proxied);
    for config in wrong {
        // Stores with a password print it nowhere.
        printed.debug(&config);
        printed.refused(Gateway::open(config).await);
    }
    printed.refused(Config::from_json(&format!(
        r#"{{"master_key": "{MASTER_KEY}", "providers": [{{"kind": "openai", "api_key": "{OPERATOR_KEY}", "x": 1}}]}}"#
    )));
}

async fn keys(gateway: &Gateway, tenant: &TenantHandle, printed: &mut Printed) -> String {
    let created = tenant.create_api_key(NewApiKey::default()).await.unwrap();
    let secret = created.secret.expose().to_owned();
    printed.debug(&created);
    printed.result(gateway.authenticate(Some(&secret)).await);
    printed.result(tenant.list_api_keys().await);
    printed.refused(gateway.authenticate(Some(&secret[..52])).await);
    tenant.revoke_api_key(&created.key.id).await.unwrap();
    printed.refused(gateway.authenticate(Some(&secret)).await);
    secret
}

async fn calls(tenant: &TenantHandle, capture: Capture, printed: &mut Printed) {
    let (content, user) = match capture {
        Capture::Full => (FULL, "kept-user"),
        Capture::Metadata => (METADATA, "kept-user"),
        Capture::None => (NONE, "secret-user"),
    };
    let options = CallOptions {
        user_id: Some(user.to_owned()),
        metadata: BTreeMap::from([("key".to_owned(), user.to_owned())]),
        ..CallOptions::default()
    };
    let chat = |model: &str| {
        Request::from(json!({"model": model, "messages": [{"role": "user", "content": content}]}))
            .with_options(options.clone())
    };
    tenant.chat(chat("gpt-4o")).await.expect("an answer");
    let mut stream = tenant.chat_stream(chat("gpt-4o")).await.expect("a stream");
    while let Some(chunk) = stream.next_chunk().await {
        chunk.expect("a chunk");
    }
    for model in ["echo-401", "echo-403", "echo-400", "echo-429", "echo-500", "echo-text"] {
        printed.refused(tenant.chat(chat(model)).await);
        printed.refused(tenant.chat_stream(chat(model)).await);
    }
    tenant.chat(format!(r#"{{"model": "gpt-4o", "messages": ["{content}"#).as_str()).await.expect_err("no JSON");
}

async fn refused_providers(tenant: &TenantHandle, printed: &mut Printed) {
    let stolen = format!("https://user:{PROVIDER_KEY}@host/v1");
    let wrong: [ProviderConfig; 4] = [
        provider(json!({"kind": "custom", "base_url": stolen})),
        provider(json!({"kind": "openai", "api_key": format!("{PROVIDER_KEY}\n")})),
        provider(json!({"kind": "azure", "api_key": PROVIDER_KEY, "deployment": "d"})),
        provider(json!({"kind": "nothing", "api_key": PROVIDER_KEY})),
    ];
    for config in wrong {
        printed.refused(tenant.set_provider(config).await);
    }
}

async fn read(tenant: &TenantHandle, printed: &mut Printed) {
    let providers = tenant.list_providers().await.unwrap();
    printed.0.push_str(&json!(providers).to_string());
    printed.debug(&(tenant, providers, tenant.get_provider_for_tenant(None).await.unwrap()));
    let traces = tenant.list_traces(TraceQuery::default()).await.unwrap().traces;
    assert!(traces.len() >= 14, "{} traces", traces.len());
    assert!(traces.iter().any(|trace| trace.error_code == Some(ErrorCode::UpstreamAuthFailed)));
    for trace in traces {
        printed.debug(&trace);
        let detail = tenant.get_trace(trace.id).await.unwrap();
        printed.0.push_str(&json!(detail).to_string());
        printed.debug(&detail);
    }
}
