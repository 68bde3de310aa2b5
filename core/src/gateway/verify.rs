//! The proof that no trace was lost.

use super::Gateway;
use crate::{error::Result, types::verify::VerifyReport};

impl Gateway {
    /// Checks that every request that was ever accepted on this store is accounted for: by this gateway, by others that
    /// are open, and by those that are gone. Each has numbered its requests; for every number there is a trace in the
    /// store, a record in the spool, or a reason why not. The store is read once through, beside everybody's work.
    ///
    /// It says nothing of requests whose gateway lives and has not settled them (`pending`), of what a gateway without a
    /// spool had in memory when its process died, and of traces in the spool of another machine, which it reports as
    /// `missing`: ask a gateway that shares the spool directory.
    ///
    /// Fails with `store_unavailable` when the store is away.
    pub async fn verify(&self) -> Result<VerifyReport> {
        self.core.open()?;
        let (recorder, store) = (self.core.pipeline.recorder.clone(), self.core.store.clone());
        self.core.background.run(async move { recorder.verify(&store).await }).await
    }
}
