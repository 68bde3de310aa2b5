//! API keys: hashes and what they may do, never the keys themselves.

use super::{
    Store,
    changes::next_generation,
    names::{name_of, of_json, of_name, to_json},
    query::sql,
    row::Columns,
};
use crate::{
    crypto::KeyHash,
    error::{Error, ErrorCode, Result},
    types::{api_key::ApiKey, ids::TenantId, time::Timestamp},
};

const COLUMNS: &str = "id, tenant_id, name, hint, scopes, status, expires_ms, created_ms, last_used_ms";

impl Store {
    /// Stores a new key; its tenant, if it has one, must exist.
    pub(crate) async fn insert_api_key(&self, key: &ApiKey, hash: &KeyHash) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let generation = next_generation(&mut tx).await?;
        if let Some(tenant) = &key.tenant_id {
            let query = sql("SELECT 1 FROM gw_tenants WHERE id = $1 AND deleted_ms IS NULL").bind(tenant.as_str());
            tx.fetch_optional(query).await?.ok_or_else(|| Error::tenant_not_found(tenant))?;
        }
        let insert = sql(
            "INSERT INTO gw_api_keys (id, tenant_id, name, hint, scopes, status, expires_ms, created_ms, last_used_ms, hash, generation) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        );
        let insert = insert
            .bind(key.id.as_str())
            .bind(key.tenant_id.as_ref().map(TenantId::as_str))
            .bind(key.name.as_deref())
            .bind(key.hint.as_str())
            .bind(to_json(&key.scopes)?)
            .bind(name_of(key.status)?)
            .bind(key.expires_at.map(Timestamp::as_millis))
            .bind(key.created_at.as_millis())
            .bind(key.last_used_at.map(Timestamp::as_millis))
            .bind(hash.0.as_slice())
            .bind(generation);
        if tx.execute(insert).await? == 0 {
            return Err(Error::new(ErrorCode::AlreadyExists, "the api key exists already").with_param("id"));
        }
        tx.commit().await
    }

    /// The key of a hash, revoked or expired ones included.
    pub(crate) async fn find_api_key(&self, hash: &KeyHash) -> Result<Option<ApiKey>> {
        let query = sql(format!("SELECT {COLUMNS} FROM gw_api_keys WHERE hash = $1")).bind(hash.0.as_slice());
        self.db.fetch_optional(query).await?.map(|row| read_key(&mut row.columns())).transpose()
    }

    /// The keys of a tenant, or the admin keys, by id.
    pub(crate) async fn list_api_keys(&self, tenant: Option<&TenantId>) -> Result<Vec<ApiKey>> {
        let query = match tenant {
            Some(tenant) => {
                sql(format!("SELECT {COLUMNS} FROM gw_api_keys WHERE tenant_id = $1 ORDER BY id")).bind(tenant.as_str())
            }
            None => sql(format!("SELECT {COLUMNS} FROM gw_api_keys WHERE tenant_id IS NULL ORDER BY id")),
        };
        self.db.fetch_all(query).await?.iter().map(|row| read_key(&mut row.columns())).collect()
    }

    /// Revokes a key of the tenant, or an admin key; its hash, so that caches can forget it. Revoking twice is fine.
    pub(crate) async fn revoke_api_key(&self, tenant: Option<&TenantId>, id: &str) -> Result<KeyHash> {
        let not_found = || Error::new(ErrorCode::ApiKeyNotFound, format!("there is no api key {id:?}"));
        // PostgreSQL has no text with a NUL and refuses to compare with it.
        if id.contains('\0') {
            return Err(not_found());
        }
        let mut tx = self.db.begin().await?;
        let generation = next_generation(&mut tx).await?;
        let query = match tenant {
            Some(tenant) => {
                sql("UPDATE gw_api_keys SET status = 'revoked', generation = $1 WHERE id = $2 AND tenant_id = $3 RETURNING hash")
                    .bind(generation)
                    .bind(id)
                    .bind(tenant.as_str())
            }
            None => sql("UPDATE gw_api_keys SET status = 'revoked', generation = $1 WHERE id = $2 AND tenant_id IS NULL RETURNING hash")
                .bind(generation)
                .bind(id),
        };
        let row = tx.fetch_optional(query).await?;
        let row = row.ok_or_else(not_found)?;
        let hash = super::changes::key_hash(row.columns().bytes()?)?;
        tx.commit().await?;
        Ok(hash)
    }

    /// Notes when keys were used; never moves a time back. Other processes need not hear of it.
    pub(crate) async fn touch_last_used(&self, mut uses: Vec<(String, Timestamp)>) -> Result<()> {
        if uses.is_empty() {
            return Ok(());
        }
        // In one order everywhere, so that two processes do not wait for each other.
        uses.sort();
        let mut tx = self.db.begin().await?;
        for (id, at) in uses {
            let update = sql(
                "UPDATE gw_api_keys SET last_used_ms = $1 WHERE id = $2 AND (last_used_ms IS NULL OR last_used_ms < $1)",
            );
            tx.execute(update.bind(at.as_millis()).bind(id)).await?;
        }
        tx.commit().await
    }
}

fn read_key(columns: &mut Columns<'_>) -> Result<ApiKey> {
    Ok(ApiKey {
        id: columns.text()?,
        tenant_id: columns.text_or_null()?.map(|id| id.parse()).transpose()?,
        name: columns.text_or_null()?,
        hint: columns.text()?,
        scopes: of_json(&columns.text()?, "the scopes of an API key")?,
        status: of_name(columns.text()?)?,
        expires_at: columns.int_or_null()?.map(Timestamp::from_millis),
        created_at: Timestamp::from_millis(columns.int()?),
        last_used_at: columns.int_or_null()?.map(Timestamp::from_millis),
    })
}
