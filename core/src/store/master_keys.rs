//! Which master keys this store was made with. Sees their check values only.

use super::{
    Store,
    query::sql,
    row::{Row, corrupt},
};
use crate::error::Result;

impl Store {
    /// Remembers the check value of a master key, unless one is remembered already: whoever comes first wins. Returns
    /// what is remembered now, which the caller verifies.
    pub(crate) async fn remember_master_key(&self, version: u32, check_value: &[u8]) -> Result<Vec<u8>> {
        let insert =
            sql("INSERT INTO gw_master_keys (version, check_value) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING");
        self.db.execute(insert.bind(i64::from(version)).bind(check_value)).await?;
        let remembered = self.master_keys().await?.into_iter().find(|(known, _)| *known == version);
        remembered.map(|(_, check_value)| check_value).ok_or_else(|| corrupt("no master key"))
    }

    /// The versions that are remembered, and their check values.
    pub(crate) async fn master_keys(&self) -> Result<Vec<(u32, Vec<u8>)>> {
        let read = |row: &Row| {
            let mut columns = row.columns();
            let version = u32::try_from(columns.int()?).map_err(|_| corrupt("the version of a master key"))?;
            Ok((version, columns.bytes()?))
        };
        self.db
            .fetch_all(sql("SELECT version, check_value FROM gw_master_keys ORDER BY version"))
            .await?
            .iter()
            .map(read)
            .collect()
    }
}
