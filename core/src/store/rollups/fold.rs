//! Folds deltas into rows, piece by piece, each piece a short transaction: writers come in between. One process does it
//! at a time, whoever has the lease. The lease spares the others the work; that two never change one row at once is seen
//! to by its row, which every transaction that folds locks and checks. So clocks that disagree cost work, and no number.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    read_columns,
    rows::{Rows, add_stored, spread, write},
    sketch_names, unreadable,
};
use crate::{
    error::Result,
    rollup::{Columns, Pack},
    store::{Store, query::sql},
    types::{analytics::Metric, time::Timestamp},
};

/// How long a lease lasts that is not renewed.
const LEASE_MS: i64 = 10_000;

/// One walk over the deltas that are there, in the order of tenants and time.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    /// Who holds the lease: any number that nobody else has.
    holder: i64,
    tenant: String,
    start_ms: i64,
    id: Uuid,
}

/// What a piece of work did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folded {
    /// So many deltas, and there may be more.
    Some(usize),
    /// The walk has come to its end.
    All,
    /// Another process has the lease.
    NotOurs,
}

impl Fold {
    pub(crate) fn begin(holder: i64) -> Self {
        Self { holder, tenant: String::new(), start_ms: i64::MIN, id: Uuid::nil() }
    }
}

impl Store {
    /// Whether there is something to fold, and nobody else does it. A reading statement: whoever has nothing to do
    /// disturbs nobody.
    pub(crate) async fn may_fold(&self, fold: &Fold, now: Timestamp) -> Result<bool> {
        let query = sql("SELECT 1 FROM gw_leases WHERE name = 'rollups' AND (holder = $1 OR expires_ms <= $2) \
             AND EXISTS (SELECT 1 FROM gw_rollup_deltas)");
        Ok(self.db.fetch_optional(query.bind(fold.holder).bind(now.as_millis())).await?.is_some())
    }

    /// Folds up to `limit` further deltas.
    pub(crate) async fn fold(&self, fold: &mut Fold, limit: u32, now: Timestamp) -> Result<Folded> {
        let mut tx = self.db.begin().await?;
        let lease = sql("UPDATE gw_leases SET holder = $1, expires_ms = $2 \
             WHERE name = 'rollups' AND (holder = $1 OR expires_ms <= $3)");
        let lease = lease.bind(fold.holder).bind(now.plus_millis(LEASE_MS).as_millis());
        if tx.execute(lease.bind(now.as_millis())).await? == 0 {
            return Ok(Folded::NotOurs);
        }
        let take = format!(
            "DELETE FROM gw_rollup_deltas WHERE (tenant_id, start_ms, id) IN (SELECT tenant_id, start_ms, id \
             FROM gw_rollup_deltas WHERE (tenant_id, start_ms, id) > ($1, $2, $3) ORDER BY tenant_id, start_ms, id LIMIT $4) \
             RETURNING tenant_id, start_ms, id, api_keys, counts{}",
            sketch_names(&Metric::ALL)
        );
        let take = sql(take).bind(fold.tenant.clone()).bind(fold.start_ms).bind(fold.id).bind(i64::from(limit));
        let deltas = tx.fetch_all(take).await?;
        let (mut packs, mut last) = (BTreeMap::<(String, i64), [Pack; 2]>::new(), None);
        for delta in &deltas {
            let mut row = delta.columns();
            let (tenant, start_ms, id) = (row.text()?, row.int()?, row.uuid()?);
            let api_keys = Columns { counts: row.bytes()?, ..Columns::default() };
            let models = read_columns(&mut row, &Metric::ALL)?;
            last = last.max(Some((tenant.clone(), start_ms, id)));
            let [own_models, own_keys] = packs.entry((tenant, start_ms)).or_default();
            own_models.merge(&models, |key| key).ok_or_else(unreadable)?;
            own_keys.merge(&api_keys, |key| key).ok_or_else(unreadable)?;
        }
        let mut rows = Rows::new();
        for ((tenant, start_ms), [models, api_keys]) in &packs {
            spread(&mut rows, (tenant, *start_ms), [models, api_keys])?;
        }
        add_stored(&mut tx, &mut rows).await?;
        write(&mut tx, &rows).await?;
        tx.commit().await?;
        match last {
            Some((tenant, start_ms, id)) => {
                (fold.tenant, fold.start_ms, fold.id) = (tenant, start_ms, id);
                Ok(Folded::Some(deltas.len()))
            }
            None => Ok(Folded::All),
        }
    }
}
