//! Records that the store refused for good, kept whole where they can be looked at.

use super::{Store, query::sql};
use crate::{
    error::Result,
    types::{stats::DeadLetter, time::Timestamp},
};

impl Store {
    /// Keeps a refused record; keeping it again changes nothing.
    pub(crate) async fn insert_dead_letter(&self, letter: &DeadLetter) -> Result<()> {
        let insert = sql(
            "INSERT INTO gw_dead_letters (tenant_id, created_ms, id, failed_ms, reason, record) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT DO NOTHING",
        );
        let insert = insert
            .bind(letter.tenant_id.as_str())
            .bind(letter.trace_id.created_at().as_millis())
            .bind(letter.trace_id.to_string())
            .bind(letter.failed_at.as_millis())
            // A reason can quote what made the record fail, and this place must not fail for the same reason.
            .bind(letter.reason.replace('\0', "\u{fffd}"))
            .bind(letter.record.as_bytes());
        self.db.execute(insert).await.map(drop)
    }

    /// The newest refused records of all tenants.
    pub(crate) async fn list_dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>> {
        let query = sql(
            "SELECT tenant_id, id, failed_ms, reason, record FROM gw_dead_letters ORDER BY failed_ms DESC, id DESC LIMIT $1",
        );
        let rows = self.db.fetch_all(query.bind(i64::from(limit))).await?;
        let letter = |row: super::row::Row| {
            let mut columns = row.columns();
            Ok(DeadLetter {
                tenant_id: columns.text()?.parse()?,
                trace_id: columns.text()?.parse()?,
                failed_at: Timestamp::from_millis(columns.int()?),
                reason: columns.text()?,
                record: String::from_utf8_lossy(&columns.bytes()?).into_owned(),
            })
        };
        rows.into_iter().map(letter).collect()
    }
}
