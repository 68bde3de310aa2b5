//! The columns of `gw_traces`: one table of names, types and values, from which every insert is made, and the list
//! columns with their reader.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;

use super::{
    record::{TraceRecord, usage_source_number},
    rules::rule_id,
};
use crate::{
    error::{ErrorCode, Result},
    store::{
        names::{of_json, to_json},
        query::Value,
        row::{Columns, corrupt, float},
    },
    types::{
        money::PicoUsd,
        time::Timestamp,
        trace::{StatusClass, Trace},
        usage::Usage,
    },
};

/// How a column is made from a record.
pub(super) enum Source {
    Int(fn(&TraceRecord) -> Option<i64>),
    Text(fn(&TraceRecord) -> Option<&str>),
    Id,
    Leaf(usize),
    /// A map as JSON; an empty one is NULL.
    Json(fn(&TraceRecord) -> Result<Option<String>>),
}

/// One column of an insert.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) source: Source,
}

macro_rules! columns {
    ($($name:literal $kind:ident $(($value:expr))?,)+) => {
        &[$(Column { name: $name, source: Source::$kind $(($value))? }),+]
    };
}

/// All columns but the bodies.
pub(super) const COLUMNS: &[Column] = columns! {
    "tenant_id" Text(|record| Some(record.tenant_id.as_str())),
    "created_ms" Int(|record| Some(record.created_ms())),
    "id" Id,
    "ended_ms" Int(|record| Some(record.ended_ms)),
    "request_id" Text(|record| record.request_id.as_deref()),
    "upstream_request_id" Text(|record| record.upstream_request_id.as_deref()),
    "provider" Text(|record| record.provider.as_deref()),
    "requested_model" Text(|record| record.requested_model.as_deref()),
    "deployment" Text(|record| record.deployment.as_deref()),
    "model" Text(|record| record.model.as_deref()),
    "endpoint" Text(|record| Some(record.endpoint.as_str())),
    "stream" Int(|record| Some(i64::from(record.stream))),
    "status_class" Int(|record| Some(record.status_class.number())),
    "status_code" Int(|record| record.status_code.map(i64::from)),
    "error_code" Int(|record| record.error_code.map(|code| i64::from(code.number()))),
    "latency_us" Int(|record| Some(record.latency_us)),
    "ttfb_us" Int(|record| record.ttfb_us),
    "ttft_us" Int(|record| record.ttft_us),
    "overhead_us" Int(|record| Some(record.overhead_us)),
    "input_uncached" Leaf(0),
    "cache_read" Leaf(1),
    "cache_write_5m" Leaf(2),
    "cache_write_1h" Leaf(3),
    "audio_in" Leaf(4),
    "image_in" Leaf(5),
    "output_text" Leaf(6),
    "reasoning" Leaf(7),
    "audio_out" Leaf(8),
    "image_out" Leaf(9),
    "usage_source" Int(|record| Some(usage_source_number(record.usage_source))),
    "flags" Int(|record| Some(record.flags)),
    "chunk_count" Int(|record| record.chunk_count),
    "cost_pico_usd" Int(|record| record.cost_pico_usd),
    "price_version" Text(|record| record.price_version.as_deref()),
    "attempt_count" Int(|record| Some(i64::from(record.attempt_count))),
    "user_id" Text(|record| record.user_id.as_deref()),
    "session_id" Text(|record| record.session_id.as_deref()),
    "api_key_id" Text(|record| record.api_key_id.as_deref()),
    "metadata" Json(|record| json_of(&record.metadata)),
    "instance" Int(|record| stored(record.instance)),
    "number" Int(|record| stored(record.number)),
    "usage_extra" Json(|record| json_of(&record.usage_extra)),
    "price_rule" Int(|record| record.price_rule.as_deref().map(rule_id)),
};

