//! Which master keys this store was made with. Sees their check values only.

use super::{Store, query::sql, row::corrupt};
use crate::error::Result;

impl Store {
    /// Remembers the check value of a master key, unless one is remembered already: whoever comes first wins. Returns
    /// what is remembered now, which the caller verifies.
    pub(crate) async fn remember_master_key(&self, version: u32, check_value: &[u8]) -> Result<Vec<u8>> {
        let insert = sql("INSERT INTO gw_master_keys (version, check_value) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING");
        self.db.execute(insert.bind(i64::from(version)).bind(check_value)).await?;
        self.master_key_check(version).await?.ok_or_else(|| corrupt("no master key"))
    }

    /// The check value that is remembered for a version.
    pub(crate) async fn master_key_check(&self, version: u32) -> Result<Option<Vec<u8>>> {
        let query = sql("SELECT check_value FROM gw_master_keys WHERE version = $1").bind(i64::from(version));
        self.db.fetch_optional(query).await?.map(|row| row.columns().bytes()).transpose()
    }
}
