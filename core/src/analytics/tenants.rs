//! The window, tenant by tenant, for whoever operates the gateway. From rollups alone.

use std::collections::HashMap;

use super::{
    groups::{first, group_limit},
    measure::{Part, Tally},
    source::{kind_for, matches, metrics, require_rollups},
    window::Window,
};
use crate::{
    clock,
    error::Result,
    rollup::{Kind, Span, Step, cells, compose},
    store::{RollupQuery, Store, unreadable},
    types::{
        analytics::{AnalyticsTenants, TenantMeasures, TenantsQuery},
        ids::TenantId,
    },
};

/// All tenants, the first ones in the order asked for.
pub(crate) async fn tenants(store: Store, question: TenantsQuery) -> Result<AnalyticsTenants> {
    let TenantsQuery { order, limit, query } = question;
    let limit = group_limit(limit)?;
    require_rollups(&query.filter)?;
    let window = Window::of(&query, Step::FiveMinutes, clock::now())?;
    let (metrics, edges, kind) = (metrics(&query), window.whole(), kind_for(&query.filter));
    let (mut sum, mut measured, mut all) = (Tally::default(), Vec::new(), AllTenants::of(&store, kind, &edges));
    while let Some(tenants) = all.next().await? {
        let mut tallies: HashMap<String, Tally> = HashMap::with_capacity(tenants.len());
        let read =
            store.read_rollups(RollupQuery { tenants: &tenants, kind, edges: &edges, metrics: &metrics }, |row| {
                let tally = tallies.entry(row.tenant).or_default();
                for cell in cells(&row.columns) {
                    let cell = cell.ok_or_else(unreadable)?;
                    if matches(&query.filter, cell.key) {
                        tally.add(Part::Cell(&cell), &metrics)?;
                    }
                }
                Ok(())
            });
        read.await?;
        for tenant_id in tenants {
            if let Some(tally) = tallies.get(tenant_id.as_str()).filter(|tally| !tally.is_empty()) {
                sum.merge(tally);
                measured.push(TenantMeasures { tenant_id, measures: tally.measures(&query.distributions) });
            }
        }
    }
    let tenants = first(measured, (order, limit), |tenant: &TenantMeasures| &tenant.measures);
    let summary = sum.measures(&query.distributions);
    Ok(AnalyticsTenants { from: window.from, to: window.to, summary, tenants })
}

/// A walk through all tenants, by id, some at a time: what their rows hold in memory is bounded.
pub(super) struct AllTenants<'a> {
    store: &'a Store,
    together: u32,
    after: Option<TenantId>,
    is_over: bool,
}

impl<'a> AllTenants<'a> {
    /// At most so many tenants are read together, and about so many rows.
    const TOGETHER: i64 = 200;
    const ROWS: i64 = 30_000;

    /// A walk for whoever reads the rows of that kind between the edges.
    pub(super) fn of(store: &'a Store, kind: Kind, edges: &[i64]) -> Self {
        let rows_of = |span: &Span| (span.to - span.from) / span.step.millis();
        let rows: i64 = compose(edges, kind).iter().map(rows_of).sum();
        let together = (Self::ROWS / rows.max(1)).clamp(1, Self::TOGETHER);
        Self { store, together: u32::try_from(together).unwrap_or(1), after: None, is_over: false }
    }

    /// The next ones; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<TenantId>>> {
        if self.is_over {
            return Ok(None);
        }
        let page = self.store.list_tenants(self.after.as_ref(), self.together).await?;
        let tenants: Vec<TenantId> = page.tenants.into_iter().map(|tenant| tenant.id).collect();
        self.is_over = page.next_cursor.is_none();
        self.after = tenants.last().cloned();
        Ok(Some(tenants))
    }
}
