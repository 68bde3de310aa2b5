//! The master key is rotated while everything goes on: afterwards the new one alone opens what the old one had wrapped.

use std::{collections::BTreeMap, time::Duration};

use libgateway::{Config, ErrorCode, Gateway, NewTenant, Secret, TraceQuery};
use libgateway_tests::{DEADLINE, FreshStore, MASTER_KEY, TENANT, TestGateway, backend_tests, config, hello};
use tokio::{task::JoinSet, time::timeout};

use crate::support::{code, mock_tenant, raw::Raw, refusal, text};

const NEW_KEY: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const BOTH: [(u32, &str); 2] = [(1, MASTER_KEY), (2, NEW_KEY)];

fn keyring<const N: usize>(store: &FreshStore, keys: [(u32, &str); N]) -> Config {
    let master_keys: BTreeMap<u32, Secret> = keys.into_iter().map(|(version, key)| (version, key.into())).collect();
    Config { master_key: None, master_keys, ..config(store) }
}

async fn with_both(store: &FreshStore) -> Gateway {
    Gateway::open(keyring(store, BOTH)).await.expect("both keys open the store")
}

fn new_tenant(id: &str) -> NewTenant {
    NewTenant { id: Some(id.parse().unwrap()), ..NewTenant::default() }
}

async fn wrapped_by(raw: &mut Raw, version: u32) -> i64 {
    raw.number(&format!("SELECT count(*) FROM gw_tenants WHERE key_version = {version}")).await
}

