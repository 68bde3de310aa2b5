//! What stands in the columns of a Parquet file: the fields of the JSON documents, by the same names. Times are
//! timestamps in UTC, money is a decimal of twelve places, and what is an object in JSON is its text.

use serde::Serialize;

use super::table::{
    Column, Table,
    Value::{Bool, Double, Int, Money, Text, Time},
};
use crate::{
    error::Result,
    types::{analytics::Bucket, trace::Trace},
};

macro_rules! columns {
    ($($name:ident: $kind:ident($value:expr);)+) => {
        vec![$(Column { name: stringify!($name), value: $kind($value) }),+]
    };
}

pub(super) fn traces() -> Result<Table<Trace>> {
    Table::new("traces", trace_columns())
}

pub(super) fn buckets() -> Result<Table<Bucket>> {
    Table::new("timeseries", bucket_columns())
}

fn trace_columns() -> Vec<Column<Trace>> {
    columns! {
        id: Text(|trace| Some(trace.id.to_string()));
        tenant_id: Text(|trace| Some(trace.tenant_id.to_string()));
        request_id: Text(|trace| trace.request_id.clone());
        upstream_request_id: Text(|trace| trace.upstream_request_id.clone());
        provider: Text(|trace| trace.provider.clone());
        requested_model: Text(|trace| trace.requested_model.clone());
        model: Text(|trace| trace.model.clone());
        endpoint: Text(|trace| Some(trace.endpoint.clone()));
        stream: Bool(|trace| Some(trace.stream));
        status_class: Text(|trace| Some(trace.status_class.name().to_owned()));
        status_code: Int(|trace| trace.status_code.map(i64::from));
        error_code: Text(|trace| trace.error_code.map(|code| code.name().to_owned()));
        created_at: Time(|trace| Some(trace.created_at));
        ended_at: Time(|trace| Some(trace.ended_at));
        latency_ms: Double(|trace| Some(trace.latency_ms));
        ttfb_ms: Double(|trace| trace.ttfb_ms);
        ttft_ms: Double(|trace| trace.ttft_ms);
        overhead_us: Int(|trace| Some(trace.overhead_us));
        input_tokens: Int(|trace| trace.input_tokens);
        cached_tokens: Int(|trace| trace.cached_tokens);
        output_tokens: Int(|trace| trace.output_tokens);
        reasoning_tokens: Int(|trace| trace.reasoning_tokens);
        total_tokens: Int(|trace| trace.total_tokens);
        cost_usd: Money(|trace| trace.cost_usd);
        attempt_count: Int(|trace| Some(trace.attempt_count.into()));
        user_id: Text(|trace| trace.user_id.clone());
        session_id: Text(|trace| trace.session_id.clone());
        metadata: Text(|trace| json(&trace.metadata));
    }
}

fn bucket_columns() -> Vec<Column<Bucket>> {
    columns! {
        start: Time(|bucket| Some(bucket.start));
        total_requests: Int(|bucket| Some(bucket.measures.total_requests));
        errors: Int(|bucket| Some(bucket.measures.errors));
        error_rate: Double(|bucket| Some(bucket.measures.error_rate));
        total_tokens: Int(|bucket| Some(bucket.measures.total_tokens));
        input_tokens: Int(|bucket| Some(bucket.measures.input_tokens));
        output_tokens: Int(|bucket| Some(bucket.measures.output_tokens));
        cost_usd: Money(|bucket| Some(bucket.measures.cost_usd));
        unpriced_requests: Int(|bucket| Some(bucket.measures.unpriced_requests));
        avg_latency_ms: Double(|bucket| bucket.measures.avg_latency_ms);
        p50_latency_ms: Double(|bucket| bucket.measures.p50_latency_ms);
        p95_latency_ms: Double(|bucket| bucket.measures.p95_latency_ms);
        p99_latency_ms: Double(|bucket| bucket.measures.p99_latency_ms);
        avg_ttfb_ms: Double(|bucket| bucket.measures.avg_ttfb_ms);
        avg_overhead_us: Double(|bucket| bucket.measures.avg_overhead_us);
        distributions: Text(|bucket| json(&bucket.measures.distributions));
    }
}

/// The text of what is an object in JSON. What is made of text and numbers can always be written.
fn json<T: Serialize>(value: &T) -> Option<String> {
    serde_json::to_string(value).ok()
}
