//! Traces to test with: deterministic, varied, with gaps in every column that may have one.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    error::ErrorCode,
    store::TraceRecord,
    types::{
        ids::{TenantId, TraceId},
        time::Timestamp,
        trace::StatusClass,
        usage::{Usage, UsageSource},
    },
};

pub(super) fn tenant(id: &str) -> TenantId {
    id.parse().unwrap()
}

/// An id of that millisecond whose other bits follow from `number`, well mixed.
pub(super) fn id(created_ms: i64, number: u64) -> TraceId {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mut random = [0; 10];
    random[..8].copy_from_slice(&mixed.to_be_bytes());
    random[8..].copy_from_slice(&(number as u16).to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(created_ms as u64, &random).into_uuid().into()
}

/// The trace of that number.
pub(super) fn record(tenant_id: &TenantId, created_ms: i64, number: u64) -> TraceRecord {
    let every = |n: u64| number.is_multiple_of(n);
    let some = |n: u64, text: &str| every(n).then(|| format!("{text}-{}", number % 7));
    let status_class = StatusClass::ALL[if every(9) { (number as usize / 9) % 8 } else { 0 }];
    let leaf = |n: u64| every(n).then_some((number % 1000) as i64);
    TraceRecord {
        tenant_since_ms: None,
        tenant_id: tenant_id.clone(),
        id: id(created_ms, number),
        instance: None,
        number: None,
        ended_ms: created_ms + 250,
        request_id: every(3).then(|| format!("request-{number}")),
        upstream_request_id: some(2, "upstream"),
        provider: some(1, "provider"),
        requested_model: some(1, "alias"),
        deployment: some(5, "deployment"),
        model: (!every(11)).then(|| format!("model-{}", number % 5)),
        endpoint: "chat".to_owned(),
        stream: every(2),
        status_class,
        status_code: (!every(13)).then_some(if status_class == StatusClass::Ok {
            200
        } else {
            400 + (number % 100) as u16
        }),
        error_code: (status_class != StatusClass::Ok).then_some(ErrorCode::ALL[number as usize % ErrorCode::ALL.len()]),
        latency_us: (number * 37 % 1_000_003) as i64,
        ttfb_us: leaf(2),
        ttft_us: leaf(4),
        overhead_us: (number % 97) as i64,
        usage: Usage::from_leaves([leaf(1), leaf(2), None, leaf(17), None, None, leaf(3), leaf(4), None, leaf(19)]),
        usage_source: [UsageSource::None, UsageSource::Reported, UsageSource::Estimated][number as usize % 3],
        flags: (number % 16) as i64,
        chunk_count: leaf(2),
        cost_pico_usd: leaf(3).map(|cost| cost * 1_000_000_007),
        price_version: some(3, "prices"),
        price_rule: some(7, "rule"),
        usage_extra: if every(8) { BTreeMap::from([("web_searches".to_owned(), 1)]) } else { BTreeMap::new() },
        attempt_count: 1 + (number % 3) as u32,
        user_id: every(4).then(|| format!("user-{}", number % 50)),
        session_id: every(6).then(|| format!("session-{}", number % 90)),
        api_key_id: some(2, "key"),
        metadata: if every(5) {
            BTreeMap::from([
                ("team".to_owned(), format!("équipe \"{}\"", number % 3)),
                ("x,\"".to_owned(), "{}".to_owned()),
            ])
        } else {
            BTreeMap::new()
        },
        request: every(2).then(|| body(number, 1)),
        response: every(3).then(|| body(number, 2)),
        attempts: every(10).then(|| body(number, 3)),
    }
}

/// Bytes of every value, a NUL among them.
fn body(number: u64, field: u8) -> Vec<u8> {
    (0..64 + number % 512).map(|index| (index as u8).wrapping_mul(31) ^ field).collect()
}

/// `count` traces, a second apart and the newest last.
pub(super) fn records(tenant_id: &TenantId, newest: Timestamp, count: u64) -> Vec<TraceRecord> {
    (0..count).map(|number| record(tenant_id, newest.as_millis() - ((count - number) * 1000) as i64, number)).collect()
}

/// The id with all random bits at zero: the first of its millisecond.
pub(super) fn nil() -> TraceId {
    Uuid::nil().into()
}
