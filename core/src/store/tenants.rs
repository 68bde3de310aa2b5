//! Tenants. Deleting one destroys its wrapped data key, its providers' secrets and its API keys in one transaction and
//! leaves a tombstone, so that other processes see it; from then on no body of its traces can be read by anybody.
//!
//! The id of a deleted tenant can be used again, with a new data key, once [`Store::erase_traces`] has removed the rows
//! of the old one: a new tenant never sees them.

use super::{
    Store,
    changes::{next_generation, note_erased_keys, touch_tenant},
    master_keys::refuse_retired,
    names::{name_of, of_json, of_name, to_json},
    providers::{ProviderRecord, insert_provider, providers_of},
    query::{Query, sql},
    retention::read_retention,
    row::{Columns, corrupt},
};
use crate::{
    crypto::WrappedKey,
    error::{Error, ErrorCode, Result},
    types::{
        ids::TenantId,
        price::PriceOverride,
        tenant::{Tenant, TenantPage, TenantUpdate},
        time::Timestamp,
    },
};

/// A tenant with all that is needed to serve it.
#[derive(Clone)]
pub(crate) struct TenantRecord {
    pub(crate) tenant: Tenant,
    /// Its data key under the master key of `wrapped_key.version`.
    pub(crate) wrapped_key: WrappedKey,
    /// By name.
    pub(crate) providers: Vec<ProviderRecord>,
}

const COLUMNS: &str =
    "id, name, status, capture, concurrency, retention_days, retention_traces, prices, created_ms, updated_ms";

impl Store {
    /// Creates a tenant with its providers.
    pub(crate) async fn create_tenant(&self, record: &TenantRecord) -> Result<()> {
        let TenantRecord { tenant, wrapped_key, providers } = record;
        let mut tx = self.db.begin().await?;
        let generation = next_generation(&mut tx).await?;
        refuse_retired(&mut tx, wrapped_key.version).await?;
        let exists =
            |why: &str| Error::new(ErrorCode::AlreadyExists, format!("tenant {} {why}", tenant.id)).with_param("id");
        let tombstone = sql("DELETE FROM gw_tenants WHERE id = $1 AND deleted_ms IS NOT NULL").bind(tenant.id.as_str());
        if tx.execute(tombstone).await? > 0 {
            for table in ["gw_traces", "gw_rollups"] {
                let left = sql(format!("SELECT 1 FROM {table} WHERE tenant_id = $1 LIMIT 1"));
                if tx.fetch_optional(left.bind(tenant.id.as_str())).await?.is_some() {
                    return Err(exists("was deleted and its traces are still being erased; try again later"));
                }
            }
            for table in ["gw_api_keys", "gw_dead_letters", "gw_rollup_deltas", "gw_price_rules"] {
                let rest = sql(format!("DELETE FROM {table} WHERE tenant_id = $1"));
                tx.execute(rest.bind(tenant.id.as_str())).await?;
            }
            note_erased_keys(&mut tx, generation).await?;
        }
        let insert =
            sql("INSERT INTO gw_tenants (id, name, status, capture, concurrency, retention_days, retention_traces, \
             prices, key_version, wrapped_key, generation, created_ms, updated_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING");
        let insert = bind_tenant(insert, tenant)?
            .bind(i64::from(wrapped_key.version))
            .bind(wrapped_key.bytes.as_slice())
            .bind(generation)
            .bind(tenant.created_at.as_millis())
            .bind(tenant.updated_at.as_millis());
        if tx.execute(insert).await? == 0 {
            return Err(exists("exists already"));
        }
        for provider in providers {
            insert_provider(&mut tx, &tenant.id, provider, tenant.created_at).await?;
        }
        tx.commit().await
    }

    /// The tenant, unless it was deleted.
    pub(crate) async fn get_tenant(&self, id: &TenantId) -> Result<Option<Tenant>> {
        let query =
            sql(format!("SELECT {COLUMNS} FROM gw_tenants WHERE id = $1 AND deleted_ms IS NULL")).bind(id.as_str());
        self.db.fetch_optional(query).await?.map(|row| read_tenant(&mut row.columns())).transpose()
    }

    /// Up to `limit` tenants by id, after the one named.
    pub(crate) async fn list_tenants(&self, after: Option<&TenantId>, limit: u32) -> Result<TenantPage> {
        let query =
            sql(format!("SELECT {COLUMNS} FROM gw_tenants WHERE id > $1 AND deleted_ms IS NULL ORDER BY id LIMIT $2"));
        let query = query.bind(after.map_or("", TenantId::as_str)).bind(i64::from(limit) + 1);
        let rows = self.db.fetch_all(query).await?;
        let mut tenants = rows.iter().map(|row| read_tenant(&mut row.columns())).collect::<Result<Vec<_>>>()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = tenants.len() > limit;
        tenants.truncate(limit);
        let next_cursor = tenants.last().filter(|_| more).map(|tenant| tenant.id.to_string());
        Ok(TenantPage { tenants, next_cursor })
    }

