//! The window, tenant by tenant, for whoever operates the gateway. From rollups alone.

use std::collections::HashMap;

use super::{
    all_tenants::AllTenants,
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
    types::analytics::{AnalyticsTenants, TenantMeasures, TenantsQuery},
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
