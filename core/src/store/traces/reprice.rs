//! Gives traces another price, a few at a time: each piece is one transaction, in which nobody else changes them and what
//! they add up to changes with them.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    record::usage_source_of,
    rules::{insert_rule, rule_id},
};
use crate::{
    error::Result,
    rollup::Counted,
    store::{
        Store,
        db::{Backend, Tx},
        names::of_json,
        query::sql,
        rollups::Deltas,
        row::{Columns, corrupt},
    },
    types::{
        ids::TenantId,
        money::PicoUsd,
        time::Timestamp,
        trace::StatusClass,
        usage::{Usage, UsageSource},
    },
};

/// What the price of a trace depends on, and the one it has.
#[derive(Clone, Debug)]
pub(crate) struct PricedTrace {
    pub(crate) created_at: Timestamp,
    pub(crate) provider: Option<String>,
    pub(crate) deployment: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) usage_source: UsageSource,
    pub(crate) usage_extra: BTreeMap<String, i64>,
    pub(crate) price: Price,
    id: Uuid,
    api_key_id: Option<String>,
    class: StatusClass,
}

impl PricedTrace {
    /// What rollups count of it, but for its times: another price changes none of them.
    fn counted(&self) -> Counted<'_> {
        Counted {
            created_ms: self.created_at.as_millis(),
            provider: self.provider.as_deref(),
            model: self.model.as_deref(),
            api_key_id: self.api_key_id.as_deref(),
            class: self.class,
            latency_us: 0,
            ttfb_us: None,
            ttft_us: None,
            overhead_us: 0,
            input_tokens: self.usage.input_tokens(),
            output_tokens: self.usage.output_tokens(),
            cost_pico_usd: self.price.cost_pico_usd,
        }
    }
}

/// A price as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Price {
    pub(crate) cost_pico_usd: Option<i64>,
    pub(crate) version: Option<String>,
    pub(crate) rule: Option<String>,
}

/// Which traces of a tenant: those of a time, behind a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Priceable<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) until: Timestamp,
    /// Where the piece before ended; at first the beginning of the time.
    pub(crate) after: PricePlace,
    pub(crate) limit: u32,
}

/// A place among the traces of a tenant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PricePlace {
    created_ms: i64,
    id: Uuid,
}

impl PricePlace {
    /// Before the first trace of that millisecond.
    pub(crate) fn before(since: Timestamp) -> Self {
        Self { created_ms: since.as_millis(), id: Uuid::nil() }
    }
}

/// What became of a piece.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Repriced {
    pub(crate) traces: u64,
    pub(crate) changed: u64,
    pub(crate) unpriced: u64,
    pub(crate) difference: PicoUsd,
    /// Where it ended; `None` when nothing is left.
    pub(crate) last: Option<PricePlace>,
}

const COLUMNS: &str = "created_ms, id, provider, deployment, model, input_uncached, cache_read, cache_write_5m, \
    cache_write_1h, audio_in, image_in, output_text, reasoning, audio_out, image_out, usage_source, usage_extra, \
    api_key_id, status_class, cost_pico_usd, price_version, \
    (SELECT rule FROM gw_price_rules WHERE gw_price_rules.tenant_id = gw_traces.tenant_id AND gw_price_rules.id = gw_traces.price_rule)";

impl Store {
    /// Asks for the price of each of the next traces, and writes down those that are another one. `None` leaves a trace as
    /// it is.
    pub(crate) async fn reprice(
        &self,
        which: Priceable<'_>,
        price: impl Fn(&PricedTrace) -> Option<Price> + Send,
    ) -> Result<Repriced> {
        let Priceable { tenant, until, after, limit } = which;
        let lock = if self.db.backend() == Backend::Postgres { " FOR UPDATE" } else { "" };
        let mut tx = self.db.begin().await?;
        let query = sql(format!(
            "SELECT {COLUMNS} FROM gw_traces WHERE tenant_id = $1 AND created_ms >= $2 AND created_ms < $3 \
             AND (created_ms, id) > ($2, $4) ORDER BY created_ms, id LIMIT $5{lock}"
        ));
        let query = query.bind(tenant.as_str()).bind(after.created_ms).bind(until.as_millis()).bind(after.id);
        let rows = tx.fetch_all(query.bind(i64::from(limit))).await?;
        let (mut repriced, mut deltas) = (Repriced::default(), Deltas::default());
        for row in &rows {
            let trace = read(&mut row.columns())?;
            repriced.traces += 1;
            repriced.last = Some(PricePlace { created_ms: trace.created_at.as_millis(), id: trace.id });
            let Some(new) = price(&trace) else { continue };
            repriced.unpriced += u64::from(new.cost_pico_usd.is_none());
            if new != trace.price {
                write(&mut tx, tenant, (&trace, &new)).await?;
                deltas.change_cost(tenant, &trace.counted(), new.cost_pico_usd);
                repriced.changed += 1;
                let cost = |price: &Price| i128::from(price.cost_pico_usd.unwrap_or_default());
                repriced.difference.0 += cost(&new) - cost(&trace.price);
            }
        }
        deltas.append(&mut tx).await?;
        tx.commit().await?;
        if repriced.traces < u64::from(limit) {
            repriced.last = None;
        }
        Ok(repriced)
    }
}

fn read(columns: &mut Columns<'_>) -> Result<PricedTrace> {
    let (created_ms, id) = (columns.int()?, columns.uuid()?);
    let [provider, deployment, model] = [columns.text_or_null()?, columns.text_or_null()?, columns.text_or_null()?];
    let mut leaves = [None; 10];
    for leaf in &mut leaves {
        *leaf = columns.int_or_null()?;
    }
    let usage_source = usage_source_of(columns.int()?).ok_or_else(|| corrupt("a usage source"))?;
    let usage_extra = columns.text_or_null()?.map(|text| of_json(&text, "the counts of a usage")).transpose()?;
    let api_key_id = columns.text_or_null()?;
    let class = StatusClass::from_number(columns.int()?).ok_or_else(|| corrupt("a status class"))?;
    Ok(PricedTrace {
        created_at: Timestamp::from_millis(created_ms),
        id,
        provider,
        deployment,
        model,
        usage: Usage::from_leaves(leaves),
        usage_source,
        usage_extra: usage_extra.unwrap_or_default(),
        api_key_id,
        class,
        price: Price {
            cost_pico_usd: columns.int_or_null()?,
            version: columns.text_or_null()?,
            rule: columns.text_or_null()?,
        },
    })
}

async fn write(tx: &mut Tx, tenant: &TenantId, (trace, new): (&PricedTrace, &Price)) -> Result<()> {
    if let Some(rule) = &new.rule {
        insert_rule(tx, tenant, (rule_id(rule), rule)).await?;
    }
    let update = sql("UPDATE gw_traces SET cost_pico_usd = $1, price_version = $2, price_rule = $3 \
         WHERE tenant_id = $4 AND created_ms = $5 AND id = $6");
    let update = update.bind(new.cost_pico_usd).bind(new.version.as_deref()).bind(new.rule.as_deref().map(rule_id));
    tx.execute(update.bind(tenant.as_str()).bind(trace.created_at.as_millis()).bind(trace.id)).await.map(drop)
}
