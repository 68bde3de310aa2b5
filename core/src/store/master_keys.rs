//! Which master keys this store was made with, and the data keys they wrap. Sees check values and wrapped keys only.

use super::{Store, query::sql, row::corrupt, tenants::wrapped_key};
use crate::{
    crypto::WrappedKey,
    error::Result,
    types::{ids::TenantId, time::Timestamp},
};

impl Store {
    /// Remembers the check value of a master key, unless one is remembered already: whoever comes first wins. Returns
    /// what is remembered now, which the caller verifies.
    pub(crate) async fn remember_master_key(&self, version: u32, check_value: &[u8]) -> Result<Vec<u8>> {
        let insert = sql("INSERT INTO gw_master_keys (version, check_value) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING");
        self.db.execute(insert.bind(i64::from(version)).bind(check_value)).await?;
        self.master_key_check(version).await?.ok_or_else(|| corrupt("no master key"))
    }

    /// The check value that is remembered for a version.
    pub(crate) async fn master_key_check(&self, version: u32) -> Result<Option<Vec<u8>>> {
        let query = sql("SELECT check_value FROM gw_master_keys WHERE version = $1").bind(i64::from(version));
        self.db.fetch_optional(query).await?.map(|row| row.columns().bytes()).transpose()
    }

    /// Up to `limit` tenants whose data key another master key than `version` wraps: what a rotation has still to do.
    pub(crate) async fn keys_to_rewrap(&self, version: u32, limit: u32) -> Result<Vec<(TenantId, WrappedKey)>> {
        let query = sql(
            "SELECT id, key_version, wrapped_key FROM gw_tenants WHERE key_version <> $1 AND deleted_ms IS NULL ORDER BY id LIMIT $2",
        );
        let rows = self.db.fetch_all(query.bind(i64::from(version)).bind(i64::from(limit))).await?;
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let mut columns = row.columns();
            keys.push((columns.text()?.parse()?, wrapped_key(&mut columns)?));
        }
        Ok(keys)
    }

    /// Replaces a wrapped data key by the same one under another master key; false when another process was faster.
    pub(crate) async fn rewrap_key(&self, tenant: &TenantId, from: &WrappedKey, to: &WrappedKey, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        super::changes::touch_tenant(&mut tx, tenant, now).await?;
        let update = sql("UPDATE gw_tenants SET key_version = $1, wrapped_key = $2 WHERE id = $3 AND key_version = $4 AND wrapped_key = $5");
        let update = update.bind(i64::from(to.version)).bind(to.bytes.as_slice()).bind(tenant.as_str());
        let replaced = tx.execute(update.bind(i64::from(from.version)).bind(from.bytes.as_slice())).await? > 0;
        tx.commit().await?;
        Ok(replaced)
    }
}
