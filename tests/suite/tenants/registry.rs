//! What is kept in memory of tenants, providers and keys, and when it is forgotten.

use libgateway::{ErrorCode, NewApiKey, TenantStatus, TenantUpdate};
use libgateway_tests::{TENANT, TestGateway, backend_tests, hello, upstream::Upstream};
use tokio::task::JoinSet;

use crate::support::{NOTICED, code, eventually, mock, mock_tenant, raw::Raw, text};

backend_tests! {
    async fn an_eviction_says_whether_there_was_something_to_evict(backend: Backend) {
        let test = TestGateway::open(backend).await;
        // It wrote nothing itself, so that no change makes it forget anything.
        let gateway = test.second().await;
        let tenant = gateway.tenant(TENANT).unwrap();
        assert!(!tenant.evict_provider(None).await.unwrap(), "nothing was built");
        let name = "openai".parse().unwrap();
        for name in [None, Some(&name)] {
            tenant.get_provider_for_tenant(name).await.unwrap();
            assert!(tenant.evict_provider(name).await.unwrap());
            assert!(!tenant.evict_provider(name).await.unwrap(), "it was evicted already");
        }
        // Knowing a tenant is not having built its provider.
        tenant.get_trace(libgateway::TraceId::new(libgateway::Timestamp::from_millis(0))).await.unwrap_err();
        assert!(!tenant.evict_provider(None).await.unwrap());
        let other = gateway.tenant("nobody").unwrap();
        assert!(!other.evict_provider(None).await.unwrap());
    }

    async fn a_provider_is_read_once_and_again_after_an_eviction(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let gateway = test.second().await;
        let tenant = gateway.tenant(TENANT).unwrap();
        tenant.chat(hello()).await.unwrap();
        // A change that tells nobody.
        let mut raw = Raw::open(test.store()).await;
        assert_eq!(raw.execute("UPDATE gw_providers SET kind = 'mock' WHERE tenant_id = 'acme'").await, 1);
        tenant.chat(hello()).await.unwrap();
        assert_eq!(test.upstream.requests().len(), 2, "the provider in memory still serves");
        assert!(tenant.evict_provider(None).await.unwrap());
        assert_eq!(text(&tenant.chat(hello()).await.unwrap()), "Hello from the mock provider.");
        assert_eq!(test.upstream.requests().len(), 2);
    }

    async fn an_eviction_brings_what_another_gateway_wrote(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let gateway = test.second().await;
        let tenant = gateway.tenant(TENANT).unwrap();
        tenant.chat(hello()).await.unwrap();
        test.acme.set_provider(libgateway::ProviderConfig { default: Some(true), ..mock("changed") }).await.unwrap();
        tenant.evict_provider(None).await.unwrap();
        assert_eq!(text(&tenant.chat(hello()).await.unwrap()), "changed");
    }

    async fn a_change_takes_effect_at_once_where_it_is_made(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.chat(hello()).await.unwrap();
        let elsewhere = Upstream::start().unwrap();
        for _ in 0..5 {
            test.acme.set_provider(TestGateway::provider(&elsewhere)).await.unwrap();
            test.chat(hello()).await.unwrap();
            test.acme.set_provider(TestGateway::provider(&test.upstream)).await.unwrap();
            test.chat(hello()).await.unwrap();
        }
        assert_eq!((elsewhere.requests().len(), test.upstream.requests().len()), (5, 6));

        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap();
        test.gateway.authenticate(Some(key.secret.expose())).await.unwrap();
        test.acme.revoke_api_key(&key.key.id).await.unwrap();
        assert_eq!(code(test.gateway.authenticate(Some(key.secret.expose())).await), ErrorCode::InvalidApiKey);
    }

    async fn a_change_is_noticed_by_a_gateway_that_did_not_make_it(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let other = test.second().await;
        let tenant = &other.tenant(TENANT).unwrap();
        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap();
        let secret = Some(key.secret.expose());
        tenant.chat(hello()).await.unwrap();
        other.authenticate(secret).await.unwrap();

        test.acme.set_provider(libgateway::ProviderConfig { default: Some(true), ..mock("changed") }).await.unwrap();
        test.acme.revoke_api_key(&key.key.id).await.unwrap();
        let changed = || async { tenant.chat(hello()).await.unwrap().provider.as_str() == "mock" };
        eventually("the provider is another one", NOTICED, changed).await;
        eventually("the key is revoked", NOTICED, || async { other.authenticate(secret).await.is_err() }).await;

        let disabled = TenantUpdate { status: Some(TenantStatus::Disabled), ..TenantUpdate::default() };
        test.gateway.update_tenant(test.acme.id(), disabled).await.unwrap();
        let refused = || async { tenant.chat(hello()).await.is_err_and(|error| error.code() == ErrorCode::TenantDisabled) };
        eventually("the tenant is disabled", NOTICED, refused).await;

        test.gateway.delete_tenant(test.acme.id()).await.unwrap();
        let gone = || async { tenant.chat(hello()).await.is_err_and(|error| error.code() == ErrorCode::TenantNotFound) };
        eventually("the tenant is gone", NOTICED, gone).await;
    }

    async fn a_tenant_that_was_unknown_is_found_as_soon_as_it_exists(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let other = test.second().await;
        let late = other.tenant("late").unwrap();
        assert_eq!(code(late.chat(hello()).await), ErrorCode::TenantNotFound);
        mock_tenant(&test.gateway, "late", "here").await;
        assert_eq!(text(&late.chat(hello()).await.unwrap()), "here");
    }

    async fn a_thousand_first_uses_at_once_all_work(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap();
        mock_tenant(&test.gateway, "many", "hi").await;
        let other = test.second().await;
        let mut uses = JoinSet::new();
        for _ in 0..1_000 {
            let (gateway, secret) = (other.clone(), key.secret.clone());
            uses.spawn(async move {
                let many = gateway.tenant("many").unwrap();
                let handle = many.get_provider_for_tenant(None).await.unwrap();
                gateway.authenticate(Some(secret.expose())).await.unwrap();
                assert_eq!(text(&handle.chat(hello()).await.unwrap()), "hi");
            });
        }
        uses.join_all().await;
    }
}
