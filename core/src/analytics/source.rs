//! Where answers come from: rollups, where these know what is asked; else the traces themselves, within a budget.

use std::slice;

use super::{all_tenants::AllTenants, measure::Part};
use crate::{
    error::{Error, Result},
    rollup::{KeyRef, Kind, cells},
    store::{Coverage, Question, RollupQuery, RollupRow, ScanRow, Store, TraceScan, unreadable},
    types::{
        analytics::{AnalyticsQuery, Metric},
        ids::TenantId,
        time::Timestamp,
        trace::TraceFilter,
    },
};

/// How many traces an answer looks at where rollups do not know it: some tenth of a second.
pub(super) const SCANNED: u32 = 100_000;

/// What an answer is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) store: &'a Store,
    /// All tenants when omitted.
    pub(super) tenant: Option<&'a TenantId>,
    pub(super) filter: &'a TraceFilter,
    /// Where stretches of time begin and end.
    pub(super) edges: &'a [i64],
    pub(super) metrics: &'a [Metric],
}

/// The distributions that an answer needs: that of latency, and what is asked for.
pub(super) fn metrics(query: &AnalyticsQuery) -> Vec<Metric> {
    let mut metrics = vec![Metric::Latency];
    metrics.extend(&query.distributions);
    metrics.sort_unstable();
    metrics.dedup();
    metrics
}

/// The filter that rollups do not know, if there is one.
pub(super) fn unknown_to_rollups(filter: &TraceFilter) -> Option<&'static str> {
    // Listed in full, so that a filter that is added is thought of.
    let TraceFilter {
        model: _,
        provider: _,
        status_class: _,
        status_code,
        error_code,
        request_id,
        user_id,
        session_id,
        metadata,
    } = filter;
    [
        ("status_code", status_code.is_some()),
        ("error_code", error_code.is_some()),
        ("request_id", request_id.is_some()),
        ("user_id", user_id.is_some()),
        ("session_id", session_id.is_some()),
        ("metadata", !metadata.is_empty()),
    ]
    .into_iter()
    .find_map(|(name, is_set)| is_set.then_some(name))
}

/// Refuses a filter that rollups do not know, for answers that come from nothing else.
pub(super) fn require_rollups(filter: &TraceFilter) -> Result<()> {
    match unknown_to_rollups(filter) {
        None => Ok(()),
        Some(name) => Err(Error::invalid(
            name,
            format!("{name} is no filter of this question; use model, provider or status_class"),
        )),
    }
}

/// The rows that know a filter, and tell apart no more than they must.
pub(super) fn kind_for(filter: &TraceFilter) -> Kind {
    if filter.model.is_some() || filter.provider.is_some() { Kind::Models } else { Kind::Total }
}

/// Whether a cell by provider and model is asked for.
pub(super) fn matches(filter: &TraceFilter, key: KeyRef<'_>) -> bool {
    let [provider, model] = key.names;
    let is = |wanted: &Option<String>, name: Option<&str>| wanted.is_none() || wanted.as_deref() == name;
    let class = filter.status_class.is_none_or(|class| class == key.class);
    class && is(&filter.provider, provider) && is(&filter.model, model)
}

impl<'a> Source<'a> {
    /// What a question is about, without its time.
    pub(super) fn of(store: &'a Store, question: &'a Question<AnalyticsQuery>, metrics: &'a [Metric]) -> Self {
        Self { store, tenant: question.tenant.as_ref(), filter: &question.query.filter, edges: &[], metrics }
    }

    /// Calls `on_part` with all that matches, each with when it began: from rollups where they know the filter.
    pub(super) async fn read(&self, mut on_part: impl FnMut(i64, Part<'_>) -> Result<()> + Send) -> Result<Coverage> {
        if unknown_to_rollups(self.filter).is_none() {
            self.rollups(kind_for(self.filter), |start_ms, _, part| on_part(start_ms, part)).await?;
            return Ok(Coverage::Complete);
        }
        self.scan(|row| {
            let trace = row.counted();
            on_part(trace.created_ms, Part::Trace(&trace))
        })
        .await
    }

    /// The same from rollups of that kind, with the key of each cell.
    pub(super) async fn rollups(
        &self,
        kind: Kind,
        mut on_cell: impl FnMut(i64, KeyRef<'_>, Part<'_>) -> Result<()> + Send,
    ) -> Result<()> {
        let mut on_row = |row: RollupRow| {
            for cell in cells(&row.columns) {
                let cell = cell.ok_or_else(unreadable)?;
                // A filter by name is never asked of a kind whose names are others.
                if matches(self.filter, cell.key) {
                    on_cell(row.start_ms, cell.key, Part::Cell(&cell))?;
                }
            }
            Ok(())
        };
        let query = RollupQuery { tenants: &[], kind, edges: self.edges, metrics: self.metrics };
        if let Some(tenant) = self.tenant {
            return self.store.read_rollups(RollupQuery { tenants: slice::from_ref(tenant), ..query }, on_row).await;
        }
        let mut all = AllTenants::of(self.store, kind, self.edges);
        while let Some(tenants) = all.next().await? {
            self.store.read_rollups(RollupQuery { tenants: &tenants, ..query }, &mut on_row).await?;
        }
        Ok(())
    }

    /// Calls `on_row` with every trace that matches, within the budget.
    pub(super) async fn scan(&self, on_row: impl FnMut(ScanRow) -> Result<()> + Send) -> Result<Coverage> {
        self.store.scan_traces(self.traces(), on_row).await
    }

    /// The traces that are looked at.
    pub(super) fn traces(&self) -> TraceScan<'_> {
        let [from, to] = [self.edges.first(), self.edges.last()].map(|edge| edge.copied().unwrap_or_default());
        TraceScan {
            tenant: self.tenant,
            filter: self.filter,
            from: Timestamp::from_millis(from),
            to: Timestamp::from_millis(to),
            budget: Some(SCANNED),
        }
    }
}
