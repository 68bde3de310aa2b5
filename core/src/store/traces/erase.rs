//! Removes the rows of a deleted tenant, piece by piece. Their content is unreadable already: its key is destroyed.

use crate::{
    error::Result,
    store::{Store, db::Backend, query::sql},
    types::ids::TenantId,
};

impl Store {
    /// The deleted tenants that have traces left.
    pub(crate) async fn tenants_to_erase(&self) -> Result<Vec<TenantId>> {
        let query = sql("SELECT id FROM gw_tenants WHERE deleted_ms IS NOT NULL AND EXISTS \
             (SELECT 1 FROM gw_traces WHERE gw_traces.tenant_id = gw_tenants.id) ORDER BY id");
        self.db.fetch_all(query).await?.iter().map(|row| row.columns().text()?.parse()).collect()
    }

    /// Deletes up to `limit` traces of a tenant that is deleted, with their content, and its dead letters; how many
    /// traces these were. Fewer than `limit`: none are left. A tenant that is not deleted loses nothing.
    pub(crate) async fn erase_traces(&self, tenant: &TenantId, limit: u32) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let deleted = sql("SELECT 1 FROM gw_tenants WHERE id = $1 AND deleted_ms IS NOT NULL").bind(tenant.as_str());
        if tx.fetch_optional(deleted).await?.is_none() {
            return Ok(0);
        }
        let statements: &[&str] = match self.db.backend() {
            Backend::Sqlite => &[
                "DELETE FROM gw_trace_bodies WHERE seq IN (SELECT seq FROM gw_traces WHERE tenant_id = $1 ORDER BY created_ms, id LIMIT $2)",
                "DELETE FROM gw_traces WHERE seq IN (SELECT seq FROM gw_traces WHERE tenant_id = $1 ORDER BY created_ms, id LIMIT $2)",
            ],
            Backend::Postgres => &["DELETE FROM gw_traces WHERE tenant_id = $1 AND (created_ms, id) IN \
                 (SELECT created_ms, id FROM gw_traces WHERE tenant_id = $1 ORDER BY created_ms, id LIMIT $2)"],
        };
        let mut erased = 0;
        for statement in statements {
            erased = tx.execute(sql(*statement).bind(tenant.as_str()).bind(i64::from(limit))).await?;
        }
        tx.execute(sql("DELETE FROM gw_dead_letters WHERE tenant_id = $1").bind(tenant.as_str())).await?;
        tx.commit().await?;
        Ok(erased)
    }
}
