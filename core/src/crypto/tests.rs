//! What the key hierarchy promises as a whole: known answers, tampering, misplacement, wrong keys, silence.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

use std::{collections::BTreeMap, fmt::Debug};

use super::{
    derive::{Key, key_from},
    *,
};
use crate::{
    error::{Error, ErrorCode},
    types::{
        ids::{ProviderName, TenantId, TraceId},
        provider::Secret,
    },
};

const FIELDS: [Field; 3] = [Field::Request, Field::Response, Field::Attempts];

pub(super) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

pub(super) fn fixed_key(hex: &str) -> Key {
    key_from(|key| {
        key.copy_from_slice(&unhex(hex));
        Ok(())
    })
    .unwrap()
}

fn ascending(from: u8) -> String {
    (from..from + 32).map(|byte| format!("{byte:02x}")).collect()
}

fn data_key() -> DataKey {
    DataKey::from_slice(&unhex(&ascending(0))).unwrap()
}

fn master_keys(keys: &[(u32, String)]) -> MasterKeys {
    MasterKeys::parse(&keys.iter().map(|(version, hex)| (*version, Secret::from(hex.as_str()))).collect()).unwrap()
}

fn tenant(text: &str) -> TenantId {
    text.parse().unwrap()
}

fn provider(text: &str) -> ProviderName {
    text.parse().unwrap()
}

fn trace() -> TraceId {
    "0192f0c1-a2b3-7c4d-8e5f-0123456789ab".parse().unwrap()
}

fn code<T: Debug>(result: Result<T, Error>) -> ErrorCode {
    result.unwrap_err().code()
}

/// Computed with Python's hmac and cryptography packages, from the formats as the module docs describe them.
#[test]
fn known_answers_of_the_formats_do_not_change() {
    let envelope = unhex("0101000000016465666768696a6b6c6d6e6f36587a8a72c08ded2f9ae05ec3820938f5e737c69a328e");
    let key = data_key().trace_key(trace()).unwrap();
    assert_eq!(key.open(&tenant("acme"), Field::Request, envelope).unwrap(), (1, br#"{"a":1}"#.to_vec()));

    let sealed = unhex("016465666768696a6b6c6d6e6fd29d4799e970f38a61f126c11e8890443f30b630551f197c13");
    let secret = data_key().open_secret(&tenant("acme"), &provider("openai"), &sealed).unwrap();
    assert_eq!(secret.expose(), "sk-canary");

    let masters = master_keys(&[(2, ascending(64))]);
    let bytes = unhex(
        "6465666768696a6b6c6d6e6f924d771c96617a8a5c962648157bb1540e7168a47de239b8271b968d85baa30a46afc676d1561fd9e770f818\
         e7ffc38f",
    );
    let unwrapped = masters.unwrap(&tenant("acme"), &WrappedKey { version: 2, bytes }).unwrap();
    assert_eq!(unwrapped.bytes(), data_key().bytes());
    assert_eq!(masters.check_value(2).unwrap(), unhex("9205aa4ac0d1269748cd498116a584dc"));
}

#[test]
fn an_envelope_with_any_bit_flipped_does_not_open() {
    let key = data_key().trace_key(trace()).unwrap();
    let sealed = key.seal(&tenant("acme"), Field::Response, 1, b"a body of some length").unwrap();
    assert_eq!(sealed.len(), 6 + 12 + 21 + 16);
    assert_eq!(
        key.open(&tenant("acme"), Field::Response, sealed.clone()).unwrap(),
        (1, b"a body of some length".to_vec())
    );
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(code(key.open(&tenant("acme"), Field::Response, changed)), ErrorCode::DecryptionFailed, "bit {bit}");
    }
    for len in 0..sealed.len() {
        assert_eq!(
            code(key.open(&tenant("acme"), Field::Response, sealed[..len].to_vec())),
            ErrorCode::DecryptionFailed
        );
    }
}

#[test]
fn an_envelope_opens_only_where_it_was_put() {
    let (mine, other) = (data_key(), DataKey::generate().unwrap());
    let other_trace = "0192f0c1-a2b3-7c4d-8e5f-0123456789ac".parse().unwrap();
    for field in FIELDS {
        let sealed = mine.trace_key(trace()).unwrap().seal(&tenant("acme"), field, 0, b"{}").unwrap();
        let open = |data_key: &DataKey, trace: TraceId, tenant: &TenantId, field: Field| {
            data_key.trace_key(trace).unwrap().open(tenant, field, sealed.clone())
        };
        assert!(open(&mine, trace(), &tenant("acme"), field).is_ok());
        assert_eq!(code(open(&other, trace(), &tenant("acme"), field)), ErrorCode::DecryptionFailed);
        assert_eq!(code(open(&mine, other_trace, &tenant("acme"), field)), ErrorCode::DecryptionFailed);
        assert_eq!(code(open(&mine, trace(), &tenant("acm"), field)), ErrorCode::DecryptionFailed);
        for wrong in FIELDS.into_iter().filter(|wrong| *wrong != field) {
            assert_eq!(code(open(&mine, trace(), &tenant("acme"), wrong)), ErrorCode::DecryptionFailed);
        }
    }
}

#[test]
fn the_same_plaintext_never_seals_to_the_same_bytes() {
    let key = data_key().trace_key(trace()).unwrap();
    let seal = || key.seal(&tenant("acme"), Field::Request, 0, b"{}").unwrap();
    assert_ne!(seal(), seal());
}

#[test]
fn a_provider_secret_opens_only_for_its_tenant_and_name() {
    let key = data_key();
    let sealed = key.seal_secret(&tenant("acme"), &provider("openai"), &Secret::from("sk-canary")).unwrap();
    assert_eq!(key.open_secret(&tenant("acme"), &provider("openai"), &sealed).unwrap().expose(), "sk-canary");
    let failed = [
        key.open_secret(&tenant("acme2"), &provider("openai"), &sealed),
        key.open_secret(&tenant("acme"), &provider("azure"), &sealed),
        DataKey::generate().unwrap().open_secret(&tenant("acme"), &provider("openai"), &sealed),
        key.open_secret(&tenant("acme"), &provider("openai"), &[]),
    ];
    assert!(failed.into_iter().all(|result| code(result) == ErrorCode::DecryptionFailed));
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(code(key.open_secret(&tenant("acme"), &provider("openai"), &changed)), ErrorCode::DecryptionFailed);
    }
}

