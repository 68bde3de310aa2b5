//! What can be waited for.

use std::time::Duration;

use super::Shared;
use crate::record::{Outcome, Recorded};
use crate::stats::Stats;
use crate::wait::WaitError;

impl Shared {
    /// Waits for `count` requests in all.
    pub(crate) async fn requests(&self, count: u64, timeout: Duration) -> Result<Vec<Recorded>, WaitError> {
        self.wait(timeout, |state| (state.stats().requests >= count).then(|| state.records().cloned().collect()))
            .await
            .ok_or_else(|| {
                let seen = self.stats().requests;
                WaitError::Timeout(format!("{count} requests; {seen} arrived"))
            })
    }

    /// Waits for the end of the answer to request `seq`.
    pub(crate) async fn ended(&self, seq: u64, timeout: Duration) -> Result<Recorded, WaitError> {
        self.wait(timeout, |state| {
            let record = state.record(seq)?;
            (record.outcome != Outcome::Pending).then(|| record.clone())
        })
        .await
        .ok_or_else(|| WaitError::Timeout(format!("the end of request {seq}")))
    }

    /// Waits for the client to close the connection of request `seq`.
    pub(crate) async fn close(&self, seq: u64, timeout: Duration) -> Result<Recorded, WaitError> {
        let record = self.ended(seq, timeout).await?;
        match record.outcome {
            Outcome::ClientClosed | Outcome::RequestCut => Ok(record),
            outcome => Err(WaitError::Ended { seq, outcome }),
        }
    }

    /// Waits until at most `count` connections are open.
    pub(crate) async fn connections(&self, count: u64, timeout: Duration) -> Result<Stats, WaitError> {
        self.wait(timeout, |state| {
            let stats = state.stats();
            (stats.connections_open <= count).then_some(stats)
        })
        .await
        .ok_or_else(|| {
            let open = self.stats().connections_open;
            WaitError::Timeout(format!("at most {count} connections; {open} are open"))
        })
    }
}
