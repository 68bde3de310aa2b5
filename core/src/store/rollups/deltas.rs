//! Collects what a transaction does to traces, and writes it down as deltas of the rollups in that transaction. A delta
//! is what one transaction adds to five minutes of one tenant; it is never changed, so that writers do not wait for each
//! other.

use std::{borrow::Cow, collections::BTreeMap};

use uuid::Uuid;

use super::sketch_names;
use crate::{
    error::Result,
    rollup::{Columns, Counted, Pack, Step},
    store::{
        db::Tx,
        query::{Value, sql},
        traces::insert::{chunks, tuples},
    },
    types::{analytics::Metric, ids::TenantId},
};

/// What a transaction adds to the rollups.
#[derive(Debug, Default)]
pub(crate) struct Deltas {
    /// By tenant and five minutes.
    packs: BTreeMap<(String, i64), Packs>,
}

#[derive(Debug, Default)]
struct Packs {
    models: Pack,
    api_keys: Pack,
}

/// A delta as it is stored.
struct Delta {
    tenant: String,
    start_ms: i64,
    id: Uuid,
    columns: Columns,
    api_keys: Vec<u8>,
}

impl Deltas {
    /// A trace was inserted.
    pub(crate) fn add(&mut self, tenant: &TenantId, trace: &Counted<'_>) {
        let packs = self.packs(tenant, trace);
        packs.models.cell(trace.model_key()).count(trace);
        packs.api_keys.cell(trace.api_key()).counters.add(&trace.counters());
    }

    /// A trace that had not ended was removed, so that its end can take its place. Only such a trace can be taken back:
    /// what is in a distribution stays there.
    pub(crate) fn take_back(&mut self, tenant: &TenantId, abandoned: &Counted<'_>) {
        let (back, packs) = (abandoned.counters().negated(), self.packs(tenant, abandoned));
        packs.models.cell(abandoned.model_key()).counters.add(&back);
        packs.api_keys.cell(abandoned.api_key()).counters.add(&back);
    }

    /// A trace that is there, and is as described, gets another cost. All else stays.
    pub(crate) fn change_cost(&mut self, tenant: &TenantId, trace: &Counted<'_>, cost_pico_usd: Option<i64>) {
        let mut change = Counted { cost_pico_usd, ..*trace }.counters();
        change.add(&trace.counters().negated());
        let packs = self.packs(tenant, trace);
        packs.models.cell(trace.model_key()).counters.add(&change);
        packs.api_keys.cell(trace.api_key()).counters.add(&change);
    }

    fn packs(&mut self, tenant: &TenantId, trace: &Counted<'_>) -> &mut Packs {
        let start_ms = Step::FiveMinutes.floor(trace.created_ms);
        self.packs.entry((tenant.to_string(), start_ms)).or_default()
    }

    /// Writes them down, in the transaction that changes the traces. What comes to nothing is not written.
    pub(crate) async fn append(self, tx: &mut Tx) -> Result<()> {
        let deltas: Vec<Delta> = self.packs.into_iter().filter_map(Delta::of).collect();
        if deltas.is_empty() {
            return Ok(());
        }
        match tx {
            Tx::Sqlite(_) => append_sqlite(tx, &deltas).await,
            Tx::Postgres { .. } => append_postgres(tx, &deltas).await,
        }
    }
}

impl Delta {
    fn of(((tenant, start_ms), packs): ((String, i64), Packs)) -> Option<Self> {
        let (models, api_keys) = (packs.models.columns(), packs.api_keys.columns());
        (models.is_some() || api_keys.is_some()).then(|| Self {
            tenant,
            start_ms,
            id: Uuid::new_v4(),
            columns: models.unwrap_or_default(),
            api_keys: api_keys.unwrap_or_default().counts,
        })
    }

    fn sketch(&self, metric: Metric) -> Option<&[u8]> {
        self.columns.sketches.of(metric).as_deref()
    }
}

fn names() -> String {
    format!("tenant_id, start_ms, id, counts, api_keys{}", sketch_names(&Metric::ALL))
}

async fn append_sqlite(tx: &mut Tx, deltas: &[Delta]) -> Result<()> {
    for chunk in chunks(deltas) {
        let text = format!("INSERT INTO gw_rollup_deltas ({}) VALUES {}", names(), tuples(10, chunk.len()));
        let mut query = sql(text);
        for delta in chunk {
            query = query.bind(delta.tenant.as_str()).bind(delta.start_ms).bind(delta.id);
            query = query.bind(delta.columns.counts.as_slice()).bind(delta.api_keys.as_slice());
            query = query.bind_all(Metric::ALL.map(|metric| delta.sketch(metric).into()));
        }
        tx.execute(query).await?;
    }
    Ok(())
}

async fn append_postgres(tx: &mut Tx, deltas: &[Delta]) -> Result<()> {
    let text = format!(
        "INSERT INTO gw_rollup_deltas ({}) SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::uuid[], $4::bytea[], \
         $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[], $10::bytea[])",
        names()
    );
    let query = sql(text)
        .bind(Value::Texts(deltas.iter().map(|delta| Some(Cow::Borrowed(delta.tenant.as_str()))).collect()))
        .bind(Value::Ints(deltas.iter().map(|delta| Some(delta.start_ms)).collect()))
        .bind(Value::Uuids(deltas.iter().map(|delta| delta.id).collect()))
        .bind(Value::ByteStrings(deltas.iter().map(|delta| Some(delta.columns.counts.as_slice())).collect()))
        .bind(Value::ByteStrings(deltas.iter().map(|delta| Some(delta.api_keys.as_slice())).collect()))
        .bind_all(
            Metric::ALL.map(|metric| Value::ByteStrings(deltas.iter().map(|delta| delta.sketch(metric)).collect())),
        );
    tx.execute(query).await.map(drop)
}
