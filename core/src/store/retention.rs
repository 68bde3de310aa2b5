//! Removes traces that are too old or too many, piece by piece, each piece a short transaction: writers come in between.
//! Knows which traces these are; when they are removed is decided above.

use uuid::Uuid;

use super::{
    Store,
    db::{Backend, Tx},
    instances::{Why, note_removed},
    query::sql,
    row::{Columns, Row, corrupt},
};
use crate::{
    error::Result,
    types::{ids::TenantId, retention::Retention, time::Timestamp},
};

/// The last trace that goes: everything up to it goes, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cutoff {
    created_ms: i64,
    id: Uuid,
}

impl Cutoff {
    /// All traces there are.
    pub(super) const ALL: Self = Self { created_ms: i64::MAX, id: Uuid::max() };

    /// What is older than that.
    fn before(created_ms: i64) -> Self {
        Self { created_ms: created_ms.saturating_sub(1), id: Uuid::max() }
    }
}

/// What a piece of work removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) traces: u64,
    /// Whether there may be more. Others may have removed some of what this piece was to remove.
    pub(crate) more: bool,
}

/// A tenant whose traces have a limit.
#[derive(Clone, Debug)]
pub(crate) struct Limited {
    pub(crate) tenant: TenantId,
    /// What the tenant's own row says.
    own: Retention,
    /// That, or what the gateway says.
    rule: Retention,
    /// Whether there are traces that are too old.
    aged: bool,
}

impl Store {
    /// Up to `limit` tenants by id, after the one named, whose traces have a limit: their own or the gateway's.
    pub(crate) async fn limited_tenants(
        &self,
        gateway: Retention,
        now: Timestamp,
        (after, limit): (Option<&TenantId>, u32),
    ) -> Result<Vec<Limited>> {
        let query = sql("SELECT id, retention_days, retention_traces, CASE WHEN EXISTS \
             (SELECT 1 FROM gw_traces WHERE gw_traces.tenant_id = gw_tenants.id \
              AND gw_traces.created_ms < $1 - COALESCE(retention_days, $2) * 86400000) THEN 1 ELSE 0 END \
             FROM gw_tenants WHERE id > $3 AND deleted_ms IS NULL \
             AND (COALESCE(retention_days, $2) IS NOT NULL OR COALESCE(retention_traces, $4) IS NOT NULL) ORDER BY id LIMIT $5");
        let query = query
            .bind(now.as_millis())
            .bind(gateway.days.map(i64::from))
            .bind(after.map_or("", TenantId::as_str))
            .bind(gateway.count())
            .bind(i64::from(limit));
        let limited = |row: Row| {
            let mut columns = row.columns();
            let tenant = columns.text()?.parse()?;
            let own = read_retention(&mut columns)?;
            Ok(Limited { tenant, own, rule: own.or(gateway), aged: columns.flag()? })
        };
        self.db.fetch_all(query).await?.into_iter().map(limited).collect()
    }

    /// Up to where a tenant's traces go; `None` when all may stay.
    pub(crate) async fn cutoff(&self, limited: &Limited, now: Timestamp) -> Result<Option<Cutoff>> {
        let age_ms = limited.rule.age_ms().filter(|_| limited.aged);
        let aged = age_ms.map(|age_ms| Cutoff::before(now.as_millis().saturating_sub(age_ms)));
        let Some(count) = limited.rule.count() else { return Ok(aged) };
        let query = sql("SELECT created_ms, id FROM gw_traces WHERE tenant_id = $1 \
             ORDER BY created_ms DESC, id DESC LIMIT 1 OFFSET $2");
        let first = self.db.fetch_optional(query.bind(limited.tenant.as_str()).bind(count)).await?;
        let surplus = first.map(|row| read_cutoff(&mut row.columns())).transpose()?;
        // The later one of both takes more.
        Ok(aged.max(surplus))
    }

    /// Removes about `limit` traces of a tenant, the oldest first, up to `cutoff`. None, once the tenant is deleted or its
    /// own rules have changed.
    pub(crate) async fn trim(&self, limited: &Limited, cutoff: Cutoff, limit: u32) -> Result<Piece> {
        let mut tx = self.db.begin().await?;
        let rules = sql("SELECT retention_days, retention_traces FROM gw_tenants WHERE id = $1 AND deleted_ms IS NULL");
        let rules = tx.fetch_optional(rules.bind(limited.tenant.as_str())).await?;
        if rules.map(|row| read_retention(&mut row.columns())).transpose()? != Some(limited.own) {
            return Ok(Piece::default());
        }
        let piece =
            remove_oldest(&mut tx, &limited.tenant, Removal { up_to: cutoff, limit, why: Why::Expired }).await?;
        if piece.traces > 0 {
            let since =
                sql("UPDATE gw_tenants SET traces_since_ms = $1 WHERE id = $2 AND COALESCE(traces_since_ms, 0) < $1");
            let since = since.bind(cutoff.created_ms.saturating_add(1)).bind(limited.tenant.as_str());
            tx.execute(since).await?;
        }
        tx.commit().await?;
        Ok(piece)
    }

