//! The gate that every step to a database passes. It stands open; tests put somebody there who makes steps fail.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;

use crate::error::Result;

/// A step to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A reading statement outside a transaction.
    Read,
    Begin,
    /// A statement in a transaction.
    Statement,
    Commit,
}

/// Who stands at the gate: an error is the step's error.
pub(crate) trait Watch: fmt::Debug + Send + Sync {
    /// Before the database hears of it.
    fn before(&self, step: Step) -> BoxFuture<'_, Result<()>>;
    /// When the database has done it.
    fn after(&self, step: Step) -> BoxFuture<'_, Result<()>>;
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(pub(crate) Option<Arc<dyn Watch>>);

impl Gate {
    pub(super) async fn pass<T>(&self, step: Step, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(watch) = &self.0 else { return work.await };
        watch.before(step).await?;
        let done = work.await?;
        watch.after(step).await?;
        Ok(done)
    }
}
