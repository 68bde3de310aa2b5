//! PostgreSQL's monthly partitions of traces, in UTC. Made ahead by the library; rows that came while a month had none
//! are in the default partition, and are moved when the month gets its own. SQLite has one table and needs none.

use jiff::{ToSpan as _, civil::Date, tz::TimeZone};

use super::{
    Store,
    changes::hold_generation,
    db::{Backend, Tx},
    error::is_transient,
    instances::note_dropped_month,
    migrate,
    query::sql,
    row::corrupt,
};
use crate::{
    config::Migrate,
    error::Result,
    types::{retention::Retention, time::Timestamp},
};

/// The month of now and so many after it.
const AHEAD: i32 = 2;

/// A month in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Month {
    first: Date,
}

impl Store {
    /// Makes the partitions of this month and the next two, unless they exist. Called when the store is opened and
    /// once in a while. Where the host manages the schema nothing is made, and the default partition takes all.
    pub(crate) async fn ensure_partitions(&self, now: Timestamp) -> Result<()> {
        if self.db.backend() == Backend::Sqlite || self.migrate != Migrate::Auto {
            return Ok(());
        }
        let months = (0..=AHEAD).map(|ahead| Month::of(now)?.plus(ahead)).collect::<Result<Vec<_>>>()?;
        self.make_partitions(&months).await
    }

    /// Moves rows out of the default partition into partitions of their months, which are made where they are
    /// missing; at most `months` months at a time, oldest first. Returns how many partitions were made. A clock that
    /// jumped, or months without a running gateway, is what puts rows there.
    pub(crate) async fn empty_default_partition(&self, months: u32) -> Result<usize> {
        if self.db.backend() == Backend::Sqlite || self.migrate != Migrate::Auto {
            return Ok(0);
        }
        for made in 0..usize::try_from(months).unwrap_or(usize::MAX) {
            let oldest = self.db.fetch_optional(sql("SELECT min(created_ms) FROM gw_traces_default")).await?;
            let Some(oldest) = oldest.map(|row| row.columns().int_or_null()).transpose()?.flatten() else {
                return Ok(made);
            };
            self.make_partitions(&[Month::of(Timestamp::from_millis(oldest))?]).await?;
        }
        Ok(usize::try_from(months).unwrap_or(usize::MAX))
    }

    /// Drops the partitions of months in which nobody has a trace that is to stay; how many these were. One that is in
    /// use is left for the next time: nobody waits for it.
    pub(crate) async fn drop_partitions(&self, gateway: Retention, now: Timestamp) -> Result<usize> {
        if self.db.backend() == Backend::Sqlite || self.migrate != Migrate::Auto {
            return Ok(0);
        }
        let mut dropped = 0;
        for month in self.partitions().await?.iter().filter_map(|table| Month::of_table(table)) {
            let passed_ms = now.as_millis() - month.plus(1)?.start_ms()?;
            if passed_ms < 0 {
                continue;
            }
            let mut tx = self.db.begin().await?;
            match month.remove(&mut tx, gateway, passed_ms).await {
                Ok(true) => {
                    tx.commit().await?;
                    dropped += 1;
                }
                Ok(false) => {}
                Err(error) if is_transient(&error) => tracing::debug!(%error, "a partition is in use and stays"),
                Err(error) => return Err(error),
            }
        }
        Ok(dropped)
    }

    async fn partitions(&self) -> Result<Vec<String>> {
        let existing = sql(
            "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'gw_traces'::regclass",
        );
        self.db.fetch_all(existing).await?.iter().map(|row| row.columns().text()).collect()
    }