/// The names of [`COLUMNS`].
pub(in crate::store) fn names() -> String {
    COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

/// The names of all columns of PostgreSQL's table.
pub(in crate::store) fn with_bodies() -> String {
    format!("{}, request, response, attempts", names())
}

impl Source {
    /// The value of one record.
    pub(super) fn value<'r>(&self, record: &'r TraceRecord) -> Result<Value<'r>> {
        Ok(match self {
            Self::Int(value) => Value::Int(value(record)),
            Self::Text(value) => Value::from(value(record)),
            Self::Id => Value::Uuid(record.id.as_uuid()),
            Self::Leaf(leaf) => Value::Int(leaf_of(record, *leaf)),
            Self::Json(value) => Value::Text(value(record)?.map(Cow::Owned)),
        })
    }

    /// The values of many records as one array.
    pub(super) fn array<'r>(&self, records: &[&'r TraceRecord]) -> Result<Value<'r>> {
        Ok(match self {
            Self::Int(value) => Value::Ints(records.iter().map(|record| value(record)).collect()),
            Self::Text(value) => Value::Texts(records.iter().map(|record| value(record).map(Cow::Borrowed)).collect()),
            Self::Id => Value::Uuids(records.iter().map(|record| record.id.as_uuid()).collect()),
            Self::Leaf(leaf) => Value::Ints(records.iter().map(|record| leaf_of(record, *leaf)).collect()),
            Self::Json(value) => {
                let texts = records.iter().map(|record| Ok(value(record)?.map(Cow::Owned)));
                Value::Texts(texts.collect::<Result<_>>()?)
            }
        })
    }

    /// The type of [`Source::array`].
    pub(super) fn array_type(&self) -> &'static str {
        match self {
            Self::Int(_) | Self::Leaf(_) => "bigint[]",
            Self::Text(_) | Self::Json(_) => "text[]",
            Self::Id => "uuid[]",
        }
    }
}

/// A number as the databases have it.
fn stored(number: Option<u64>) -> Option<i64> {
    number.and_then(|number| i64::try_from(number).ok())
}

fn leaf_of(record: &TraceRecord, leaf: usize) -> Option<i64> {
    record.usage.leaves().get(leaf).copied().flatten()
}

fn json_of<T: Serialize>(map: &BTreeMap<String, T>) -> Result<Option<String>> {
    (!map.is_empty()).then(|| to_json(map)).transpose()
}

/// What a list shows. The keyset comes first.
pub(super) const LIST: &str = "created_ms, id, tenant_id, ended_ms, request_id, upstream_request_id, provider, requested_model, model, endpoint, \
    stream, status_class, status_code, error_code, latency_us, ttfb_us, ttft_us, overhead_us, input_uncached, cache_read, cache_write_5m, \
    cache_write_1h, audio_in, image_in, output_text, reasoning, audio_out, image_out, cost_pico_usd, attempt_count, user_id, session_id, metadata";

/// Reads [`LIST`].
pub(super) fn read_trace(columns: &mut Columns<'_>) -> Result<(Trace, Usage)> {
    let created_at = Timestamp::from_millis(columns.int()?);
    let id = columns.uuid()?.into();
    let tenant_id = columns.text()?.parse()?;
    let ended_at = Timestamp::from_millis(columns.int()?);
    let [request_id, upstream_request_id, provider, requested_model, model] = {
        let mut text = || columns.text_or_null();
        [text()?, text()?, text()?, text()?, text()?]
    };
    let endpoint = columns.text()?;
    let stream = columns.flag()?;
    let status_class = StatusClass::from_number(columns.int()?).ok_or_else(|| corrupt("a status class"))?;
    let status_code = columns.int_or_null()?.map(u16::try_from).transpose().map_err(|_| corrupt("a status code"))?;
    let error_code = columns.int_or_null()?.map(error_code);
    let latency_ms = millis(columns.int()?);
    let ttfb_ms = columns.int_or_null()?.map(millis);
    let ttft_ms = columns.int_or_null()?.map(millis);
    let overhead_us = columns.int()?;
    let mut leaves = [None; 10];
    for leaf in &mut leaves {
        *leaf = columns.int_or_null()?;
    }
    let usage = Usage::from_leaves(leaves);
    let cost_usd = columns.int_or_null()?.map(|cost| PicoUsd(cost.into()));
    let attempt_count = u32::try_from(columns.int()?).map_err(|_| corrupt("a number of attempts"))?;
    let user_id = columns.text_or_null()?;
    let session_id = columns.text_or_null()?;
    let metadata = columns.text_or_null()?.map(|text| of_json(&text, "metadata")).transpose()?.unwrap_or_default();
    let trace = Trace {
        id,
        tenant_id,
        request_id,
        upstream_request_id,
        provider,
        requested_model,
        model,
        endpoint,
        stream,
        status_class,
        status_code,
        error_code,
        created_at,
        ended_at,
        latency_ms,
        ttfb_ms,
        ttft_ms,
        overhead_us,
        input_tokens: usage.input_tokens(),
        cached_tokens: usage.cache_read,
        output_tokens: usage.output_tokens(),
        reasoning_tokens: usage.reasoning,
        total_tokens: usage.total_tokens(),
        cost_usd,
        attempt_count,
        user_id,
        session_id,
        metadata,
    };
    Ok((trace, usage))
}

/// A code of a newer library is shown as an internal error rather than not at all.
pub(in crate::store) fn error_code(number: i64) -> ErrorCode {
    u16::try_from(number).ok().and_then(ErrorCode::from_number).unwrap_or(ErrorCode::Internal)
}

fn millis(micros: i64) -> f64 {
    float(micros) / 1000.0
}
