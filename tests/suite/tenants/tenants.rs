//! Tenants: created, read, listed, changed, disabled and deleted.

use libgateway::{
    AnalyticsQuery, Capture, ErrorCode, NewApiKey, NewTenant, TenantQuery, TenantStatus, TenantUpdate, TraceId,
    TraceQuery,
};
use libgateway_tests::{
    TENANT, TestGateway, backend_tests, hello,
    upstream::{BeforeHeaders, Script},
};

use crate::support::{NOTICED, code, eventually, mock_tenant, raw, refusal, text};

fn new_tenant(id: &str) -> NewTenant {
    NewTenant { id: Some(id.parse().unwrap()), ..NewTenant::default() }
}

backend_tests! {
    async fn a_tenant_reads_back_as_it_was_created_and_changed(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let new = NewTenant { name: Some("Bücher & Söhne".into()), capture: Some(Capture::Metadata), concurrency: Some(7), ..new_tenant("a.b_c:D-9") };
        let created = test.gateway.create_tenant(new).await.unwrap();
        assert_eq!((created.name.as_deref(), created.capture, created.concurrency), (Some("Bücher & Söhne"), Some(Capture::Metadata), Some(7)));
        assert_eq!((created.status, created.created_at), (TenantStatus::Active, created.updated_at));
        assert_eq!(test.gateway.get_tenant(&created.id).await.unwrap(), created);

        let update = TenantUpdate { capture: Some(Capture::None), ..TenantUpdate::default() };
        let changed = test.gateway.update_tenant(&created.id, update).await.unwrap();
        assert_eq!((changed.name.clone(), changed.concurrency), (created.name, created.concurrency));
        assert_eq!((changed.capture, changed.created_at), (Some(Capture::None), created.created_at));
        assert!(changed.updated_at >= created.updated_at);
        assert_eq!(test.gateway.get_tenant(&changed.id).await.unwrap(), changed);
    }

    async fn a_tenant_without_an_id_gets_a_uuid_of_its_time(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let first = test.gateway.create_tenant(NewTenant::default()).await.unwrap();
        let second = test.gateway.create_tenant(NewTenant::default()).await.unwrap();
        assert_ne!(first.id, second.id);
        let id: TraceId = first.id.as_str().parse().expect("a UUID");
        assert_eq!(first.id.as_str().chars().nth(14), Some('7'), "{}", first.id);
        let late_ms = first.created_at.as_millis() - id.created_at().as_millis();
        assert!((0..1_000).contains(&late_ms), "{late_ms} ms");
    }

    async fn pages_hold_every_tenant_once_in_the_order_of_their_ids(backend: Backend) {
        let test = TestGateway::open(backend).await;
        // Bytes decide, not a language's alphabet.
        let mut ids = vec![TENANT, "B", "a", "a-1", "a.1", "Z", "z", "_", "10", "9"];
        for id in &ids[1..] {
            test.gateway.create_tenant(new_tenant(id)).await.unwrap();
        }
        ids.sort_unstable();
        for limit in [1, 3, 10, 200] {
            let (mut listed, mut cursor) = (Vec::new(), None);
            loop {
                let page = test.gateway.list_tenants(TenantQuery { limit: Some(limit), cursor }).await.unwrap();
                assert!(page.tenants.len() <= limit as usize && !page.tenants.is_empty());
                listed.extend(page.tenants.iter().map(|tenant| tenant.id.to_string()));
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(listed, ids, "{limit} at a time");
        }
        for (query, param) in [
            (TenantQuery { limit: Some(0), cursor: None }, "limit"),
            (TenantQuery { limit: Some(201), cursor: None }, "limit"),
            (TenantQuery { limit: None, cursor: Some("not a cursor".into()) }, "cursor"),
        ] {
            assert_eq!(refusal(test.gateway.list_tenants(query).await), (ErrorCode::InvalidField, Some(param.into())));
        }
    }

    async fn an_id_is_refused_where_it_is_read(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let long = "x".repeat(65);
        for id in ["", " ", "a b", "a/b", "../a", "é", "a\0", "a\n", "%41", long.as_str()] {
            assert_eq!(refusal(test.gateway.tenant(id)), (ErrorCode::InvalidField, Some("tenant_id".into())), "{id:?}");
            assert!(serde_json::from_value::<NewTenant>(serde_json::json!({"id": id})).is_err(), "{id:?}");
        }
        let longest = "x".repeat(64);
        mock_tenant(&test.gateway, &longest, "hi").await;
        assert_eq!(test.gateway.get_tenant(&longest.parse().unwrap()).await.unwrap().id.as_str(), longest);
    }

    async fn a_tenant_exists_once_and_the_second_one_changes_nothing(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let before = test.gateway.get_tenant(test.acme.id()).await.unwrap();
        let twin = NewTenant { name: Some("twin".into()), ..new_tenant(TENANT) };
        assert_eq!(refusal(test.gateway.create_tenant(twin).await), (ErrorCode::AlreadyExists, Some("id".into())));
        assert_eq!(test.gateway.get_tenant(test.acme.id()).await.unwrap(), before);
        assert_eq!(test.acme.list_providers().await.unwrap().len(), 1);
        test.chat(hello()).await.expect("its provider is untouched");
    }

    async fn an_unknown_tenant_is_not_found_by_any_operation(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let nobody = test.gateway.tenant("nobody").unwrap();
        let id = nobody.id();
        let found = [
            ("get_tenant", code(test.gateway.get_tenant(id).await)),
            ("update_tenant", code(test.gateway.update_tenant(id, TenantUpdate::default()).await)),
            ("delete_tenant", code(test.gateway.delete_tenant(id).await)),
            ("set_provider", code(nobody.set_provider(TestGateway::provider(&test.upstream)).await)),
            ("list_providers", code(nobody.list_providers().await)),
            ("delete_provider", code(nobody.delete_provider(&"openai".parse().unwrap()).await)),
            ("create_api_key", code(nobody.create_api_key(NewApiKey::default()).await)),
            ("get_provider_for_tenant", code(nobody.get_provider_for_tenant(None).await)),
            ("chat", code(nobody.chat(hello()).await)),
            ("list_models", code(nobody.list_models(libgateway::CallOptions::default()).await)),
            ("get_trace", code(nobody.get_trace(TraceId::new(libgateway::Timestamp::from_millis(0))).await)),
            ("list_traces", code(nobody.list_traces(TraceQuery::default()).await)),
            ("analytics", code(nobody.analytics(AnalyticsQuery::default()).await)),
        ];
        for (operation, code) in found {
            assert_eq!(code, ErrorCode::TenantNotFound, "{operation}");
        }
        assert!(test.upstream.requests().is_empty());
    }

    async fn a_disabled_tenant_cannot_call_and_its_traces_stay_readable(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let reply = test.chat(hello()).await.unwrap();
        let provider = test.acme.get_provider_for_tenant(None).await.unwrap();
        let status = |status| TenantUpdate { status: Some(status), ..TenantUpdate::default() };
        test.gateway.update_tenant(test.acme.id(), status(TenantStatus::Disabled)).await.unwrap();

        assert_eq!(code(test.chat(hello()).await), ErrorCode::TenantDisabled);
        assert_eq!(code(test.acme.embeddings(hello()).await), ErrorCode::TenantDisabled);
        assert_eq!(test.chat_stream(hello()).await.err().unwrap().status(), 403);
        assert_eq!(code(test.acme.get_provider_for_tenant(None).await), ErrorCode::TenantDisabled);
        // A handle from before is no way around it.
        assert_eq!(code(provider.chat(hello()).await), ErrorCode::TenantDisabled);
        assert_eq!(test.upstream.requests().len(), 1);
        let trace = test.only_trace().await;
        assert_eq!(trace.trace.id, reply.trace_id);
        assert!(trace.request.is_some());

        test.gateway.update_tenant(test.acme.id(), status(TenantStatus::Active)).await.unwrap();
        test.chat(hello()).await.expect("an answer again");
    }

    async fn deleting_a_tenant_ends_its_keys_its_calls_and_its_traces(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let reply = test.chat(hello()).await.unwrap();
        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap();
        let secret = Some(key.secret.expose());
        assert_eq!(test.gateway.authenticate(secret).await.unwrap().api_key_id, key.key.id);
        test.only_trace().await;

        test.gateway.delete_tenant(test.acme.id()).await.unwrap();
        assert_eq!(code(test.gateway.authenticate(secret).await), ErrorCode::InvalidApiKey);
        assert_eq!(code(test.chat(hello()).await), ErrorCode::TenantNotFound);
        assert_eq!(code(test.acme.get_trace(reply.trace_id).await), ErrorCode::TenantNotFound);
        assert_eq!(code(test.acme.list_traces(TraceQuery::default()).await), ErrorCode::TenantNotFound);
        assert_eq!(code(test.acme.analytics_summary(AnalyticsQuery::default()).await), ErrorCode::TenantNotFound);
        assert_eq!(code(test.gateway.delete_tenant(test.acme.id()).await), ErrorCode::TenantNotFound);
        assert_eq!(test.gateway.list_tenants(TenantQuery::default()).await.unwrap().tenants, []);
        // Nor in a process that begins now.
        let second = test.second().await;
        assert_eq!(code(second.authenticate(secret).await), ErrorCode::InvalidApiKey);
        assert_eq!(code(second.tenant(TENANT).unwrap().get_trace(reply.trace_id).await), ErrorCode::TenantNotFound);
        // The data key is gone, not only out of reach.
        let mut raw = raw::Raw::open(test.store()).await;
        assert_eq!(raw.execute("DELETE FROM gw_tenants WHERE id = 'acme' AND wrapped_key IS NULL").await, 1);
    }

    async fn the_id_of_a_deleted_tenant_without_traces_can_be_used_again(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let old = mock_tenant(&test.gateway, "again", "old").await;
        let key = old.create_api_key(NewApiKey::default()).await.unwrap();
        test.gateway.delete_tenant(old.id()).await.unwrap();
        let new = mock_tenant(&test.gateway, "again", "new").await;
        assert_eq!(text(&new.chat(hello()).await.unwrap()), "new");
        assert_eq!(code(test.gateway.authenticate(Some(key.secret.expose())).await), ErrorCode::InvalidApiKey);
    }

    async fn a_deleted_tenants_traces_never_become_those_of_a_new_one(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for _ in 0..20 {
            test.chat(hello()).await.unwrap();
        }
        assert_eq!(test.traces().await.len(), 20);
        test.gateway.delete_tenant(test.acme.id()).await.unwrap();
        // The id is taken until the rows are gone, which is soon.
        let created = || async {
            let created = test.gateway.create_tenant(new_tenant(TENANT)).await;
            created.inspect_err(|error| assert_eq!(error.code(), ErrorCode::AlreadyExists)).is_ok()
        };
        eventually("the id is free", NOTICED, created).await;
        assert_eq!(test.traces().await, []);
        let summary = test.acme.analytics_summary(AnalyticsQuery::default()).await.unwrap();
        assert_eq!(serde_json::json!(summary)["total_requests"], 0, "{summary:?}");
    }

    async fn a_tenant_at_its_limit_does_not_hold_up_another(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let update = TenantUpdate { concurrency: Some(1), ..TenantUpdate::default() };
        test.gateway.update_tenant(test.acme.id(), update).await.unwrap();
        test.upstream.push(Script::no_answer(BeforeHeaders::Hang));
        let acme = test.acme.clone();
        let hanging = tokio::spawn(async move { acme.chat(hello()).await });
        test.upstream.wait_for_requests(1, libgateway_tests::DEADLINE).await.unwrap();

        let error = test.chat(hello()).await.expect_err("one too many");
        assert_eq!((error.code(), error.status()), (ErrorCode::TenantConcurrencyLimit, 429));
        let other = mock_tenant(&test.gateway, "other", "hi").await;
        other.chat(hello()).await.expect("another tenant has room of its own");
        hanging.abort();
        drop(hanging.await);
        test.chat(hello()).await.expect("room again");
    }
}

libgateway_tests::pooled_tests! {
    deleting_a_tenant_ends_its_keys_its_calls_and_its_traces,
}
