//! Tenants, providers, API keys, and what other processes hear of them.

use super::{corpus::tenant, support::on_every_store};
use crate::{
    crypto::{KeyHash, WrappedKey},
    error::ErrorCode,
    store::{ProviderChange, ProviderRecord, Store, TenantRecord},
    types::{
        api_key::{ApiKey, ApiKeyStatus, Scope},
        ids::{ProviderName, TenantId},
        provider::{ProviderInfo, ProviderSettings},
        retention::Retention,
        tenant::{Capture, Tenant, TenantStatus, TenantUpdate},
        time::Timestamp,
    },
};

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn tenant_record(id: &str) -> TenantRecord {
    let tenant = Tenant {
        id: tenant(id),
        name: Some(format!("The {id}")),
        status: TenantStatus::Active,
        capture: None,
        concurrency: Some(7),
        retention: Retention { days: None, traces: Some(9) },
        prices: serde_json::from_str(r#"[{"model":"m*","per":"token","input":"0.000002"}]"#).unwrap(),
        created_at: at(1000),
        updated_at: at(1000),
    };
    TenantRecord { tenant, wrapped_key: WrappedKey { version: 3, bytes: vec![1, 0, 255] }, providers: Vec::new() }
}

fn provider(name: &str) -> ProviderName {
    name.parse().unwrap()
}

fn change<'a>(tenant: &'a TenantId, name: &'a ProviderName, settings: &'a ProviderSettings) -> ProviderChange<'a> {
    ProviderChange { tenant, name, kind: "openai", settings, secret: None, default: None, now: at(2000) }
}

fn key(id: &str, tenant_id: Option<TenantId>) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        tenant_id,
        name: None,
        hint: "gwk_abcd".to_owned(),
        scopes: vec![Scope::Infer, Scope::Read],
        status: ApiKeyStatus::Active,
        expires_at: Some(at(9000)),
        created_at: at(1000),
        last_used_at: None,
    }
}

fn code<T>(result: crate::error::Result<T>) -> ErrorCode {
    result.err().expect("an error").code()
}

async fn providers(store: &Store, id: &TenantId) -> Vec<ProviderInfo> {
    store
        .load_tenant(id)
        .await
        .unwrap()
        .map_or_else(Vec::new, |record| record.providers.into_iter().map(|provider| provider.info).collect())
}