    /// Changes what the update names; the tenant as it is now.
    pub(crate) async fn update_tenant(&self, id: &TenantId, update: &TenantUpdate, now: Timestamp) -> Result<Tenant> {
        let mut tx = self.db.begin().await?;
        touch_tenant(&mut tx, id, now).await?;
        let query = sql(format!(
            "UPDATE gw_tenants SET name = COALESCE($1, name), status = COALESCE($2, status), capture = COALESCE($3, capture), \
             concurrency = COALESCE($4, concurrency), \
             retention_days = CASE WHEN $5 = 1 THEN $6 ELSE retention_days END, \
             retention_traces = CASE WHEN $5 = 1 THEN $7 ELSE retention_traces END, \
             prices = CASE WHEN $8 = 1 THEN $9 ELSE prices END WHERE id = $10 RETURNING {COLUMNS}"
        ));
        let retention = update.retention.unwrap_or_default();
        let query = query
            .bind(update.name.as_deref())
            .bind(update.status.map(name_of).transpose()?)
            .bind(update.capture.map(name_of).transpose()?)
            .bind(update.concurrency.map(i64::from))
            .bind(update.retention.is_some())
            .bind(retention.days.map(i64::from))
            .bind(retention.count())
            .bind(update.prices.is_some())
            .bind(update.prices.as_deref().map(prices_as_json).transpose()?.flatten())
            .bind(id.as_str());
        let row = tx.fetch_optional(query).await?.ok_or_else(|| Error::tenant_not_found(id))?;
        let tenant = read_tenant(&mut row.columns())?;
        tx.commit().await?;
        Ok(tenant)
    }

    /// Deletes a tenant for good; how many providers it had. Its traces' rows are left to [`Store::erase_traces`].
    pub(crate) async fn delete_tenant(&self, id: &TenantId, now: Timestamp) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let generation = touch_tenant(&mut tx, id, now).await?;
        let tombstone =
            sql("UPDATE gw_tenants SET wrapped_key = NULL, name = NULL, prices = NULL, deleted_ms = $1 WHERE id = $2");
        tx.execute(tombstone.bind(now.as_millis()).bind(id.as_str())).await?;
        let providers = sql("DELETE FROM gw_providers WHERE tenant_id = $1").bind(id.as_str());
        let providers = tx.execute(providers).await?;
        let keys = sql("UPDATE gw_api_keys SET status = 'revoked', generation = $1 WHERE tenant_id = $2");
        tx.execute(keys.bind(generation).bind(id.as_str())).await?;
        tx.commit().await?;
        Ok(providers)
    }

    /// Whether there was a tenant of that id, and is none now.
    pub(crate) async fn is_deleted(&self, id: &TenantId) -> Result<bool> {
        let deleted = sql("SELECT 1 FROM gw_tenants WHERE id = $1 AND deleted_ms IS NOT NULL").bind(id.as_str());
        Ok(self.db.fetch_optional(deleted).await?.is_some())
    }

    /// Removes the API keys of a deleted tenant; how many these were.
    pub(crate) async fn erase_api_keys(&self, id: &TenantId) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let generation = next_generation(&mut tx).await?;
        let keys = sql("DELETE FROM gw_api_keys WHERE tenant_id = $1 AND EXISTS \
             (SELECT 1 FROM gw_tenants WHERE gw_tenants.id = $1 AND deleted_ms IS NOT NULL)");
        let erased = tx.execute(keys.bind(id.as_str())).await?;
        note_erased_keys(&mut tx, generation).await?;
        tx.commit().await?;
        Ok(erased)
    }

    /// The tenant with its key and its providers, unless it was deleted.
    pub(crate) async fn load_tenant(&self, id: &TenantId) -> Result<Option<TenantRecord>> {
        let query = sql(format!(
            "SELECT {COLUMNS}, key_version, wrapped_key FROM gw_tenants WHERE id = $1 AND deleted_ms IS NULL"
        ));
        let Some(row) = self.db.fetch_optional(query.bind(id.as_str())).await? else { return Ok(None) };
        let mut columns = row.columns();
        let tenant = read_tenant(&mut columns)?;
        let wrapped_key = wrapped_key(&mut columns)?;
        // A change between the two reads carries a later generation, so that the next look at the changes evicts this.
        Ok(Some(TenantRecord { tenant, wrapped_key, providers: providers_of(&self.db, id).await? }))
    }
}

fn bind_tenant<'q>(query: Query<'q>, tenant: &'q Tenant) -> Result<Query<'q>> {
    Ok(query
        .bind(tenant.id.as_str())
        .bind(tenant.name.as_deref())
        .bind(name_of(tenant.status)?)
        .bind(tenant.capture.map(name_of).transpose()?)
        .bind(tenant.concurrency.map(i64::from))
        .bind(tenant.retention.days.map(i64::from))
        .bind(tenant.retention.count())
        .bind(prices_as_json(&tenant.prices)?))
}

/// As they are stored; NULL where there are none.
fn prices_as_json(prices: &[PriceOverride]) -> Result<Option<String>> {
    (!prices.is_empty()).then(|| to_json(&prices)).transpose()
}

fn read_tenant(columns: &mut Columns<'_>) -> Result<Tenant> {
    Ok(Tenant {
        id: columns.text()?.parse()?,
        name: columns.text_or_null()?,
        status: of_name(columns.text()?)?,
        capture: columns.text_or_null()?.map(of_name).transpose()?,
        concurrency: columns.int_or_null()?.map(u32::try_from).transpose().map_err(|_| corrupt("a concurrency"))?,
        retention: read_retention(columns)?,
        prices: columns.text_or_null()?.map(|text| of_json(&text, "prices")).transpose()?.unwrap_or_default(),
        created_at: Timestamp::from_millis(columns.int()?),
        updated_at: Timestamp::from_millis(columns.int()?),
    })
}

/// Reads `key_version, wrapped_key`.
pub(super) fn wrapped_key(columns: &mut Columns<'_>) -> Result<WrappedKey> {
    let version = u32::try_from(columns.int()?).map_err(|_| corrupt("the version of a master key"))?;
    Ok(WrappedKey { version, bytes: columns.bytes()? })
}
