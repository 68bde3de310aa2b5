//! Traces, analytics, and how the gateway is.

use std::{ffi::c_char, mem::MaybeUninit};

use libgateway::Result;

use crate::{
    bytes::Bytes,
    error::Error,
    gateway::Gateway,
    guard::{give, give_if_wanted, needed},
    input,
};

/// The argument that says whose traces are meant.
fn whose<'a>(tenant_id: *const c_char) -> Result<(&'static str, &'a str)> {
    if input::is_all_tenants(tenant_id) {
        return Ok(("tenants", "all"));
    }
    Ok(("tenant_id", input::text(tenant_id, "tenant_id")?))
}

/// Asks a question about traces; `query` reads what else there is to it.
fn ask<'q>(
    operation: &str,
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    query: impl FnOnce() -> Result<&'q [u8]>,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        gateway.perform(operation, &[whose(tenant_id)?], query()?)
    })
}

/// Lists traces of a tenant, or with `GATEWAY_ALL_TENANTS` of all, newest first, without their content. `query` is a
/// JSON object, and may be NULL: `limit` (1 to 200; 50), `cursor`, `since`, `until`, `model`, `provider`,
/// `status_class`, `error_code`, `user_id`, `session_id`, `metadata` and other filters. The reply is `{"traces": [...],
/// "next_cursor": ...}`. A trace is there once it is stored, which takes a moment: see `gateway_flush`.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_list_traces(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    query: *const c_char,
    query_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    let query = || input::bytes_or_none(query, query_len, "query");
    ask("list_traces", gateway, tenant_id, query, reply)
}

/// Reads one trace with its attempts and its decrypted request and response. With `GATEWAY_ALL_TENANTS` it may be anybody's.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_get_trace(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    trace_id: *const c_char,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        let whose = whose(tenant_id)?;
        let trace_id = input::text(trace_id, "trace_id")?;
        gateway.perform("get_trace", &[whose, ("trace_id", trace_id)], &[])
    })
}

/// Sums up the traces of a tenant, or with `GATEWAY_ALL_TENANTS` of all: totals, and a series over time. `query` is a
/// JSON object, and may be NULL: `window_hours` (24), or `since` and `until`; `bucket_minutes` (60), `time_zone`, and
/// the filters of `gateway_list_traces`. The reply is `{"from", "to", "summary", "timeseries"}`.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_analytics(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    query: *const c_char,
    query_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    let query = || input::bytes_or_none(query, query_len, "query");
    ask("analytics", gateway, tenant_id, query, reply)
}

/// The totals of `gateway_analytics` alone.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_analytics_summary(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    query: *const c_char,
    query_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    let query = || input::bytes_or_none(query, query_len, "query");
    ask("analytics_summary", gateway, tenant_id, query, reply)
}

/// The series of `gateway_analytics` alone.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_analytics_timeseries(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    query: *const c_char,
    query_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    let query = || input::bytes_or_none(query, query_len, "query");
    ask("analytics_timeseries", gateway, tenant_id, query, reply)
}

/// The totals of `gateway_analytics` by model.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_analytics_models(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    query: *const c_char,
    query_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    let query = || input::bytes_or_none(query, query_len, "query");
    ask("analytics_models", gateway, tenant_id, query, reply)
}

/// Waits at most `timeout_ms` until all traces so far are in the database. `*report` says what was achieved as a JSON object,
/// and may be NULL; an error where traces are left. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_flush(
    gateway: Option<&Gateway>,
    timeout_ms: u32,
    report: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give_if_wanted(report, || {
        let gateway = needed(gateway, "gateway")?;
        gateway.perform("flush", &[], format!("{{\"timeout_ms\":{timeout_ms}}}").as_bytes())
    })
}

/// Counts what the gateway has done since it was opened, as a JSON object. Asks no database.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_stats(
    gateway: Option<&Gateway>,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        gateway.perform("stats", &[], &[])
    })
}

/// Says how the gateway is: `{"status": "ok", "degraded" or "failing", "reasons": [...]}`. Asks no database.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_health(
    gateway: Option<&Gateway>,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        gateway.perform("health", &[], &[])
    })
}
