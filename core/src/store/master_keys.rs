//! Which master keys this store was made with, and which of them wraps what. Sees check values and wrapped keys only.

use super::{
    Store,
    changes::hold_generation,
    db::Tx,
    query::sql,
    row::{Row, corrupt},
    tenants::wrapped_key,
};
use crate::{
    crypto::WrappedKey,
    error::{Error, ErrorCode, Result},
    types::ids::TenantId,
};

/// A data key under another master key than before.
pub(crate) struct Rewrapped {
    pub(crate) tenant: TenantId,
    pub(crate) old: WrappedKey,
    pub(crate) new: WrappedKey,
}

impl Store {
    /// Remembers the check value of a master key, unless one is remembered already: whoever comes first wins. Returns
    /// what is remembered now, which the caller verifies.
    pub(crate) async fn remember_master_key(&self, version: u32, check_value: &[u8]) -> Result<Vec<u8>> {
        let insert =
            sql("INSERT INTO gw_master_keys (version, check_value) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING");
        self.db.execute(insert.bind(i64::from(version)).bind(check_value)).await?;
        let remembered = self.master_keys().await?.into_iter().find(|(known, _)| *known == version);
        remembered.map(|(_, check_value)| check_value).ok_or_else(|| corrupt("no master key"))
    }

    /// The versions that are remembered, and their check values.
    pub(crate) async fn master_keys(&self) -> Result<Vec<(u32, Vec<u8>)>> {
        let read = |row: &Row| {
            let mut columns = row.columns();
            Ok((version(columns.int()?)?, columns.bytes()?))
        };
        self.db
            .fetch_all(sql("SELECT version, check_value FROM gw_master_keys ORDER BY version"))
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// Up to `limit` data keys that an older master key than that wraps, by tenant, after the one named.
    pub(crate) async fn keys_wrapped_before(
        &self,
        version: u32,
        (after, limit): (Option<&TenantId>, u32),
    ) -> Result<Vec<(TenantId, WrappedKey)>> {
        let query = sql("SELECT id, key_version, wrapped_key FROM gw_tenants \
             WHERE id > $1 AND key_version < $2 AND wrapped_key IS NOT NULL ORDER BY id LIMIT $3");
        let query = query.bind(after.map_or("", TenantId::as_str)).bind(i64::from(version)).bind(i64::from(limit));
        let read = |row: &Row| {
            let mut columns = row.columns();
            Ok((columns.text()?.parse()?, wrapped_key(&mut columns)?))
        };
        self.db.fetch_all(query).await?.iter().map(read).collect()
    }

    /// Puts new wrapped keys in the place of the old ones, where these are there still; how many were. The data keys
    /// stay the same, so nobody has to forget one.
    pub(crate) async fn rewrap(&self, changes: &[Rewrapped]) -> Result<u64> {
        if changes.is_empty() {
            return Ok(0);
        }
        let mut tx = self.db.begin().await?;
        let mut rewrapped = 0;
        for Rewrapped { tenant, old, new } in changes {
            let update = sql("UPDATE gw_tenants SET key_version = $1, wrapped_key = $2 \
                 WHERE id = $3 AND key_version = $4 AND wrapped_key = $5");
            let update = update.bind(i64::from(new.version)).bind(new.bytes.as_slice()).bind(tenant.as_str());
            rewrapped += tx.execute(update.bind(i64::from(old.version)).bind(old.bytes.as_slice())).await?;
        }
        tx.commit().await?;
        Ok(rewrapped)
    }

    /// Forgets the master keys before that version which wrap nothing. No tenant can come under them any more: whoever
    /// creates one looks here under the same lock.
    pub(crate) async fn retire_master_keys(&self, before: u32) -> Result<()> {
        let mut tx = self.db.begin().await?;
        hold_generation(&mut tx).await?;
        let retire = sql("DELETE FROM gw_master_keys WHERE version < $1 AND NOT EXISTS (SELECT 1 FROM gw_tenants \
             WHERE wrapped_key IS NOT NULL AND key_version = gw_master_keys.version)");
        tx.execute(retire.bind(i64::from(before))).await?;
        tx.commit().await
    }
}

/// Refuses to wrap anything by a master key that was retired: nobody may have it any more. The generation is held.
pub(super) async fn refuse_retired(tx: &mut Tx, version: u32) -> Result<()> {
    let retired = sql("SELECT 1 FROM gw_master_keys WHERE version > $1 \
         AND NOT EXISTS (SELECT 1 FROM gw_master_keys WHERE version = $1) LIMIT 1");
    if tx.fetch_optional(retired.bind(i64::from(version))).await?.is_none() {
        return Ok(());
    }
    let message = format!("master key version {version} is retired; add the newer one to master_keys");
    Err(Error::new(ErrorCode::WrongMasterKey, message).with_param(format!("master_keys.{version}")))
}

fn version(stored: i64) -> Result<u32> {
    u32::try_from(stored).map_err(|_| corrupt("the version of a master key"))
}