async fn defaults(store: &Store, id: &TenantId) -> Vec<String> {
    providers(store, id)
        .await
        .into_iter()
        .filter(|provider| provider.default)
        .map(|provider| provider.name.to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_created_once_changed_and_listed_by_id() {
    on_every_store(async |store| {
        let mut record = tenant_record("acme");
        let info = ProviderInfo {
            name: provider("main"),
            kind: "openai".to_owned(),
            default: true,
            has_api_key: true,
            settings: ProviderSettings { models: vec!["gpt-*".to_owned()], ..ProviderSettings::default() },
            created_at: Some(at(1000)),
            updated_at: Some(at(1000)),
        };
        record.providers.push(ProviderRecord { info: info.clone(), secret: Some(vec![0, 9]) });
        store.create_tenant(&record).await.unwrap();
        assert_eq!(code(store.create_tenant(&record).await), ErrorCode::AlreadyExists);

        let loaded = store.load_tenant(&tenant("acme")).await.unwrap().unwrap();
        assert_eq!(
            (&loaded.tenant, loaded.wrapped_key.version, &*loaded.wrapped_key.bytes),
            (&record.tenant, 3, [1, 0, 255].as_slice())
        );
        assert_eq!(
            (&loaded.providers[0].info, loaded.providers[0].secret.as_deref()),
            (&info, Some([0, 9].as_slice()))
        );
        assert!(store.load_tenant(&tenant("acme2")).await.unwrap().is_none());

        let update = TenantUpdate {
            status: Some(TenantStatus::Disabled),
            capture: Some(Capture::None),
            retention: Some(Retention { days: Some(30), traces: None }),
            ..TenantUpdate::default()
        };
        let updated = store.update_tenant(&tenant("acme"), &update, at(2000)).await.unwrap();
        let expected = Tenant {
            status: TenantStatus::Disabled,
            capture: Some(Capture::None),
            retention: Retention { days: Some(30), traces: None },
            updated_at: at(2000),
            ..record.tenant
        };
        assert_eq!((&updated, store.get_tenant(&tenant("acme")).await.unwrap().as_ref()), (&expected, Some(&expected)));
        assert_eq!(code(store.update_tenant(&tenant("nobody"), &update, at(2000)).await), ErrorCode::TenantNotFound);

        for id in ["a", "B", "_", "b", "Z.9"] {
            store.create_tenant(&tenant_record(id)).await.unwrap();
        }
        let (mut ids, mut after) = (Vec::new(), None::<TenantId>);
        loop {
            let page = store.list_tenants(after.as_ref(), 2).await.unwrap();
            ids.extend(page.tenants.into_iter().map(|tenant| tenant.id.to_string()));
            let Some(next) = page.next_cursor else { break };
            after = Some(tenant(&next));
        }
        assert_eq!(ids, ["B", "Z.9", "_", "a", "acme", "b"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_tenant_leaves_nothing_to_decrypt_and_its_id_waits_for_the_erasure() {
    on_every_store(async |store| {
        let id = tenant("acme");
        store.create_tenant(&tenant_record("acme")).await.unwrap();
        store.set_provider(change(&id, &provider("main"), &ProviderSettings::default())).await.unwrap();
        store.insert_api_key(&key("k1", Some(id.clone())), &KeyHash([1; 32])).await.unwrap();
        let others = super::corpus::records(&tenant("globex"), super::support::now(), 5);
        store.insert_traces(&others).await.unwrap();
        store.insert_traces(&super::corpus::records(&id, super::support::now(), 25)).await.unwrap();
        let before = store.changes_since(0).await.unwrap().generation;
        assert_eq!(store.erase_traces(&id, 10).await.unwrap().traces, 0, "it is not deleted yet");

        store.delete_tenant(&id, at(5000)).await.unwrap();
        assert_eq!(code(store.delete_tenant(&id, at(5000)).await), ErrorCode::TenantNotFound);
        assert!(store.load_tenant(&id).await.unwrap().is_none() && store.get_tenant(&id).await.unwrap().is_none());
        assert!(providers(&store, &id).await.is_empty());
        assert_eq!(store.find_api_key(&KeyHash([1; 32])).await.unwrap().unwrap().status, ApiKeyStatus::Revoked);
        let changes = store.changes_since(before).await.unwrap();
        assert_eq!(
            (changes.tenants, changes.keys.iter().map(|hash| hash.0).collect::<Vec<_>>()),
            (vec![id.clone()], vec![[1; 32]])
        );

        assert_eq!(code(store.create_tenant(&tenant_record("acme")).await), ErrorCode::AlreadyExists);
        let mut erased = Vec::new();
        while erased.last() != Some(&0) {
            erased.push(store.erase_traces(&id, 10).await.unwrap().traces);
        }
        assert_eq!(erased, [10, 10, 5, 0]);
        store.create_tenant(&tenant_record("acme")).await.unwrap();
        assert!(store.get_trace(&tenant("globex"), others[0].id).await.unwrap().unwrap().request.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_one_default_provider_and_a_change_without_a_secret_keeps_it() {
    on_every_store(async |store| {
        let (id, settings) = (tenant("acme"), ProviderSettings::default());
        let (first, second, third) = (provider("first"), provider("second"), provider("Third"));
        assert_eq!(code(store.set_provider(change(&id, &first, &settings)).await), ErrorCode::TenantNotFound);
        store.create_tenant(&tenant_record("acme")).await.unwrap();
        let set = store
            .set_provider(ProviderChange {
                secret: Some(b"sealed"),
                default: Some(false),
                ..change(&id, &first, &settings)
            })
            .await
            .unwrap();
        assert!(set.default && set.has_api_key, "the first provider is the default");
        store.set_provider(ProviderChange { now: at(3000), ..change(&id, &second, &settings) }).await.unwrap();
        store.set_provider(ProviderChange { now: at(4000), ..change(&id, &third, &settings) }).await.unwrap();
        assert_eq!(defaults(&store, &id).await, ["first"]);
        store.set_provider(ProviderChange { default: Some(true), ..change(&id, &second, &settings) }).await.unwrap();
        assert_eq!(defaults(&store, &id).await, ["second"]);

        let set = store
            .set_provider(ProviderChange { kind: "azure", now: at(6000), ..change(&id, &first, &settings) })
            .await
            .unwrap();
        assert_eq!(
            (set.kind.as_str(), set.has_api_key, set.created_at, set.updated_at),
            ("azure", true, Some(at(2000)), Some(at(6000)))
        );
        let loaded = store.load_tenant(&id).await.unwrap().unwrap().providers;
        let names: Vec<_> = loaded.iter().map(|provider| provider.info.name.as_str()).collect();
        assert_eq!(
            (names, loaded[1].secret.as_deref()),
            (vec!["Third", "first", "second"], Some(b"sealed".as_slice()))
        );

        store.delete_provider(&id, &second, at(7000)).await.unwrap();
        assert_eq!(defaults(&store, &id).await, ["first"], "the oldest one that is left");
        assert_eq!(code(store.delete_provider(&id, &second, at(7000)).await), ErrorCode::ProviderNotFound);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_found_by_hash_revoked_by_their_owner_only_and_touched_forwards() {
    on_every_store(async |store| {
        let id = tenant("acme");
        assert_eq!(
            code(store.insert_api_key(&key("k1", Some(id.clone())), &KeyHash([1; 32])).await),
            ErrorCode::TenantNotFound
        );
        store.create_tenant(&tenant_record("acme")).await.unwrap();
        store.insert_api_key(&key("k1", Some(id.clone())), &KeyHash([1; 32])).await.unwrap();
        store.insert_api_key(&key("root", None), &KeyHash([2; 32])).await.unwrap();
        assert_eq!(code(store.insert_api_key(&key("k9", None), &KeyHash([2; 32])).await), ErrorCode::AlreadyExists);

        assert_eq!(store.find_api_key(&KeyHash([1; 32])).await.unwrap(), Some(key("k1", Some(id.clone()))));
        assert_eq!(store.find_api_key(&KeyHash([9; 32])).await.unwrap(), None);
        assert_eq!(store.list_api_keys(None).await.unwrap(), [key("root", None)]);

        store
            .touch_last_used(vec![("root".to_owned(), at(10)), ("k1".to_owned(), at(50)), ("gone".to_owned(), at(1))])
            .await
            .unwrap();
        store.touch_last_used(vec![("k1".to_owned(), at(40))]).await.unwrap();
        assert_eq!(store.list_api_keys(Some(&id)).await.unwrap()[0].last_used_at, Some(at(50)));

        assert_eq!(code(store.revoke_api_key(Some(&tenant("globex")), "k1").await), ErrorCode::ApiKeyNotFound);
        assert_eq!(code(store.revoke_api_key(Some(&id), "k1\0").await), ErrorCode::ApiKeyNotFound);
        assert_eq!(code(store.revoke_api_key(None, "k1").await), ErrorCode::ApiKeyNotFound);
        assert_eq!(store.revoke_api_key(Some(&id), "k1").await.unwrap().0, [1; 32]);
        assert_eq!(store.find_api_key(&KeyHash([1; 32])).await.unwrap().unwrap().status, ApiKeyStatus::Revoked);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_name_what_changed_after_a_generation_and_nothing_else() {
    on_every_store(async |store| {
        let start = store.changes_since(0).await.unwrap();
        assert_eq!((start.generation, start.tenants.len(), start.keys.len()), (0, 0, 0));
        for id in ["a", "b", "c"] {
            store.create_tenant(&tenant_record(id)).await.unwrap();
        }
        let created = store.changes_since(0).await.unwrap();
        assert_eq!((created.generation, created.tenants.len()), (3, 3));
        store.delete_provider(&tenant("a"), &provider("none"), at(1)).await.unwrap_err();
        assert_eq!(store.changes_since(3).await.unwrap().generation, 3, "what failed changed nothing");
        store.set_provider(change(&tenant("b"), &provider("main"), &ProviderSettings::default())).await.unwrap();
        store.touch_last_used(vec![("k".to_owned(), at(1))]).await.unwrap();
        let changes = store.changes_since(3).await.unwrap();
        assert_eq!((changes.generation, changes.tenants), (4, vec![tenant("b")]));
        let restored = store.changes_since(100).await.unwrap();
        assert!(restored.everything && restored.generation == 4, "a generation from the future: all may differ");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_check_value_of_a_master_key_stays() {
    on_every_store(async |store| {
        assert!(store.master_keys().await.unwrap().is_empty());
        assert_eq!(store.remember_master_key(1, b"one").await.unwrap(), b"one");
        assert_eq!(store.remember_master_key(1, b"two").await.unwrap(), b"one");
        assert_eq!(store.master_keys().await.unwrap(), [(1, b"one".to_vec())]);
    })
    .await;
}
