//! A copy of the store while the gateway works.

use std::path::Path;

use super::Gateway;
use crate::error::Result;

impl Gateway {
    /// Writes a copy of a SQLite store to a new file, as it is at one moment, while calls go on. The copy is complete by
    /// itself, readable by its owner alone, and a store that a gateway with the same master keys opens; it is there under
    /// its name only once it is whole and on the disk. What waits in the recorder or the spool is not in it: flush first.
    ///
    /// Fails with `already_exists` (param `path`) where there is a file, `invalid_field` where none can be made, and
    /// `unsupported_operation` with PostgreSQL, which has `pg_dump`.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<()> {
        self.core.open()?;
        let (store, path) = (self.core.store.clone(), path.as_ref().to_owned());
        self.core.background.run(async move { store.backup(&path).await }).await
    }
}
