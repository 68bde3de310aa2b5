//! Erases a tenant: its data key first, so that nothing of its content can be read from then on, and then everything
//! else, as far as this process reaches.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

use super::{
    Gateway,
    retain::{STATEMENT, shrink},
    upkeep::{erase_traces, in_time},
};
use crate::{
    clock,
    error::{ErrorCode, Result},
    types::{ids::TenantId, stats::ErasureReport},
};

/// How long traces that wait for the store are waited for.
const FLUSH: Duration = Duration::from_secs(10);

/// Has upkeep look for what is left, however the erasure ends.
struct LookAgain(Arc<Notify>);

impl Drop for LookAgain {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Gateway {
    /// Deletes a tenant as [`Gateway::delete_tenant`] does, or one that was deleted before, and waits until all it had is
    /// gone: its data key first, then providers, API keys, traces, dead letters, and what this gateway's spool has of it.
    /// A SQLite file then gives its free pages back. What stays is a tombstone: the id, without a name or a key.
    ///
    /// Requests that still run leave no trace: theirs are dropped, and counted as `tenant_gone`. Backups, and the
    /// spools of other processes until these have written them, are beyond reach: what they have of the tenant's
    /// content cannot be read unless they have its wrapped key, too.
    ///
    /// When it fails half-way, or its future is dropped, traces and dead letters are removed in the background; calling
    /// it again does the rest.
    pub async fn erase_tenant(&self, id: &TenantId) -> Result<ErasureReport> {
        let core = &self.core;
        let mut report = ErasureReport::default();
        let wanted = id.clone();
        let deleted = core.run(move |store| async move { store.delete_tenant(&wanted, clock::now()).await }).await;
        match deleted {
            Ok(providers) => report.providers = providers,
            Err(error) if error.code() == ErrorCode::TenantNotFound => {
                let wanted = id.clone();
                if !core.run(move |store| async move { store.is_deleted(&wanted).await }).await? {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
        let _rest = LookAgain(Arc::clone(&core.deleted));
        core.registry.forget(id).await;
        core.auth.forget_all();

        report.in_flight = core.pipeline.limits.in_flight_of(id).into();
        let flushed = core.pipeline.recorder.flush(FLUSH).await;
        report.waiting = flushed.pending + flushed.spooled;
        let (store, tenant) = (core.store.clone(), id.clone());
        let erased = core.background.run(async move {
            let erased = erase_traces(&store, &tenant).await?;
            let keys = in_time(STATEMENT, store.erase_api_keys(&tenant)).await?;
            shrink(&store, 0).await?;
            in_time(STATEMENT, store.empty_log()).await?;
            Ok((erased, keys))
        });
        let (erased, keys) = erased.await?;
        (report.traces, report.dead_letters, report.api_keys) = (erased.traces, erased.dead_letters, keys);
        core.pipeline.recorder.renew_spool();
        Ok(report)
    }
}