    async fn make_partitions(&self, months: &[Month]) -> Result<()> {
        let existing = self.partitions().await?;
        for month in months.iter().filter(|month| !existing.contains(&month.table())) {
            let mut tx = self.db.begin().await?;
            migrate::lock(&mut tx).await?;
            month.make(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

impl Month {
    fn of(now: Timestamp) -> Result<Self> {
        let instant = jiff::Timestamp::from_millisecond(now.as_millis()).map_err(|_| corrupt("a time"))?;
        Ok(Self { first: instant.to_zoned(TimeZone::UTC).date().first_of_month() })
    }

    fn plus(self, months: i32) -> Result<Self> {
        Ok(Self { first: self.first.checked_add(months.months()).map_err(|_| corrupt("a time"))? })
    }

    /// The millisecond it begins with.
    fn start_ms(self) -> Result<i64> {
        Ok(self.first.to_zoned(TimeZone::UTC).map_err(|_| corrupt("a time"))?.timestamp().as_millisecond())
    }

    /// The month of a partition that this library made.
    fn of_table(table: &str) -> Option<Self> {
        let (year, month) = table.strip_prefix("gw_traces_")?.split_once('_')?;
        Some(Self { first: Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()? })
    }

    fn table(self) -> String {
        format!("gw_traces_{:04}_{:02}", self.first.year(), self.first.month())
    }

    /// Makes the partition under the lock. A partition cannot be attached while the default one has rows of its
    /// range, so these are taken out first, put into the new table, and come back with it.
    async fn make(self, tx: &mut Tx) -> Result<()> {
        let (table, from, to) = (self.table(), self.start_ms()?, self.plus(1)?.start_ms()?);
        if tx.fetch_optional(sql("SELECT 1 WHERE to_regclass($1) IS NOT NULL").bind(table.clone())).await?.is_some() {
            return Ok(());
        }
        // Whoever waits for a lock makes others wait behind it: rather try again another time.
        tx.run_script("SET LOCAL lock_timeout = '5s'").await?;
        // Blocks writers, so that no row of the range comes in between, and readers, too: one that had planned its
        // query before would look for the moved rows in the partitions of before.
        tx.run_script("LOCK TABLE gw_traces IN ACCESS EXCLUSIVE MODE").await?;
        tx.run_script(format!(
            "CREATE TABLE {table} (LIKE gw_traces INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)"
        ))
        .await?;
        // The names of columns are the same in both, their order need not be.
        let columns = super::traces::columns::with_bodies();
        tx.run_script(format!(
            "WITH moved AS (DELETE FROM gw_traces_default WHERE created_ms >= {from} AND created_ms < {to} RETURNING {columns}) \
             INSERT INTO {table} ({columns}) SELECT {columns} FROM moved"
        ))
        .await?;
        tx.run_script(format!("ALTER TABLE gw_traces ATTACH PARTITION {table} FOR VALUES FROM ({from}) TO ({to})"))
            .await
    }

    /// Drops the partition of a month that ended so long ago, unless a trace in it is to stay. Says whether it did.
    async fn remove(self, tx: &mut Tx, gateway: Retention, passed_ms: i64) -> Result<bool> {
        let table = self.table();
        migrate::lock(tx).await?;
        // Whoever waits for a lock makes others wait behind it, and this one is in no hurry.
        tx.run_script("SET LOCAL lock_timeout = '50ms'").await?;
        // No tenant's rules change meanwhile, and no late trace comes into the month.
        hold_generation(tx).await?;
        tx.run_script(format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")).await?;
        let kept = sql(format!(
            "SELECT 1 FROM gw_tenants t WHERE t.deleted_ms IS NULL \
             AND COALESCE(COALESCE(t.retention_days, $1) * 86400000 > $2, TRUE) \
             AND EXISTS (SELECT 1 FROM {table} p WHERE p.tenant_id = t.id) LIMIT 1"
        ));
        let kept = kept.bind(gateway.days.map(i64::from)).bind(passed_ms);
        if tx.fetch_optional(kept).await?.is_some() {
            return Ok(false);
        }
        note_dropped_month(tx, Timestamp::from_millis(self.plus(1)?.start_ms()?)).await?;
        tx.run_script(format!("DROP TABLE {table}")).await?;
        let since = sql("UPDATE gw_tenants SET traces_since_ms = $1 WHERE COALESCE(traces_since_ms, 0) < $1");
        tx.execute(since.bind(self.plus(1)?.start_ms()?)).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn months_are_in_utc_and_cross_the_year() {
        let last = Month::of("2026-12-31T23:59:59.999Z".parse().unwrap()).unwrap();
        assert_eq!(last.table(), "gw_traces_2026_12");
        let next = last.plus(1).unwrap();
        assert_eq!((next.table().as_str(), next.start_ms().unwrap()), ("gw_traces_2027_01", 1_798_761_600_000));
        assert_eq!(Month::of("2027-01-01T00:00:00Z".parse().unwrap()).unwrap(), next);
    }
}
