//! Re-wraps the tenants' data keys under the newest master key, so that an older one can be given up. No body and no
//! provider's secret is touched: these are encrypted under the data keys, which stay what they are.

use std::{sync::Arc, time::Instant};

use super::{
    Gateway,
    retain::{Pace, STATEMENT},
    upkeep::in_time,
};
use crate::{
    crypto::MasterKeys,
    error::{Error, ErrorCode, Result},
    store::{Rewrapped, Store},
    types::{ids::TenantId, stats::RewrapReport},
};

impl Gateway {
    /// Wraps every tenant's data key with the newest of `master_keys`, in small steps, while calls go on; then forgets
    /// the older versions that nothing needs any more, so that gateways without them open the store.
    ///
    /// To rotate the master key: give every process both versions, call this once, and take the old version out of
    /// every configuration when the report says that it is retired. It can be stopped and called again at any time, by
    /// several processes, too. A process that has only an older version can soon load no tenant and create none: that
    /// fails with `wrong_master_key`, as this does where the store knows a newer version than the gateway.
    pub async fn rewrap_data_keys(&self) -> Result<RewrapReport> {
        self.core.open()?;
        let (store, keys) = (self.core.store.clone(), Arc::clone(&self.core.master_keys));
        self.core.background.run(async move { rewrap_all(&store, &keys).await }).await
    }
}

async fn rewrap_all(store: &Store, keys: &MasterKeys) -> Result<RewrapReport> {
    let version = keys.current();
    let remembered = in_time(STATEMENT, store.master_keys()).await?;
    if let Some((newer, _)) = remembered.iter().find(|(remembered, _)| *remembered > version) {
        let message = format!("the store has master key version {newer} by now; add it to master_keys");
        return Err(Error::new(ErrorCode::WrongMasterKey, message).with_param(format!("master_keys.{newer}")));
    }
    let mut report = RewrapReport { version, ..RewrapReport::default() };
    loop {
        let (rewrapped, unreadable) = pass(store, keys).await?;
        report.rewrapped += rewrapped;
        report.unreadable = unreadable;
        // Others may have created tenants under an older version meanwhile.
        if rewrapped == 0 {
            break;
        }
    }
    in_time(STATEMENT, store.retire_master_keys(version)).await?;
    // Whoever retired them, now or before.
    let left = in_time(STATEMENT, store.master_keys()).await?;
    let retired = keys.versions().filter(|known| *known < version && !left.iter().any(|(left, _)| left == known));
    report.retired = retired.collect();
    Ok(report)
}

/// Re-wraps what is wrapped by an older version, once through; how many keys, and how many cannot be read.
async fn pass(store: &Store, keys: &MasterKeys) -> Result<(u64, u64)> {
    let (mut rewrapped, mut unreadable, mut pace, mut after) = (0, 0, Pace::new(), None::<TenantId>);
    loop {
        let begun = Instant::now();
        let old = in_time(STATEMENT, store.keys_wrapped_before(keys.current(), (after.as_ref(), pace.rows()))).await?;
        let Some((last, _)) = old.last() else { return Ok((rewrapped, unreadable)) };
        after = Some(last.clone());
        let mut changes = Vec::with_capacity(old.len());
        for (tenant, old) in old {
            match keys.unwrap(&tenant, &old).and_then(|key| keys.wrap(&tenant, &key)) {
                Ok(new) => changes.push(Rewrapped { tenant, old, new }),
                Err(error) => {
                    tracing::error!(%tenant, %error, "a data key cannot be re-wrapped and stays as it is");
                    unreadable += 1;
                }
            }
        }
        rewrapped += in_time(STATEMENT, store.rewrap(&changes)).await?;
        pace.rest(store, begun).await?;
    }
}
