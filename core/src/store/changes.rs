//! What other processes changed. One counter, the generation, grows with every control write and is stamped on the
//! tenants and keys it touched; who remembers a generation asks what came after it.

use uuid::Uuid;

use super::{Store, db::Tx, query::sql, row::corrupt};
use crate::{
    crypto::KeyHash,
    error::{Error, Result},
    types::{ids::TenantId, time::Timestamp},
};

/// What changed since a generation.
#[derive(Clone, Debug)]
pub(crate) struct Changes {
    /// Ask from here the next time.
    pub(crate) generation: i64,
    /// Tenants that were created, changed or deleted, or whose providers were.
    pub(crate) tenants: Vec<TenantId>,
    /// Whether one of them was deleted.
    pub(crate) deleted: bool,
    /// Keys that were created or revoked.
    pub(crate) keys: Vec<KeyHash>,
    /// The store is older than what was asked from, as after a restored backup: nothing that is remembered counts.
    pub(crate) everything: bool,
}

impl Store {
    /// A number that tells this store from others, made when it is first asked for.
    pub(crate) async fn identity(&self) -> Result<i64> {
        let known = || self.db.fetch_optional(sql("SELECT value FROM gw_state WHERE key = 'identity'"));
        if let Some(row) = known().await? {
            return row.columns().int();
        }
        let random = i64::from_be_bytes(*Uuid::new_v4().as_bytes().last_chunk().unwrap_or(&[0; 8]));
        let insert = sql("INSERT INTO gw_state (key, value) VALUES ('identity', $1) ON CONFLICT (key) DO NOTHING");
        self.db.execute(insert.bind(random)).await?;
        known().await?.ok_or_else(|| corrupt("no identity"))?.columns().int()
    }

    /// The generation of the last control write.
    pub(crate) async fn generation(&self) -> Result<i64> {
        let current = self.db.fetch_optional(sql("SELECT value FROM gw_state WHERE key = 'generation'")).await?;
        current.ok_or_else(|| corrupt("no generation"))?.columns().int()
    }

    /// What changed after `generation`; one row is read where nothing did. Whoever asks this from time to time is the one
    /// that notices when a store that was away is back.
    pub(crate) async fn changes_since(&self, generation: i64) -> Result<Changes> {
        self.db.look().await?;
        let current = self.generation().await?;
        let mut changes = Changes {
            generation: current,
            tenants: Vec::new(),
            deleted: false,
            keys: Vec::new(),
            everything: current < generation,
        };
        if current <= generation {
            return Ok(changes);
        }
        let tenants = sql("SELECT id, deleted_ms FROM gw_tenants WHERE generation > $1").bind(generation);
        for row in self.db.fetch_all(tenants).await? {
            let mut columns = row.columns();
            changes.tenants.push(columns.text()?.parse()?);
            changes.deleted |= columns.int_or_null()?.is_some();
        }
        // A tenant's tombstone may be gone by now, since its id was used again: what became of its keys is said apart.
        let erased = sql("SELECT 1 FROM gw_state WHERE key = 'keys_erased' AND value > $1").bind(generation);
        changes.deleted |= self.db.fetch_optional(erased).await?.is_some();
        for row in self.db.fetch_all(sql("SELECT hash FROM gw_api_keys WHERE generation > $1").bind(generation)).await?
        {
            changes.keys.push(key_hash(row.columns().bytes()?)?);
        }
        Ok(changes)
    }
}

/// Takes the next generation. The counter's row stays locked until the transaction ends, so that generations become
/// visible in their order and nobody who asks for later ones misses an earlier one. Comes first in every control write.
pub(super) async fn next_generation(tx: &mut Tx) -> Result<i64> {
    let row = tx
        .fetch_optional(sql("UPDATE gw_state SET value = value + 1 WHERE key = 'generation' RETURNING value"))
        .await?;
    row.ok_or_else(|| corrupt("no generation"))?.columns().int()
}

/// Notes that rows of API keys are removed in this generation: whoever remembers one of them cannot find out otherwise.
pub(super) async fn note_erased_keys(tx: &mut Tx, generation: i64) -> Result<()> {
    let note = sql("INSERT INTO gw_state (key, value) VALUES ('keys_erased', $1) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    tx.execute(note.bind(generation)).await.map(drop)
}

/// Keeps other control writes from happening until the transaction ends.
pub(super) async fn hold_generation(tx: &mut Tx) -> Result<()> {
    tx.execute(sql("UPDATE gw_state SET value = value WHERE key = 'generation'")).await.map(drop)
}

/// Takes the next generation and stamps it on a tenant, which must exist.
pub(super) async fn touch_tenant(tx: &mut Tx, tenant: &TenantId, now: Timestamp) -> Result<i64> {
    let generation = next_generation(tx).await?;
    let stamp = sql("UPDATE gw_tenants SET generation = $1, updated_ms = $2 WHERE id = $3 AND deleted_ms IS NULL");
    match tx.execute(stamp.bind(generation).bind(now.as_millis()).bind(tenant.as_str())).await? {
        0 => Err(Error::tenant_not_found(tenant)),
        _ => Ok(generation),
    }
}

pub(super) fn key_hash(bytes: Vec<u8>) -> Result<KeyHash> {
    bytes.try_into().map(KeyHash).map_err(|_| corrupt("the hash of an API key"))
}
