//! One trace with its content, still encrypted.

use std::collections::BTreeMap;

use super::{
    columns::{LIST, read_trace},
    record::usage_source_of,
};
use crate::{
    error::Result,
    store::{Store, db::Backend, names::of_json, query::sql, row::corrupt},
    types::{
        ids::{TenantId, TraceId},
        trace::Trace,
        usage::{Usage, UsageSource},
    },
};

/// A trace as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredTrace {
    pub(crate) trace: Trace,
    pub(crate) deployment: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) usage_source: UsageSource,
    pub(crate) price_version: Option<String>,
    /// By what it was priced.
    pub(crate) price_rule: Option<String>,
    /// Counts of the provider that no leaf has.
    pub(crate) usage_extra: BTreeMap<String, i64>,
    pub(crate) chunk_count: Option<i64>,
    /// [`crate::types::trace::TraceFlag`] bits.
    pub(crate) flags: i64,
    pub(crate) api_key_id: Option<String>,
    /// Encrypted, as the two below.
    pub(crate) request: Option<Vec<u8>>,
    pub(crate) response: Option<Vec<u8>>,
    pub(crate) attempts: Option<Vec<u8>>,
}

const EXTRA: &str = "deployment, usage_source, price_version, price_rule, usage_extra, chunk_count, flags, api_key_id, request, response, attempts";

impl Store {
    /// The tenant that has a trace.
    pub(crate) async fn owner_of_trace(&self, id: TraceId) -> Result<Option<TenantId>> {
        let query = sql("SELECT tenant_id FROM gw_traces WHERE created_ms = $1 AND id = $2 LIMIT 1");
        let row = self.db.fetch_optional(query.bind(id.created_at().as_millis()).bind(id.as_uuid())).await?;
        row.map(|row| row.columns().text().and_then(|id| id.parse())).transpose()
    }

    /// The trace, if this tenant has it.
    pub(crate) async fn get_trace(&self, tenant: &TenantId, id: TraceId) -> Result<Option<StoredTrace>> {
        let from = match self.db.backend() {
            Backend::Sqlite => "gw_traces LEFT JOIN gw_trace_bodies ON gw_trace_bodies.seq = gw_traces.seq",
            Backend::Postgres => "gw_traces",
        };
        // The time is part of the key, and says which partition it is.
        let query =
            sql(format!("SELECT {LIST}, {EXTRA} FROM {from} WHERE tenant_id = $1 AND created_ms = $2 AND id = $3"));
        let query = query.bind(tenant.as_str()).bind(id.created_at().as_millis()).bind(id.as_uuid());
        let Some(row) = self.db.fetch_optional(query).await? else { return Ok(None) };
        let mut columns = row.columns();
        let (trace, usage) = read_trace(&mut columns)?;
        let deployment = columns.text_or_null()?;
        let usage_source = usage_source_of(columns.int()?).ok_or_else(|| corrupt("a usage source"))?;
        let price_version = columns.text_or_null()?;
        let price_rule = match columns.int_or_null()? {
            Some(rule) => self.price_rule(tenant, rule).await?,
            None => None,
        };
        let usage_extra = columns.text_or_null()?.map(|text| of_json(&text, "the counts of a usage")).transpose()?;
        Ok(Some(StoredTrace {
            trace,
            deployment,
            usage,
            usage_source,
            price_version,
            price_rule,
            usage_extra: usage_extra.unwrap_or_default(),
            chunk_count: columns.int_or_null()?,
            flags: columns.int()?,
            api_key_id: columns.text_or_null()?,
            request: columns.bytes_or_null()?,
            response: columns.bytes_or_null()?,
            attempts: columns.bytes_or_null()?,
        }))
    }
}
