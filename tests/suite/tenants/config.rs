//! A gateway's configuration: read from JSON and from the environment, refused with the key named, and shared with
//! nobody.

use libgateway::{Config, Durability, ErrorCode, Gateway, TraceQuery};
use libgateway_tests::{Backend, DEADLINE, MASTER_KEY, backend_tests, config, run};
use serde_json::{Value, json};

use crate::support::{
    chat, mock_tenant,
    process::{Part, Process},
    refusal, text,
};

/// A change to a good configuration, and the key that is refused then.
type Wrong = (fn(&mut Config), &'static str);

/// What a process reads from this environment.
async fn read(variables: &[(&str, &str)]) -> Value {
    let mut process = Process::start(Part::Host, variables);
    let read = process.ask(json!({"do": "read_env"})).await;
    process.end().await;
    read
}

#[test]
fn unknown_keys_of_json_are_refused_and_named() {
    for (text, named) in [
        (r#"{"stor": "sqlite:x"}"#, "stor"),
        (r#"{"timeouts": {"conect_ms": 1}}"#, "conect_ms"),
        (r#"{"retry": {"attempts": 1}}"#, "attempts"),
        (r#"{"breaker": {"failure": 1}}"#, "failure"),
        (r#"{"network": {"privat": "allow"}}"#, "privat"),
        (r#"{"limits": {"bodies": 1}}"#, "bodies"),
        (r#"{"recorder": {"rows": 1}}"#, "rows"),
        (r#"{"providers": [{"kind": "openai", "apikey": "k"}]}"#, "apikey"),
        (r#"{"providers": [{"kind": "openai", "fallbacks": [{"provider": "b", "models": "m"}]}]}"#, "models"),
        (r#"{"migrate": "always"}"#, "always"),
        (r#"{"capture": "most"}"#, "most"),
        ("{", "the configuration"),
        ("[]", "the configuration"),
    ] {
        let error = Config::from_json(text).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidConfig, "{text}");
        assert!(error.to_string().contains(named), "{text}: {error}");
    }
    let config =
        Config::from_json(r#"{"store": "sqlite:x", "retry": {"max_attempts": 1}, "master_keys": {"7": "00"}}"#)
            .unwrap();
    assert_eq!(
        (config.store.as_str(), config.retry.max_attempts, config.retry.base_ms),
        ("sqlite:x", 1, Config::default().retry.base_ms)
    );
    assert!(config.master_keys.contains_key(&7));
}

#[test]
fn the_environment_is_read_when_it_is_asked_for() {
    run(|| async {
        let nothing = read(&[]).await["ok"].clone();
        let default = Config::default();
        assert_eq!((&nothing["store"], &nothing["providers"]), (&json!(default.store), &json!([])));
        assert_eq!(nothing["total_ms"], json!(default.timeouts.total_ms));

        let all = read(&[
            ("GATEWAY_STORE", "sqlite:from-env.db"),
            ("GATEWAY_MASTER_KEYS", r#"{"1": "aa", "2": "bb"}"#),
            ("GATEWAY_MIGRATE", "check"),
            ("GATEWAY_CAPTURE", "metadata"),
            ("GATEWAY_PROVIDERS", r#"[{"kind": "mock"}]"#),
            ("GATEWAY_TIMEOUTS", r#"{"total_ms": 5}"#),
            ("GATEWAY_RETRY", r#"{"max_attempts": 1}"#),
            ("GATEWAY_BREAKER", r#"{"failures": 6}"#),
            ("GATEWAY_LIMITS", r#"{"body_bytes": 9}"#),
            ("GATEWAY_RECORDER", r#"{"flush_ms": 8}"#),
            ("GATEWAY_STALE_LIMIT_MS", "7"),
            ("OPENAI_API_KEY", "sk-env"),
        ])
        .await;
        let expected = json!({
            "store": "sqlite:from-env.db", "master_key": false, "migrate": "Check", "capture": "metadata",
            "providers": [["mock", false], ["openai", true]], "total_ms": 5, "max_attempts": 1, "failures": 6,
            "stale_limit_ms": 7,
            "versions": [1, 2], "flush_ms": 8, "body_bytes": 9,
        });
        assert_eq!(all, json!({"ok": expected}));

        let own = read(&[
            ("OPENAI_API_KEY", "sk-env"),
            ("GATEWAY_PROVIDERS", r#"[{"kind": "openai", "api_key": "sk-own"}]"#),
        ])
        .await;
        assert_eq!(own["ok"]["providers"], json!([["openai", true]]));
    });
}

#[test]
fn a_variable_that_does_not_read_is_named() {
    run(|| async {
        for (name, value, param) in [
            ("GATEWAY_TIMEOUTS", "5", json!(null)),
            ("GATEWAY_TIMEOUTS", "{", json!("timeouts")),
            ("GATEWAY_STALE_LIMIT_MS", "soon", json!("stale_limit_ms")),
            ("GATEWAY_RETRY", r#"{"tries": 1}"#, json!(null)),
            ("GATEWAY_CAPTURE", "most", json!(null)),
        ] {
            let refused = read(&[(name, value)]).await;
            assert_eq!(
                (&refused["error"], &refused["param"]),
                (&json!("invalid_config"), &param),
                "{name}={value}: {refused}"
            );
        }
    });
}

#[test]
fn a_gateway_opens_from_the_environment_alone() {
    run(|| async {
        let store = Backend::Sqlite.fresh();
        let url = store.url();
        let mut process = Process::start(Part::Host, &[("GATEWAY_STORE", &url), ("GATEWAY_MASTER_KEY", MASTER_KEY)]);
        assert_eq!(process.ask(json!({"do": "open_from_env"})).await, json!({"ok": "open"}));
        process.ask(json!({"do": "create_tenant", "tenant": "t", "reply": "hi"})).await;
        process.end().await;
        let gateway = Gateway::open(config(&store)).await.unwrap();
        assert_eq!(text(&gateway.tenant("t").unwrap().chat(chat("gpt-4o")).await.unwrap()), "hi");
    });
}

backend_tests! {
    async fn a_master_key_that_is_none_is_refused_and_named(backend: Backend) {
        let store = backend.fresh();
        let open = |change: fn(&mut Config)| {
            let mut config = Config { master_key: None, ..config(&store) };
            change(&mut config);
            Gateway::open(config)
        };
        let named = |key: &str| (ErrorCode::InvalidConfig, Some(key.to_owned()));
        assert_eq!(refusal(open(|_| {}).await), named("master_key"));
        for key in ["", "00", &MASTER_KEY[1..], &format!("{MASTER_KEY}0"), &"g".repeat(64), &"é".repeat(32)] {
            let error = Gateway::open(Config { master_key: Some(key.into()), ..config(&store) }).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidConfig, "{key}");
            assert!(error.param().is_some_and(|param| param.starts_with("master_key")), "{error:?}");
            assert!(key.len() < 3 || !error.to_string().contains(key), "{error}");
        }
        assert_eq!(refusal(open(|config| { config.master_keys.insert(3, "short".into()); }).await), named("master_keys.3"));
        let both = open(|config| {
            config.master_key = Some(MASTER_KEY.into());
            config.master_keys.insert(2, MASTER_KEY.into());
        });
        assert_eq!(refusal(both.await), named("master_key"));
        Gateway::open(Config { master_key: Some(format!(" {}\n", MASTER_KEY.to_uppercase()).into()), ..config(&store) }).await.expect("a key from a file");
    }

    async fn settings_that_cannot_be_are_refused_and_named(backend: Backend) {
        let store = backend.fresh();
        let cases: [Wrong; 13] = [
            (|config| config.timeouts.connect_ms = 0, "timeouts.connect_ms"),
            (|config| config.timeouts.total_ms = 86_400_001, "timeouts.total_ms"),
            (|config| config.retry.max_attempts = 0, "retry.max_attempts"),
            (|config| config.retry.max_attempts = 11, "retry.max_attempts"),
            (|config| config.breaker.pause_ms = 0, "breaker.pause_ms"),
            (|config| config.breaker.max_pause_ms = 9_999, "breaker.max_pause_ms"),
            (|config| config.limits.body_bytes = 0, "limits.body_bytes"),
            (|config| config.limits.concurrency = 0, "limits.concurrency"),
            (|config| config.recorder.queue_rows = 0, "recorder.queue_rows"),
            (|config| config.recorder.batch_rows = 1_001, "recorder.batch_rows"),
            (|config| config.network.ca = Some("/nowhere/ca.pem".into()), "network.ca"),
            (|config| config.providers = vec![crate::support::provider(json!({"kind": "openai"}))], "providers.openai.api_key"),
            (|config| config.store = "mysql://u@h/d".into(), "store"),
        ];
        for (change, key) in cases {
            let mut config = config(&store);
            change(&mut config);
            assert_eq!(refusal(Gateway::open(config).await), (ErrorCode::InvalidConfig, Some(key.to_owned())), "{key}");
        }
    }

    async fn a_spool_that_cannot_be_is_refused_and_named(backend: Backend) {
        let store = backend.fresh();
        let wrong = |spool_dir: Option<&str>, url: &str, durability| {
            let (store, spool_dir) = (url.to_owned(), spool_dir.map(Into::into));
            Gateway::open(Config { store, spool_dir, durability, ..config(&backend.fresh()) })
        };
        let named = (ErrorCode::InvalidConfig, Some("spool_dir".to_owned()));
        assert_eq!(refusal(wrong(Some("/proc/spool"), &store.url(), None).await), named);
        assert_eq!(refusal(wrong(None, "sqlite::memory:", Some(Durability::Spool)).await), named);
        assert_eq!(refusal(wrong(None, "postgres://user@127.0.0.1:1/db", None).await), named);
        // The store is as it was: whoever opens it properly finds it closed.
        Gateway::open(config(&store)).await.unwrap().close(DEADLINE).await.unwrap();
    }

    async fn two_gateways_in_one_process_know_nothing_of_each_other(backend: Backend) {
        let stores = [backend.fresh(), backend.fresh()];
        let gateways = [Gateway::open(config(&stores[0])).await.unwrap(), Gateway::open(config(&stores[1])).await.unwrap()];
        for (gateway, reply) in gateways.iter().zip(["one", "two"]) {
            let tenant = mock_tenant(gateway, "same", reply).await;
            assert_eq!(text(&tenant.chat(chat("gpt-4o")).await.unwrap()), reply);
            gateway.flush(DEADLINE).await.unwrap();
        }
        mock_tenant(&gateways[0], "first-only", "hi").await;
        for (gateway, reply) in gateways.iter().zip(["one", "two"]) {
            let tenant = gateway.tenant("same").unwrap();
            assert_eq!(text(&tenant.chat(chat("gpt-4o")).await.unwrap()), reply);
            gateway.flush(DEADLINE).await.unwrap();
            assert_eq!(tenant.list_traces(TraceQuery::default()).await.unwrap().traces.len(), 2);
        }
        gateways[0].close(DEADLINE).await.unwrap();
        gateways[1].tenant("same").unwrap().chat(chat("gpt-4o")).await.expect("the other one is open");
    }
}
