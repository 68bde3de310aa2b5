//! Answers questions about single traces: a page of them, or one with its content. Reads the store; opens what the
//! recorder sealed.

use serde_json::value::RawValue;

use crate::{
    content::decompress,
    crypto::{DataKey, Field},
    error::{Error, ErrorCode, Result},
    pricing::{Consumed, Rule},
    store::{PageRequest, Question, Store, StoredTrace, decode_cursor, encode_cursor},
    types::{
        ids::{TenantId, TraceId},
        page::page_limit,
        trace::{Attempt, TraceDetail, TraceFlag, TracePage, TraceQuery},
    },
};

/// A page of traces, newest first.
pub(crate) async fn list(store: Store, question: Question<TraceQuery>) -> Result<TracePage> {
    let Question { tenant, query: TraceQuery { filter, since, until, limit, cursor } } = &question;
    let (tenant, limit) = (tenant.as_ref(), page_limit(*limit)?);
    let mut request = PageRequest { tenant, filter, since: *since, until: *until, before: None, limit };
    request.before = cursor.as_deref().map(|cursor| decode_cursor(&request, cursor)).transpose()?;
    let page = store.list_traces(request).await?;
    let next_cursor = page.next.map(|position| encode_cursor(&request, position)).transpose()?;
    Ok(TracePage { traces: page.traces, next_cursor })
}

/// One trace with its content, opened with its tenant's data key.
pub(crate) async fn get(store: &Store, tenant: &TenantId, id: TraceId, data_key: &DataKey) -> Result<TraceDetail> {
    let not_found = || Error::new(ErrorCode::TraceNotFound, format!("tenant {tenant} has no trace {id}"));
    let stored: StoredTrace = store.get_trace(tenant, id).await?.ok_or_else(not_found)?;
    let key = data_key.trace_key(id)?;
    let open = |field, envelope: Option<Vec<u8>>| {
        let opened = envelope.map(|envelope| key.open(tenant, field, envelope)).transpose()?;
        opened.map(|(codec, packed)| decompress(codec, packed)).transpose()
    };
    let consumed = Consumed { usage: &stored.usage, extra: &stored.usage_extra };
    let rule = stored.price_rule.as_deref().map(read_rule).transpose()?;
    let receipt = rule.filter(|_| stored.trace.cost_usd.is_some()).and_then(|rule| rule.receipt(consumed));
    let attempts = open(Field::Attempts, stored.attempts)?.map(|json| read_attempts(&json)).transpose()?;
    Ok(TraceDetail {
        trace: stored.trace,
        api_key_id: stored.api_key_id,
        deployment: stored.deployment,
        usage: stored.usage,
        usage_source: stored.usage_source,
        price_version: stored.price_version,
        receipt,
        usage_extra: stored.usage_extra,
        chunk_count: stored.chunk_count,
        flags: TraceFlag::from_bits(stored.flags),
        attempts: attempts.unwrap_or_default(),
        request: open(Field::Request, stored.request)?.map(as_json).transpose()?,
        response: open(Field::Response, stored.response)?.map(as_json).transpose()?,
    })
}

fn read_rule(json: &str) -> Result<Rule> {
    serde_json::from_str(json)
        .map_err(|error| Error::new(ErrorCode::Internal, "the rule of a price cannot be read").with_source(error))
}

fn read_attempts(json: &[u8]) -> Result<Vec<Attempt>> {
    serde_json::from_slice(json)
        .map_err(|error| Error::new(ErrorCode::Internal, "the stored attempts cannot be read").with_source(error))
}

/// The body itself where it is JSON, else a JSON string of its text.
fn as_json(body: Vec<u8>) -> Result<Box<RawValue>> {
    let text = String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    let raw = match RawValue::from_string(text.clone()) {
        Ok(raw) => Ok(raw),
        Err(_) => serde_json::value::to_raw_value(&text),
    };
    raw.map_err(|error| Error::new(ErrorCode::Internal, "the stored body cannot be shown").with_source(error))
}