#[test]
fn a_data_key_is_wrapped_by_the_current_version_and_older_ones_stay_readable() {
    let key = DataKey::generate().unwrap();
    let before = master_keys(&[(1, ascending(1))]).wrap(&tenant("acme"), &key).unwrap();
    let rotated = master_keys(&[(1, ascending(1)), (3, ascending(3))]);
    assert_eq!((before.version, rotated.versions().last()), (1, Some(3)));
    let read = rotated.unwrap(&tenant("acme"), &before).unwrap();
    let after = rotated.wrap(&tenant("acme"), &read).unwrap();
    assert_eq!((after.version, after.bytes.len()), (3, 60));
    assert_eq!(rotated.unwrap(&tenant("acme"), &after).unwrap().bytes(), key.bytes());

    let error = master_keys(&[(1, ascending(1))]).unwrap(&tenant("acme"), &after).unwrap_err();
    assert_eq!((error.code(), error.param()), (ErrorCode::WrongMasterKey, Some("master_keys.3")));
    assert!(error.to_string().contains("version 3"));
}

#[test]
fn a_wrapped_key_moved_or_changed_does_not_unwrap() {
    let masters = master_keys(&[(1, ascending(1)), (2, ascending(1))]);
    let wrapped = masters.wrap(&tenant("acme"), &data_key()).unwrap();
    assert_eq!(code(masters.unwrap(&tenant("acme2"), &wrapped)), ErrorCode::DecryptionFailed);
    // Both versions hold the same key here: it is the version itself that is refused.
    let moved = WrappedKey { version: 1, bytes: wrapped.bytes.clone() };
    assert_eq!(code(masters.unwrap(&tenant("acme"), &moved)), ErrorCode::DecryptionFailed);
    for bit in 0..wrapped.bytes.len() * 8 {
        let mut changed = wrapped.clone();
        changed.bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(code(masters.unwrap(&tenant("acme"), &changed)), ErrorCode::DecryptionFailed);
    }
    assert_eq!(
        code(masters.unwrap(&tenant("acme"), &WrappedKey { version: 2, bytes: vec![] })),
        ErrorCode::DecryptionFailed
    );
}

#[test]
fn a_store_recognises_its_master_key() {
    let masters = master_keys(&[(1, ascending(1)), (2, ascending(2))]);
    let value = masters.check_value(1).unwrap();
    assert!(masters.verify_check_value(1, &value).is_ok());
    assert_eq!(code(masters.verify_check_value(2, &value)), ErrorCode::WrongMasterKey);
    assert_eq!(code(masters.verify_check_value(7, &value)), ErrorCode::WrongMasterKey);
    assert_eq!(code(masters.verify_check_value(1, &[])), ErrorCode::WrongMasterKey);
    assert_eq!(code(MasterKeys::generate().unwrap().verify_check_value(1, &value)), ErrorCode::WrongMasterKey);
}

#[test]
fn a_malformed_master_key_is_refused_with_the_fix_and_without_the_key() {
    for text in ["", " ", "abc", &"7e".repeat(31), &"7e".repeat(33), &"7z".repeat(32), &"é".repeat(32)] {
        let texts = BTreeMap::from([(1, Secret::from(ascending(1))), (2, Secret::from(text))]);
        let error = MasterKeys::parse(&texts).unwrap_err();
        assert_eq!((error.code(), error.param()), (ErrorCode::InvalidConfig, Some("master_keys.2")), "{text}");
        assert!(error.to_string().contains("openssl rand -hex 32"));
        assert!(text.trim().is_empty() || !error.to_string().contains(text));
    }
    let error = MasterKeys::parse(&BTreeMap::new()).unwrap_err();
    assert_eq!((error.code(), error.param()), (ErrorCode::InvalidConfig, Some("master_keys")));
    assert!(error.to_string().contains("openssl rand -hex 32"));
    let texts = BTreeMap::from([(1, Secret::from(format!("{}\n", ascending(1).to_uppercase())))]);
    assert!(MasterKeys::parse(&texts).is_ok());
}

#[test]
fn nothing_prints_a_secret() {
    let masters = master_keys(&[(4, "a7".repeat(32))]);
    let key = DataKey::from_slice(&[0xa7; 32]).unwrap();
    let wrapped = WrappedKey { version: 4, bytes: vec![0xa7; 60] };
    let api_key = ApiKeySecret::generate().unwrap();
    let printed = [
        (format!("{masters:?}"), "MasterKeys { versions: [4], .. }"),
        (format!("{key:?}"), "DataKey(..)"),
        (format!("{wrapped:?}"), "WrappedKey { version: 4, .. }"),
        (
            format!("{:?}", key.trace_key(trace()).unwrap()),
            "TraceKey { trace: 0192f0c1-a2b3-7c4d-8e5f-0123456789ab, .. }",
        ),
        (format!("{api_key:?}"), "ApiKeySecret(..)"),
        (format!("{:?}", api_key.hash()), "KeyHash(..)"),
        (format!("{:?}", api_key.into_secret()), "[secret]"),
    ];
    for (shown, expected) in printed {
        assert_eq!(shown, expected);
    }
}
