//! Removes the rows of a deleted tenant, piece by piece. Their content is unreadable already: its key is destroyed.

use crate::{
    error::Result,
    store::{
        Store,
        instances::Why,
        query::sql,
        retention::{Cutoff, Removal, remove_oldest},
        rollups::remove_some,
    },
    types::ids::TenantId,
};

/// How much was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Erased {
    pub(crate) traces: u64,
    pub(crate) dead_letters: u64,
    /// Whether there may be more.
    pub(crate) more: bool,
}

impl Store {
    /// The deleted tenants that have traces, rollups, dead letters or rules of prices left.
    pub(crate) async fn tenants_to_erase(&self) -> Result<Vec<TenantId>> {
        let query = sql("SELECT id FROM gw_tenants WHERE deleted_ms IS NOT NULL AND \
             (EXISTS (SELECT 1 FROM gw_traces WHERE gw_traces.tenant_id = gw_tenants.id) \
              OR EXISTS (SELECT 1 FROM gw_rollups WHERE gw_rollups.tenant_id = gw_tenants.id) \
              OR EXISTS (SELECT 1 FROM gw_rollup_deltas WHERE gw_rollup_deltas.tenant_id = gw_tenants.id) \
              OR EXISTS (SELECT 1 FROM gw_dead_letters WHERE gw_dead_letters.tenant_id = gw_tenants.id) \
              OR EXISTS (SELECT 1 FROM gw_price_rules WHERE gw_price_rules.tenant_id = gw_tenants.id)) ORDER BY id");
        self.db.fetch_all(query).await?.iter().map(|row| row.columns().text()?.parse()).collect()
    }

    /// Deletes about `limit` traces of a tenant that is deleted, with their content, once these are gone as many rows of
    /// its rollups, and its dead letters. A tenant that is not deleted loses nothing.
    pub(crate) async fn erase_traces(&self, tenant: &TenantId, limit: u32) -> Result<Erased> {
        let mut tx = self.db.begin().await?;
        let deleted = sql("SELECT 1 FROM gw_tenants WHERE id = $1 AND deleted_ms IS NOT NULL").bind(tenant.as_str());
        if tx.fetch_optional(deleted).await?.is_none() {
            return Ok(Erased::default());
        }
        let piece = remove_oldest(&mut tx, tenant, Removal { up_to: Cutoff::ALL, limit, why: Why::Erased }).await?;
        let letters = sql("DELETE FROM gw_dead_letters WHERE tenant_id = $1").bind(tenant.as_str());
        let dead_letters = tx.execute(letters).await?;
        if !piece.more {
            tx.execute(sql("DELETE FROM gw_price_rules WHERE tenant_id = $1").bind(tenant.as_str())).await?;
        }
        let more = piece.more || remove_some(&mut tx, tenant, limit).await?;
        tx.commit().await?;
        Ok(Erased { traces: piece.traces, dead_letters, more })
    }
}
