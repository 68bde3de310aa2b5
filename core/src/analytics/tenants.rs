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
    rollup::{Step, cells},
    store::{RollupQuery, Store, unreadable},
    types::{
        analytics::{AnalyticsTenants, TenantMeasures, TenantsQuery},
        ids::TenantId,
    },
};

/// Tenants that are read together: what their rows hold in memory is bounded.
const TOGETHER: u32 = 200;

/// All tenants, the first ones in the order asked for.
pub(crate) async fn tenants(store: &Store, question: TenantsQuery) -> Result<AnalyticsTenants> {
    let TenantsQuery { order, limit, query } = question;
    let limit = group_limit(limit)?;
    require_rollups(&query.filter)?;
    let window = Window::of(&query, Step::FiveMinutes, clock::now())?;
    let (metrics, edges, kind) = (metrics(&query), window.whole(), kind_for(&query.filter));
    let (mut all, mut measured, mut after) = (Tally::default(), Vec::new(), None::<TenantId>);
    loop {
        let page = store.list_tenants(after.as_ref(), TOGETHER).await?;
        let tenants: Vec<TenantId> = page.tenants.into_iter().map(|tenant| tenant.id).collect();
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
                all.merge(tally);
                after = Some(tenant_id.clone());
                measured.push(TenantMeasures { tenant_id, measures: tally.measures(&query.distributions) });
            } else {
                after = Some(tenant_id);
            }
        }
        if page.next_cursor.is_none() {
            break;
        }
    }
    let tenants = first(measured, (order, limit), |tenant: &TenantMeasures| &tenant.measures);
    let summary = all.measures(&query.distributions);
    Ok(AnalyticsTenants { from: window.from, to: window.to, summary, tenants })
}
