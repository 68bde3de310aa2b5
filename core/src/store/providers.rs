//! The providers of tenants. A secret comes here encrypted; a change that brings none keeps the stored one.

use super::{
    Store,
    changes::touch_tenant,
    db::{Db, Tx},
    names::{of_json, to_json},
    query::sql,
    row::Columns,
};
use crate::{
    error::{Error, ErrorCode, Result},
    types::{
        ids::{ProviderName, TenantId},
        provider::{ProviderInfo, ProviderSettings},
        time::Timestamp,
    },
};

/// A provider as it is stored.
#[derive(Clone)]
pub(crate) struct ProviderRecord {
    pub(crate) info: ProviderInfo,
    /// Encrypted under the tenant's data key.
    pub(crate) secret: Option<Vec<u8>>,
}

/// A provider to be created or changed.
pub(crate) struct ProviderChange<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) name: &'a ProviderName,
    pub(crate) kind: &'a str,
    pub(crate) settings: &'a ProviderSettings,
    /// Encrypted; `None` keeps the stored one.
    pub(crate) secret: Option<&'a [u8]>,
    /// `None` keeps it as it is; a tenant's first provider is its default in any case.
    pub(crate) default: Option<bool>,
    pub(crate) now: Timestamp,
}

const COLUMNS: &str = "name, kind, settings, is_default, created_ms, updated_ms, secret";

impl Store {
    /// Creates or changes a provider; what is stored now.
    pub(crate) async fn set_provider(&self, change: ProviderChange<'_>) -> Result<ProviderInfo> {
        let ProviderChange { tenant, name, now, .. } = change;
        let mut tx = self.db.begin().await?;
        touch_tenant(&mut tx, tenant, now).await?;
        let stored = tx
            .fetch_all(select(tenant))
            .await?
            .iter()
            .map(|row| read_provider(&mut row.columns()))
            .collect::<Result<Vec<_>>>()?;
        let old = stored.iter().find(|provider| provider.info.name == *name);
        let alone = stored.iter().all(|provider| provider.info.name == *name);
        let default = alone || change.default.unwrap_or_else(|| old.is_some_and(|old| old.info.default));
        if default {
            tx.execute(sql("UPDATE gw_providers SET is_default = 0 WHERE tenant_id = $1").bind(tenant.as_str()))
                .await?;
        }
        let created_at = old.and_then(|old| old.info.created_at).unwrap_or(now);
        let secret = change.secret.map(<[u8]>::to_vec).or_else(|| old.and_then(|old| old.secret.clone()));
        let info = ProviderInfo {
            name: name.clone(),
            kind: change.kind.to_owned(),
            default,
            has_api_key: secret.is_some(),
            settings: change.settings.clone(),
            created_at: Some(created_at),
            updated_at: Some(now),
        };
        tx.execute(
            sql("DELETE FROM gw_providers WHERE tenant_id = $1 AND name = $2")
                .bind(tenant.as_str())
                .bind(name.as_str()),
        )
        .await?;
        let record = ProviderRecord { info, secret };
        insert_provider(&mut tx, tenant, &record, now).await?;
        tx.commit().await?;
        Ok(record.info)
    }

    /// Deletes a provider with its secret. Where it was the default, the oldest one that is left becomes it.
    pub(crate) async fn delete_provider(&self, tenant: &TenantId, name: &ProviderName, now: Timestamp) -> Result<()> {
        let mut tx = self.db.begin().await?;
        touch_tenant(&mut tx, tenant, now).await?;
        let delete = sql("DELETE FROM gw_providers WHERE tenant_id = $1 AND name = $2 RETURNING is_default");
        let deleted = tx.fetch_optional(delete.bind(tenant.as_str()).bind(name.as_str())).await?;
        let was_default = deleted.ok_or_else(|| not_found(tenant, name))?.columns().flag()?;
        if was_default {
            let promote = sql("UPDATE gw_providers SET is_default = 1 WHERE tenant_id = $1 AND name = \
                 (SELECT name FROM gw_providers WHERE tenant_id = $1 ORDER BY created_ms, name LIMIT 1)");
            tx.execute(promote.bind(tenant.as_str())).await?;
        }
        tx.commit().await
    }
}

/// The tenant's providers with their secrets, by name.
pub(super) async fn providers_of(db: &Db, tenant: &TenantId) -> Result<Vec<ProviderRecord>> {
    db.fetch_all(select(tenant)).await?.iter().map(|row| read_provider(&mut row.columns())).collect()
}

pub(super) async fn insert_provider(
    tx: &mut Tx,
    tenant: &TenantId,
    record: &ProviderRecord,
    now: Timestamp,
) -> Result<()> {
    let ProviderRecord { info, secret } = record;
    let insert =
        sql("INSERT INTO gw_providers (tenant_id, name, kind, settings, is_default, created_ms, updated_ms, secret) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    let insert = insert
        .bind(tenant.as_str())
        .bind(info.name.as_str())
        .bind(info.kind.as_str())
        .bind(to_json(&info.settings)?)
        .bind(info.default)
        .bind(info.created_at.unwrap_or(now).as_millis())
        .bind(info.updated_at.unwrap_or(now).as_millis())
        .bind(secret.as_deref());
    tx.execute(insert).await.map(drop)
}

fn select(tenant: &TenantId) -> super::query::Query<'_> {
    sql(format!("SELECT {COLUMNS} FROM gw_providers WHERE tenant_id = $1 ORDER BY name")).bind(tenant.as_str())
}

fn read_provider(columns: &mut Columns<'_>) -> Result<ProviderRecord> {
    let mut info = ProviderInfo {
        name: columns.text()?.parse()?,
        kind: columns.text()?,
        settings: of_json(&columns.text()?, "the settings of a provider")?,
        default: columns.flag()?,
        created_at: Some(Timestamp::from_millis(columns.int()?)),
        updated_at: Some(Timestamp::from_millis(columns.int()?)),
        has_api_key: false,
    };
    let secret = columns.bytes_or_null()?;
    info.has_api_key = secret.is_some();
    Ok(ProviderRecord { info, secret })
}

fn not_found(tenant: &TenantId, name: &ProviderName) -> Error {
    Error::new(ErrorCode::ProviderNotFound, format!("tenant {tenant} has no provider {name}"))
}
