//! Makes rollups anew from the traces they are of, a day of a tenant at a time.

use std::collections::BTreeMap;

use super::rows::{Rows, hold, spread, write};
use crate::{
    error::{Error, Result},
    rollup::{Kind, Pack, Step},
    store::{
        Store,
        db::Tx,
        query::sql,
        scan::{self, TraceScan, scan_from},
    },
    types::{ids::TenantId, time::Timestamp, trace::TraceFilter},
};

impl Store {
    /// Replaces a tenant's rollups of the UTC day that begins then by what its traces of the day add up to; how many
    /// traces these were. Refused where traces of the day have been removed.
    ///
    /// One transaction, in which nobody else writes to a SQLite file: what is written meanwhile would be counted twice, or
    /// not at all.
    pub(crate) async fn rebuild_rollups(&self, tenant: &TenantId, day_ms: i64) -> Result<u64> {
        let (from, to) = (Step::Day.floor(day_ms), Step::Day.floor(day_ms) + Step::Day.millis());
        let mut tx = self.db.begin().await?;
        if let Tx::Postgres { .. } = &tx {
            // Traces and deltas are seen as of one moment, and the locks come before it. No month gets a partition
            // meanwhile: the rows that are moved there would be seen in neither place.
            tx.run_script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
            tx.run_script("LOCK TABLE gw_leases IN SHARE ROW EXCLUSIVE MODE").await?;
            tx.run_script("LOCK TABLE gw_traces IN ACCESS SHARE MODE").await?;
        }
        hold(&mut tx).await?;
        refuse_removed(&mut tx, tenant, from).await?;
        for kind in Kind::ALL {
            for step in kind.steps() {
                let delete = sql("DELETE FROM gw_rollups WHERE tenant_id = $1 AND kind = $2 AND step = $3 \
                     AND start_ms >= $4 AND start_ms < $5");
                let delete = delete.bind(tenant.as_str()).bind(kind.number()).bind(step.minutes());
                tx.execute(delete.bind(from).bind(to)).await?;
            }
        }
        let deltas = sql("DELETE FROM gw_rollup_deltas WHERE tenant_id = $1 AND start_ms >= $2 AND start_ms < $3");
        tx.execute(deltas.bind(tenant.as_str()).bind(from).bind(to)).await?;

        let filter = TraceFilter::default();
        let (from, to) = (Timestamp::from_millis(from), Timestamp::from_millis(to));
        let day = TraceScan { tenant: Some(tenant), filter: &filter, from, to, budget: None };
        let (mut packs, mut traces) = (BTreeMap::<i64, [Pack; 2]>::new(), 0);
        let on_row = |row: scan::ScanRow| {
            let trace = row.counted();
            let [models, api_keys] = packs.entry(Step::FiveMinutes.floor(trace.created_ms)).or_default();
            models.cell(trace.model_key()).count(&trace);
            api_keys.cell(trace.api_key()).counters.add(&trace.counters());
            traces += 1;
            Ok(())
        };
        scan_from(&mut scan::Rows::Tx(&mut tx), day, None, on_row).await?;
        let mut rows = Rows::new();
        for (start_ms, [models, api_keys]) in &packs {
            spread(&mut rows, (tenant.as_str(), *start_ms), [models, api_keys])?;
        }
        write(&mut tx, &rows).await?;
        tx.commit().await?;
        Ok(traces)
    }
}

async fn refuse_removed(tx: &mut Tx, tenant: &TenantId, from: i64) -> Result<()> {
    let since = sql("SELECT COALESCE(traces_since_ms, 0) FROM gw_tenants WHERE id = $1 AND deleted_ms IS NULL");
    let row = tx.fetch_optional(since.bind(tenant.as_str())).await?.ok_or_else(|| Error::tenant_not_found(tenant))?;
    let since = row.columns().int()?;
    if from >= since {
        return Ok(());
    }
    let first = Timestamp::from_millis(Step::Day.ceil(since));
    let message = format!(
        "traces of tenant {tenant} before that have been removed: its rollups can be made anew from {first} on"
    );
    Err(Error::invalid("since", message))
}
