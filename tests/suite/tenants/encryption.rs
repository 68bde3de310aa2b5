//! Encryption as one meets it from outside: the right keys open the store, and what was moved or changed does not open.

use std::collections::BTreeMap;

use libgateway::{Config, ErrorCode, Gateway, Secret, TraceId};
use libgateway_tests::{FreshStore, MASTER_KEY, TENANT, TestGateway, backend_tests, config, hello};
use serde_json::{Value, json};

use crate::support::{chat, code, mock_tenant, raw::Raw, refusal, text};

const OTHER_KEY: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn keyring<const N: usize>(store: &FreshStore, keys: [(u32, &str); N]) -> Config {
    let master_keys: BTreeMap<u32, Secret> = keys.into_iter().map(|(version, key)| (version, key.into())).collect();
    Config { master_key: None, master_keys, ..config(store) }
}

fn question(text: &str) -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]})
}

/// Two traces of one tenant and one of another, all in the store.
async fn traces(test: &TestGateway) -> [TraceId; 3] {
    let other = mock_tenant(&test.gateway, "other", "the other's answer").await;
    let ids = [
        test.chat(question("one")).await.unwrap().trace_id,
        test.chat(question("two")).await.unwrap().trace_id,
        other.chat(question("three")).await.unwrap().trace_id,
    ];
    test.flush().await;
    ids
}

backend_tests! {
    async fn another_master_key_does_not_open_the_store(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let wrong = (ErrorCode::WrongMasterKey, Some("master_keys.1".to_owned()));
        let store = test.store();
        assert_eq!(refusal(Gateway::open(Config { master_key: Some(OTHER_KEY.into()), ..config(store) }).await), wrong);
        assert_eq!(refusal(Gateway::open(keyring(store, [(1, OTHER_KEY), (2, MASTER_KEY)])).await), wrong);
        test.second().await.tenant(TENANT).unwrap().chat(hello()).await.expect("the right one still does");
    }

    async fn a_keyring_that_lacks_a_version_does_not_open_the_store(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let lacking = (ErrorCode::WrongMasterKey, Some("master_keys.1".to_owned()));
        assert_eq!(refusal(Gateway::open(keyring(test.store(), [(2, OTHER_KEY)])).await), lacking);
        // And leaves nothing behind: version 2 is whatever comes first with version 1.
        Gateway::open(keyring(test.store(), [(1, MASTER_KEY), (2, MASTER_KEY)])).await.expect("a new version 2");
    }

    async fn two_versions_open_what_the_first_one_made(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let old = test.chat(question("old")).await.unwrap().trace_id;
        test.flush().await;
        let both = Gateway::open(keyring(test.store(), [(1, MASTER_KEY), (2, OTHER_KEY)])).await.unwrap();
        let acme = both.tenant(TENANT).unwrap();
        let request = acme.get_trace(old).await.unwrap().request.unwrap();
        assert!(request.get().contains("old"));
        acme.chat(hello()).await.expect("the provider's key opens, too");

        let new = mock_tenant(&both, "new", "new").await;
        assert_eq!(text(&new.chat(hello()).await.unwrap()), "new");
        // The new tenant's key is wrapped by the second version: the first one alone is not enough for it.
        let lacking = (ErrorCode::WrongMasterKey, Some("master_keys.2".to_owned()));
        assert_eq!(refusal(test.gateway.tenant("new").unwrap().chat(hello()).await), lacking);
        test.chat(hello()).await.expect("the old tenant is as it was");
        assert_eq!(refusal(Gateway::open(test.config().clone()).await), lacking);
        let wrong = Gateway::open(keyring(test.store(), [(1, MASTER_KEY), (2, MASTER_KEY)])).await;
        assert_eq!(refusal(wrong), lacking);
    }

    async fn content_that_was_moved_does_not_open(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let [one, two, three] = traces(&test).await;
        let other = test.gateway.tenant("other").unwrap();
        let mut raw = Raw::open(test.store()).await;
        for (from, to, reader) in [(one, two, &test.acme), (one, three, &other), (three, two, &test.acme)] {
            for column in ["request", "response"] {
                let (own, moved) = (raw.content(to, column).await, raw.content(from, column).await);
                raw.set_content(to, column, &moved).await;
                let error = reader.get_trace(to).await.expect_err("this is another's content");
                assert_eq!(error.code(), ErrorCode::DecryptionFailed);
                assert!(!format!("{error} {error:?}").contains("one") && error.body().is_none(), "{error:?}");
                raw.set_content(to, column, &own).await;
                reader.get_trace(to).await.expect("its own content");
            }
        }
        // One field in the place of another.
        let (request, response) = (raw.content(two, "request").await, raw.content(two, "response").await);
        raw.set_content(two, "request", &response).await;
        raw.set_content(two, "response", &request).await;
        assert_eq!(code(test.acme.get_trace(two).await), ErrorCode::DecryptionFailed);
        // The whole row, in another tenant's name.
        let row = raw.is_trace(one);
        raw.execute(&format!("UPDATE gw_traces SET tenant_id = 'other' WHERE {row}")).await;
        assert_eq!(code(other.get_trace(one).await), ErrorCode::DecryptionFailed);
        assert_eq!(test.traces().await.len(), 1, "rows whose content does not open are listed");
    }

    async fn a_flipped_bit_does_not_open(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let [one, ..] = traces(&test).await;
        let mut raw = Raw::open(test.store()).await;
        for column in ["request", "response"] {
            let whole = raw.content(one, column).await;
            for at in [0, 1, 5, 6, 17, 18, whole.len() / 2, whole.len() - 1] {
                let mut bytes = whole.clone();
                bytes[at] ^= 1;
                raw.set_content(one, column, &bytes).await;
                assert_eq!(code(test.acme.get_trace(one).await), ErrorCode::DecryptionFailed, "{column}, byte {at}");
            }
            raw.set_content(one, column, &whole).await;
        }
        test.acme.get_trace(one).await.expect("all bits are back");
    }

    async fn keys_in_another_tenants_place_do_not_open(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let other = mock_tenant(&test.gateway, "other", "hi").await;
        other.set_provider(libgateway::ProviderConfig { default: Some(true), ..TestGateway::provider(&test.upstream) }).await.unwrap();
        let mut raw = Raw::open(test.store()).await;
        let secret = raw.bytes("SELECT secret FROM gw_providers WHERE tenant_id = 'acme' AND name = 'openai'").await;
        let wrapped = raw.bytes("SELECT wrapped_key FROM gw_tenants WHERE id = 'acme'").await;
        raw.execute(&format!("UPDATE gw_providers SET secret = {} WHERE tenant_id = 'other' AND name = 'openai'", raw.literal(&secret))).await;
        other.evict_provider(None).await.unwrap();
        // Nothing is called with another key or through another provider.
        assert_eq!(code(other.chat(hello()).await), ErrorCode::DecryptionFailed);
        assert_eq!(code(other.get_provider_for_tenant(None).await), ErrorCode::DecryptionFailed);
        assert!(test.upstream.requests().is_empty());
        // Setting a new key mends it.
        other.set_provider(TestGateway::provider(&test.upstream)).await.expect("a new key");
        other.chat(hello()).await.expect("an answer");

        raw.execute(&format!("UPDATE gw_tenants SET wrapped_key = {} WHERE id = 'other'", raw.literal(&wrapped))).await;
        other.evict_provider(None).await.unwrap();
        assert_eq!(code(other.chat(chat("gpt-4o")).await), ErrorCode::DecryptionFailed);
        assert_eq!(test.upstream.requests().len(), 1);
        test.chat(hello()).await.expect("its neighbour is unharmed");
    }
}