backend_tests! {
    async fn the_new_key_alone_opens_what_the_old_one_had_wrapped(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let old = test.chat(hello()).await.unwrap().trace_id;
        let other = mock_tenant(&test.gateway, "other", "the other's answer").await;
        let others = other.chat(hello()).await.unwrap().trace_id;
        test.flush().await;

        let both = with_both(test.store()).await;
        let report = both.rewrap_data_keys().await.unwrap();
        assert_eq!((report.rewrapped, report.unreadable, report.version, report.retired), (2, 0, 2, vec![1]));
        let again = both.rewrap_data_keys().await.unwrap();
        assert_eq!((again.rewrapped, again.retired), (0, vec![1]), "it says again what is retired");
        both.tenant(TENANT).unwrap().chat(hello()).await.expect("calls go on");
        both.flush(DEADLINE).await.unwrap();

        let new = Gateway::open(keyring(test.store(), [(2, NEW_KEY)])).await.expect("the new key alone");
        let acme = new.tenant(TENANT).unwrap();
        assert!(acme.get_trace(old).await.unwrap().request.is_some());
        assert_eq!(acme.list_traces(TraceQuery::default()).await.unwrap().traces.len(), 2);
        acme.chat(hello()).await.expect("the provider's secret opens");
        let other = new.tenant("other").unwrap();
        assert!(other.get_trace(others).await.unwrap().response.is_some());
        assert_eq!(text(&other.chat(hello()).await.unwrap()), "the other's answer");

        // The old one alone opens nothing, and both together do not bring it back.
        let lacking = (ErrorCode::WrongMasterKey, Some("master_keys.2".to_owned()));
        assert_eq!(refusal(Gateway::open(config(test.store())).await), lacking);
        with_both(test.store()).await;
        Gateway::open(keyring(test.store(), [(2, NEW_KEY)])).await.expect("version 1 is retired for good");
    }

    async fn tenants_that_others_create_meanwhile_are_not_lost(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let both = with_both(test.store()).await;
        // Some with the old key, which ends when that is retired, and some with both.
        let mut creating = JoinSet::new();
        for (name, gateway) in [("a", test.gateway.clone()), ("z", test.gateway.clone()), ("m", both.clone())] {
            creating.spawn(async move {
                let mut created = 0;
                for number in 0..60 {
                    match gateway.create_tenant(new_tenant(&format!("{name}-{number:02}"))).await {
                        Ok(_) => created += 1,
                        Err(error) => {
                            assert_eq!((error.code(), error.param()), (ErrorCode::WrongMasterKey, Some("master_keys.1")));
                            break;
                        }
                    }
                }
                created
            });
        }
        let calling = tokio::spawn({
            let acme = both.tenant(TENANT).unwrap();
            async move {
                for _ in 0..30 {
                    acme.chat(hello()).await.expect("calls go on");
                }
            }
        });
        let mut rewrapped = 0;
        let retired = async {
            loop {
                let report = both.rewrap_data_keys().await.unwrap();
                rewrapped += report.rewrapped;
                if report.retired == [1] {
                    break;
                }
            }
        };
        timeout(DEADLINE, retired).await.expect("the old version is retired");
        calling.await.unwrap();
        let created: u64 = creating.join_all().await.into_iter().sum();

        let mut raw = Raw::open(test.store()).await;
        assert_eq!((wrapped_by(&mut raw, 1).await, wrapped_by(&mut raw, 2).await), (0, created as i64 + 1));
        assert!(rewrapped >= 1 && rewrapped <= created + 1, "{rewrapped} of {created}");
        assert_eq!(code(test.gateway.create_tenant(new_tenant("late")).await), ErrorCode::WrongMasterKey);
        let new = Gateway::open(keyring(test.store(), [(2, NEW_KEY)])).await.expect("the new key alone");
        for name in ["a-00", "m-00", "m-59", "z-00"] {
            let tenant = new.tenant(name).unwrap();
            // One that was refused is not there at all.
            let opened = tenant.set_provider(TestGateway::provider(&test.upstream)).await;
            assert!(opened.is_ok() || code(opened) == ErrorCode::TenantNotFound, "{name}");
        }
    }

    async fn a_rotation_that_stops_half_way_is_taken_up_again(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for number in 0..150 {
            test.gateway.create_tenant(new_tenant(&format!("t-{number:03}"))).await.unwrap();
        }
        let old = test.chat(hello()).await.unwrap().trace_id;
        test.flush().await;
        let mut raw = Raw::open(test.store()).await;
        let check_value = raw.bytes("SELECT check_value FROM gw_master_keys WHERE version = 1").await;
        let wrapped = raw.bytes("SELECT wrapped_key FROM gw_tenants WHERE id = 'acme'").await;
        // However far this comes: its process is gone then.
        let both = with_both(test.store()).await;
        let stopped = timeout(Duration::from_millis(3), both.rewrap_data_keys()).await;
        both.close(DEADLINE).await.unwrap();
        let half = wrapped_by(&mut raw, 2).await;
        assert_eq!(half + wrapped_by(&mut raw, 1).await, 151);
        test.chat(hello()).await.expect("calls go on");

        let both = with_both(test.store()).await;
        assert!(both.tenant(TENANT).unwrap().get_trace(old).await.unwrap().request.is_some());
        let report = both.rewrap_data_keys().await.unwrap();
        assert_eq!((report.rewrapped as i64, report.unreadable), (151 - half, 0), "{stopped:?}");
        // The same from a stop that is known to have left one.
        let (key, value) = (raw.literal(&wrapped), raw.literal(&check_value));
        raw.execute(&format!("UPDATE gw_tenants SET key_version = 1, wrapped_key = {key} WHERE id = 'acme'")).await;
        raw.execute("DELETE FROM gw_master_keys WHERE version = 1").await;
        raw.execute(&format!("INSERT INTO gw_master_keys (version, check_value) VALUES (1, {value})")).await;
        let new_alone = Gateway::open(keyring(test.store(), [(2, NEW_KEY)])).await;
        assert_eq!(refusal(new_alone), (ErrorCode::WrongMasterKey, Some("master_keys.1".to_owned())));
        let report = both.rewrap_data_keys().await.unwrap();
        assert_eq!((report.rewrapped, report.retired), (1, vec![1]));
        let new = Gateway::open(keyring(test.store(), [(2, NEW_KEY)])).await.expect("the new key alone");
        assert!(new.tenant(TENANT).unwrap().get_trace(old).await.unwrap().request.is_some());
    }

    async fn several_at_once_rewrap_each_key_once_and_a_damaged_one_keeps_its_version(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for number in 0..99 {
            test.gateway.create_tenant(new_tenant(&format!("t-{number:02}"))).await.unwrap();
        }
        let mut raw = Raw::open(test.store()).await;
        let stolen = "UPDATE gw_tenants SET wrapped_key = (SELECT wrapped_key FROM gw_tenants WHERE id = 'acme') WHERE id = 't-50'";
        assert_eq!(raw.execute(stolen).await, 1);
        let mut working = JoinSet::new();
        for _ in 0..3 {
            let both = with_both(test.store()).await;
            working.spawn(async move { both.rewrap_data_keys().await.unwrap() });
        }
        let reports = working.join_all().await;
        assert_eq!(reports.iter().map(|report| report.rewrapped).sum::<u64>(), 99);
        assert!(reports.iter().all(|report| report.unreadable == 1 && report.retired.is_empty()), "{reports:?}");
        assert_eq!(wrapped_by(&mut raw, 1).await, 1);
    }

    async fn a_gateway_whose_keyring_is_older_than_the_store_rewraps_nothing(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let _both = with_both(test.store()).await;
        let newer = (ErrorCode::WrongMasterKey, Some("master_keys.2".to_owned()));
        assert_eq!(refusal(test.gateway.rewrap_data_keys().await), newer);
    }
}

libgateway_tests::pooled_tests! {
    the_new_key_alone_opens_what_the_old_one_had_wrapped,
}
