//! Folds what traces have added to the rollups into their rows, all the time and in small pieces. Of all gateways that
//! share a store one does it; another one takes over when it is gone.

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use super::{
    retain::{Pace, STATEMENT},
    upkeep::in_time,
};
use crate::{
    clock,
    error::Result,
    store::{Fold, Folded, Store},
};

/// How often it is looked for what is not folded.
const PERIOD: Duration = Duration::from_secs(1);
/// How much longer than a walk took nothing is folded after it. Folding has its price for each row that is touched:
/// under load, and with many tenants, what gathers in the meantime is folded at once.
const REST: u32 = 4;
/// The longest such rest: whoever asks reads what is not folded one by one.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Runs until the gateway ends.
pub(super) async fn run(store: Store) {
    let holder = i64::from_be_bytes(*Uuid::new_v4().as_bytes().last_chunk().unwrap_or(&[1; 8]));
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut pace, mut failed) = (Pace::new(), false);
    loop {
        ticks.tick().await;
        let begun = Instant::now();
        let walked = walk(&store, holder, &mut pace).await;
        // Once: a store that is away is not away anew each second.
        if let (Err(error), false) = (&walked, failed) {
            tracing::warn!(%error, "rollups could not be folded; they are folded later, and answers stay complete");
        }
        failed = walked.is_err();
        sleep((begun.elapsed() * REST).min(LONGEST_REST)).await;
    }
}

/// Folds all deltas that are there.
async fn walk(store: &Store, holder: i64, pace: &mut Pace) -> Result<()> {
    let mut fold = Fold::begin(holder);
    if !in_time(STATEMENT, store.may_fold(&fold, clock::now())).await? {
        return Ok(());
    }
    loop {
        let begun = Instant::now();
        match in_time(STATEMENT, store.fold(&mut fold, pace.rows(), clock::now())).await? {
            Folded::Some(_) => pace.rest(store, begun).await?,
            Folded::All | Folded::NotOurs => return Ok(()),
        }
    }
}
