//! API keys: made, shown once, told apart, expired and revoked.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use libgateway::{ApiKeyStatus, ErrorCode, NewApiKey, Scope, Timestamp};
use libgateway_tests::{TestGateway, backend_tests};

use crate::support::{NOTICED, code, contains, eventually, mock_tenant, raw, refusal};

fn scoped(scopes: &[Scope]) -> NewApiKey {
    NewApiKey { scopes: Some(scopes.to_vec()), ..NewApiKey::default() }
}

backend_tests! {
    async fn a_key_stands_for_its_tenant_and_its_scopes(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let created = test.acme.create_api_key(NewApiKey { name: Some("ci".into()), ..scoped(&[Scope::Read, Scope::Infer, Scope::Read]) }).await.unwrap();
        let secret = created.secret.expose();
        assert!(secret.starts_with("gwk_") && secret.len() == 53 && secret.starts_with(&created.key.hint), "{}", created.key.hint);
        assert!(created.key.hint.len() <= 8);
        let key = &created.key;
        assert_eq!((key.name.as_deref(), key.status, key.last_used_at), (Some("ci"), ApiKeyStatus::Active, None));
        assert_eq!((key.tenant_id.as_ref(), key.expires_at), (Some(test.acme.id()), None));

        let caller = test.gateway.authenticate(Some(secret)).await.unwrap();
        assert_eq!((caller.tenant_id.as_ref(), &caller.api_key_id), (Some(test.acme.id()), &key.id));
        assert_eq!(caller.scopes, [Scope::Infer, Scope::Read]);
        caller.require(Scope::Read).unwrap();
        let error = caller.require(Scope::Admin).unwrap_err();
        assert_eq!((error.code(), error.status()), (ErrorCode::InsufficientScope, 403));
        assert_eq!(test.acme.create_api_key(NewApiKey::default()).await.unwrap().key.scopes, [Scope::Infer]);
    }

    async fn a_secret_is_shown_once_and_kept_as_a_hash(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let mut secrets = HashSet::new();
        for number in 0..3 {
            let created = test.acme.create_api_key(NewApiKey { name: Some(format!("key {number}")), ..NewApiKey::default() }).await.unwrap();
            assert_eq!(serde_json::json!(created)["secret"], created.secret.expose());
            assert!(!format!("{created:?}").contains(created.secret.expose()));
            test.gateway.authenticate(Some(created.secret.expose())).await.unwrap();
            secrets.insert(created.secret.expose().to_owned());
        }
        let listed = test.acme.list_api_keys().await.unwrap();
        // Keys of one millisecond are listed in any order.
        let names: BTreeSet<_> = listed.iter().map(|key| key.name.as_deref().unwrap()).collect();
        assert_eq!(names, BTreeSet::from(["key 0", "key 1", "key 2"]));
        assert_eq!(secrets.len(), 3);
        let (listed, kept) = (format!("{listed:?}{}", serde_json::json!(listed)), raw::everything(test.store()));
        assert!(contains(&kept, b"key 2"), "the search finds what is there");
        for secret in secrets {
            // Past the hint, and in the notation of a dump.
            let random = &secret[8..];
            assert!(!listed.contains(random));
            assert!(!contains(&kept, random.as_bytes()) && !contains(&kept, raw::hex(random.as_bytes()).as_bytes()));
        }
    }

    async fn what_is_no_key_of_this_store_is_refused_in_one_way(backend: Backend) {
        let (test, stranger) = (TestGateway::open(backend).await, TestGateway::open(backend).await);
        let error = test.gateway.authenticate(None).await.unwrap_err();
        assert_eq!((error.code(), error.status()), (ErrorCode::MissingApiKey, 401));
        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap();
        let secret = key.secret.expose();
        let (cut, case, more) = (&secret[..52], secret.to_lowercase(), format!("{secret} "));
        let elsewhere = stranger.acme.create_api_key(NewApiKey::default()).await.unwrap();
        let bearer = format!("Bearer {secret}");
        for wrong in ["", "gwk_", cut, &case, &more, &bearer, elsewhere.secret.expose(), &key.key.id, "\0"] {
            let error = test.gateway.authenticate(Some(wrong)).await.unwrap_err();
            assert_eq!((error.code(), error.status()), (ErrorCode::InvalidApiKey, 401));
            assert_eq!(error.to_string(), "the API key is unknown, revoked or expired");
        }
    }

    async fn an_expired_key_is_refused_and_a_later_one_is_not(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let now = test.acme.create_api_key(NewApiKey::default()).await.unwrap().key.created_at;
        let until = |end: Timestamp| NewApiKey { expires_at: Some(end), ..NewApiKey::default() };
        let expired = test.acme.create_api_key(until(now)).await.unwrap();
        assert_eq!(code(test.gateway.authenticate(Some(expired.secret.expose())).await), ErrorCode::InvalidApiKey);
        let valid = test.acme.create_api_key(until(now.plus_millis(60_000))).await.unwrap();
        assert_eq!(valid.key.expires_at, Some(now.plus_millis(60_000)));
        test.gateway.authenticate(Some(valid.secret.expose())).await.unwrap();
        // A key in memory expires as well.
        let soon = test.acme.create_api_key(until(test.gateway.get_tenant(test.acme.id()).await.unwrap().updated_at)).await.unwrap();
        eventually("it expires", NOTICED, || async { test.gateway.authenticate(Some(soon.secret.expose())).await.is_err() }).await;
    }

    async fn a_revoked_key_stays_listed_and_is_refused(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let [kept, revoked] = [test.acme.create_api_key(NewApiKey::default()).await.unwrap(), test.acme.create_api_key(NewApiKey::default()).await.unwrap()];
        test.gateway.authenticate(Some(revoked.secret.expose())).await.unwrap();
        for _ in 0..2 {
            test.acme.revoke_api_key(&revoked.key.id).await.expect("revoking twice is fine");
        }
        assert_eq!(code(test.gateway.authenticate(Some(revoked.secret.expose())).await), ErrorCode::InvalidApiKey);
        test.gateway.authenticate(Some(kept.secret.expose())).await.unwrap();
        // Keys of one millisecond are listed in any order.
        let listed = test.acme.list_api_keys().await.unwrap().into_iter().map(|key| (key.id, key.status));
        let expected = [(kept.key.id, ApiKeyStatus::Active), (revoked.key.id.clone(), ApiKeyStatus::Revoked)];
        assert_eq!(listed.collect::<BTreeMap<_, _>>(), BTreeMap::from(expected));
        for id in ["", "nothing", "\0", &TestGateway::open(backend).await.acme.create_api_key(NewApiKey::default()).await.unwrap().key.id] {
            assert_eq!(code(test.acme.revoke_api_key(id).await), ErrorCode::ApiKeyNotFound, "{id:?}");
        }
    }

    async fn a_key_is_seen_and_revoked_by_its_owner_alone(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let other = mock_tenant(&test.gateway, "other", "hi").await;
        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap();
        let admin = test.gateway.create_admin_key(NewApiKey::default()).await.unwrap();
        assert_eq!(other.list_api_keys().await.unwrap(), []);
        assert_eq!(test.acme.list_api_keys().await.unwrap(), std::slice::from_ref(&key.key));
        assert_eq!(test.gateway.list_admin_keys().await.unwrap(), std::slice::from_ref(&admin.key));
        for refused in [
            other.revoke_api_key(&key.key.id).await,
            test.gateway.revoke_admin_key(&key.key.id).await,
            test.acme.revoke_api_key(&admin.key.id).await,
        ] {
            assert_eq!(code(refused), ErrorCode::ApiKeyNotFound);
        }
        for secret in [&key.secret, &admin.secret] {
            test.gateway.authenticate(Some(secret.expose())).await.unwrap();
        }
    }

    async fn an_admin_key_has_no_tenant_and_every_scope(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let admin = test.gateway.create_admin_key(NewApiKey::default()).await.unwrap();
        let caller = test.gateway.authenticate(Some(admin.secret.expose())).await.unwrap();
        assert_eq!((caller.tenant_id, caller.scopes), (None, vec![Scope::Infer, Scope::Read, Scope::Admin]));
        let reader = test.gateway.create_admin_key(scoped(&[Scope::Read])).await.unwrap();
        assert_eq!(test.gateway.authenticate(Some(reader.secret.expose())).await.unwrap().scopes, [Scope::Read]);
        test.gateway.revoke_admin_key(&admin.key.id).await.unwrap();
        assert_eq!(code(test.gateway.authenticate(Some(admin.secret.expose())).await), ErrorCode::InvalidApiKey);

        let scopes = (ErrorCode::InvalidField, Some("scopes".to_owned()));
        assert_eq!(refusal(test.acme.create_api_key(scoped(&[Scope::Infer, Scope::Admin])).await), scopes);
        assert_eq!(refusal(test.acme.create_api_key(scoped(&[])).await), scopes);
        assert_eq!(refusal(test.gateway.create_admin_key(scoped(&[])).await), scopes);
    }

    async fn the_last_use_of_a_key_is_written_down(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let [used, unused] = [test.acme.create_api_key(NewApiKey::default()).await.unwrap(), test.acme.create_api_key(NewApiKey::default()).await.unwrap()];
        test.gateway.authenticate(Some(used.secret.expose())).await.unwrap();
        let last_used = |id: &str| {
            let (acme, id) = (test.acme.clone(), id.to_owned());
            async move {
                let listed = acme.list_api_keys().await.unwrap();
                listed.into_iter().find(|key| key.id == id).expect("the key").last_used_at
            }
        };
        eventually("the last use", NOTICED * 6, || async { last_used(&used.key.id).await.is_some() }).await;
        assert_eq!(last_used(&unused.key.id).await, None);
        let minute_ms = last_used(&used.key.id).await.unwrap().as_millis();
        assert_eq!(minute_ms % 60_000, 0);
        assert!((used.key.created_at.as_millis() - minute_ms) < 60_000);
    }
}

libgateway_tests::pooled_tests! {
    a_key_stands_for_its_tenant_and_its_scopes,
    the_last_use_of_a_key_is_written_down,
}