    /// Gives up to `pages` of a SQLite file that are free back to the disk, as long as more than `spare` in a hundred
    /// are. Says whether there is more to give back.
    pub(crate) async fn shrink(&self, spare: i64, pages: u32) -> Result<bool> {
        if self.db.backend() == Backend::Postgres {
            return Ok(false);
        }
        let mut tx = self.db.begin().await?;
        let (before, all) = (pragma(&mut tx, "freelist_count").await?, pragma(&mut tx, "page_count").await?);
        if before.saturating_mul(100) <= all.saturating_mul(spare) {
            return Ok(false);
        }
        tx.run_script(format!("PRAGMA incremental_vacuum({pages})")).await?;
        let after = pragma(&mut tx, "freelist_count").await?;
        tx.commit().await?;
        // A file that somebody made without the option stays as long as it is.
        Ok(after < before)
    }
}

/// Which of a tenant's oldest traces go, at most how many, and for what reason.
#[derive(Clone, Copy, Debug)]
pub(super) struct Removal {
    pub(super) up_to: Cutoff,
    pub(super) limit: u32,
    pub(super) why: Why,
}

/// Deletes a tenant's oldest traces with their content, and notes whose requests these were.
pub(super) async fn remove_oldest(tx: &mut Tx, tenant: &TenantId, removal: Removal) -> Result<Piece> {
    let (rows, more) = match tx {
        Tx::Sqlite(_) => remove_sqlite(tx, tenant, removal).await?,
        Tx::Postgres { .. } => remove_postgres(tx, tenant, removal).await?,
    };
    let traces = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    note_removed(tx, removal.why, &rows).await?;
    Ok(Piece { traces, more })
}

/// What was removed, each as its `instance`, and whether there may be more.
type Removed = (Vec<Row>, bool);

async fn remove_sqlite(tx: &mut Tx, tenant: &TenantId, Removal { up_to, limit, .. }: Removal) -> Result<Removed> {
    let mut rows = Vec::new();
    for (table, returning) in [("gw_trace_bodies", ""), ("gw_traces", "RETURNING instance")] {
        let delete = sql(format!(
            "DELETE FROM {table} WHERE seq IN (SELECT seq FROM gw_traces WHERE tenant_id = $1 \
             AND (created_ms, id) <= ($2, $3) ORDER BY created_ms, id LIMIT $4) {returning}"
        ));
        let delete = delete.bind(tenant.as_str()).bind(up_to.created_ms).bind(up_to.id);
        rows = tx.fetch_all(delete.bind(i64::from(limit))).await?;
    }
    let more = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    Ok((rows, more))
}

/// Where the piece ends is asked first: a DELETE whose rows a subquery names reads all rows of the tenant each time.
/// `created_ms` alone tells the planner which partitions it needs.
async fn remove_postgres(tx: &mut Tx, tenant: &TenantId, Removal { up_to, limit, .. }: Removal) -> Result<Removed> {
    let last = sql("SELECT created_ms, id FROM gw_traces WHERE tenant_id = $1 AND created_ms <= $2 \
         AND (created_ms, id) <= ($2, $3) ORDER BY created_ms, id LIMIT 1 OFFSET $4");
    let last = last.bind(tenant.as_str()).bind(up_to.created_ms).bind(up_to.id);
    let last = tx.fetch_optional(last.bind(i64::from(limit.saturating_sub(1)))).await?;
    let last = last.map(|row| read_cutoff(&mut row.columns())).transpose()?;
    let (up_to, more) = (last.unwrap_or(up_to), last.is_some());
    let delete =
        sql("DELETE FROM gw_traces WHERE tenant_id = $1 AND created_ms <= $2 AND (created_ms, id) <= ($2, $3) \
         RETURNING instance");
    let rows = tx.fetch_all(delete.bind(tenant.as_str()).bind(up_to.created_ms).bind(up_to.id)).await?;
    Ok((rows, more))
}

/// Reads `retention_days, retention_traces`.
pub(super) fn read_retention(columns: &mut Columns<'_>) -> Result<Retention> {
    let unreadable = || corrupt("a retention");
    Ok(Retention {
        days: columns.int_or_null()?.map(u32::try_from).transpose().map_err(|_| unreadable())?,
        traces: columns.int_or_null()?.map(u64::try_from).transpose().map_err(|_| unreadable())?,
    })
}

/// Reads `created_ms, id`.
fn read_cutoff(columns: &mut Columns<'_>) -> Result<Cutoff> {
    Ok(Cutoff { created_ms: columns.int()?, id: columns.uuid()? })
}

async fn pragma(tx: &mut Tx, name: &'static str) -> Result<i64> {
    let row = tx.fetch_optional(sql(format!("PRAGMA {name}"))).await?;
    row.ok_or_else(|| corrupt("no number of pages"))?.columns().int()
}
