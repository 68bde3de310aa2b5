//! The books: how many requests each opening of a gateway has accepted, which of them have no trace and why, and how
//! many traces were removed later. Knows what is written down; what follows from it is decided above.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Store,
    db::Tx,
    query::{Value, sql},
    row::{Columns, Row, corrupt},
};
use crate::{
    error::Result,
    types::{stats::DropReason, time::Timestamp, verify::InstanceState},
};

/// Gaps that are written by one statement.
const GAPS: usize = 100;
/// Places that are read at a time.
const PLACES: u32 = 10_000;

/// How far an opening of a gateway has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) instance: u64,
    pub(crate) opened_ms: i64,
    pub(crate) state: InstanceState,
    pub(crate) has_spool: bool,
    /// The last number.
    pub(crate) accepted: u64,
    /// All numbers up to this one are in the store or among the gaps.
    pub(crate) settled: u64,
    /// Those that were not written down before.
    pub(crate) gaps: Vec<GapRange>,
}

/// Numbers without a trace, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GapRange {
    pub(crate) gap: Gap,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

/// Why there is no trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Gap {
    /// The store refused it, and keeps it elsewhere.
    DeadLettered,
    Dropped(DropReason),
}

/// An account as the store has it, and what became of its traces later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) account: Account,
    pub(crate) expired: u64,
    pub(crate) erased: u64,
    /// A month that ended then, or an earlier one, was dropped as a whole; 0 when none was.
    pub(crate) expired_to_ms: i64,
}

/// Which request of which opening a trace belongs to, and how many traces say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) instance: u64,
    pub(crate) number: u64,
    pub(crate) traces: u64,
}

/// Why a trace is removed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Why {
    /// It is too old, or one too many.
    Expired,
    /// Its tenant is.
    Erased,
}

impl Gap {
    const ALL: [Self; 7] = [
        Self::DeadLettered,
        Self::Dropped(DropReason::QueueFull),
        Self::Dropped(DropReason::Rejected),
        Self::Dropped(DropReason::Closed),
        Self::Dropped(DropReason::Damaged),
        Self::Dropped(DropReason::TenantGone),
        Self::Dropped(DropReason::Unrecorded),
    ];

    /// The stored number.
    const fn number(self) -> i64 {
        match self {
            Self::DeadLettered => 0,
            Self::Dropped(DropReason::QueueFull) => 1,
            Self::Dropped(DropReason::Rejected) => 2,
            Self::Dropped(DropReason::Closed) => 3,
            Self::Dropped(DropReason::Damaged) => 4,
            Self::Dropped(DropReason::TenantGone) => 5,
            Self::Dropped(DropReason::Unrecorded) => 6,
        }
    }
}

const STATES: [InstanceState; 3] = [InstanceState::Open, InstanceState::Closed, InstanceState::Killed];

impl Store {
    /// Writes down how far an opening has come. Nothing goes back: writing an older account again changes nothing.
    pub(crate) async fn save_account(&self, account: &Account) -> Result<()> {
        let later = |column| {
            format!(
                "{column} = CASE WHEN excluded.{column} > gw_instances.{column} THEN excluded.{column} ELSE gw_instances.{column} END"
            )
        };
        let text = format!(
            "INSERT INTO gw_instances (id, opened_ms, state, has_spool, accepted, settled) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (id) DO UPDATE SET opened_ms = excluded.opened_ms, has_spool = excluded.has_spool, {}, {}, {}",
            later("state"),
            later("accepted"),
            later("settled")
        );
        let mut tx = self.db.begin().await?;
        let state = STATES.iter().position(|state| *state == account.state).unwrap_or_default();
        let save = sql(text).bind(stored(account.instance)).bind(account.opened_ms).bind(stored(state));
        let save = save.bind(account.has_spool).bind(stored(account.accepted)).bind(stored(account.settled));
        tx.execute(save).await?;
        for gaps in account.gaps.chunks(GAPS) {
            save_gaps(&mut tx, account.instance, gaps).await?;
        }
        tx.commit().await
    }

    /// All accounts with all their gaps, the oldest opening first.
    pub(crate) async fn standings(&self) -> Result<Vec<Standing>> {
        self.standings_of((i64::MIN, i64::MAX)).await
    }

    /// The account of one instance with its gaps.
    pub(crate) async fn standing(&self, instance: u64) -> Result<Option<Standing>> {
        let instance = stored(instance);
        Ok(self.standings_of((instance, instance)).await?.into_iter().next())
    }

    async fn standings_of(&self, (first, last): (i64, i64)) -> Result<Vec<Standing>> {
        let query = sql("SELECT id, opened_ms, state, has_spool, accepted, settled, expired, erased, expired_to_ms \
             FROM gw_instances WHERE id BETWEEN $1 AND $2 ORDER BY opened_ms, id");
        let rows = self.db.fetch_all(query.bind(first).bind(last)).await?;
        let mut standings = rows.iter().map(|row| read_standing(&mut row.columns())).collect::<Result<Vec<_>>>()?;
        let query = sql("SELECT instance, first_number, last_number, reason FROM gw_gaps \
             WHERE instance BETWEEN $1 AND $2 ORDER BY instance, first_number");
        let mut gaps: BTreeMap<u64, Vec<GapRange>> = BTreeMap::new();
        for row in self.db.fetch_all(query.bind(first).bind(last)).await? {
            let mut columns = row.columns();
            gaps.entry(read_number(&mut columns)?).or_default().push(read_gap(&mut columns)?);
        }
        for Standing { account, .. } in &mut standings {
            account.gaps = gaps.remove(&account.instance).unwrap_or_default();
        }
        Ok(standings)
    }

    /// Calls `on_place` for every place that traces have, in order: those of one instance after a number, or all.
    pub(crate) async fn scan_places(
        &self,
        only: Option<(u64, u64)>,
        mut on_place: impl FnMut(Place) + Send,
    ) -> Result<()> {
        let (mut after, last) = match only {
            Some((instance, number)) => ((stored(instance), stored(number)), stored(instance)),
            None => ((i64::MIN, i64::MIN), i64::MAX),
        };
        loop {
            let query = sql("SELECT instance, number, count(*) FROM gw_traces \
                 WHERE (instance, number) > ($1, $2) AND instance <= $3 GROUP BY instance, number ORDER BY instance, number LIMIT $4");
            let query = query.bind(after.0).bind(after.1).bind(last).bind(i64::from(PLACES));
            let rows = self.db.fetch_all(query).await?;
            for row in &rows {
                let mut columns = row.columns();
                let (instance, number) = (read_number(&mut columns)?, read_number(&mut columns)?);
                after = (stored(instance), stored(number));
                on_place(Place { instance, number, traces: read_number(&mut columns)? });
            }
            if rows.len() < usize::try_from(PLACES).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    /// The first number of an instance whose trace began at that time or later; `None` when there is none.
    pub(crate) async fn first_number_since(&self, instance: u64, since_ms: i64) -> Result<Option<u64>> {
        let query = sql("SELECT min(number) FROM gw_traces WHERE instance = $1 AND created_ms >= $2");
        let row = self.db.fetch_optional(query.bind(stored(instance)).bind(since_ms)).await?;
        let number = row.map(|row| row.columns().int_or_null()).transpose()?.flatten();
        number.map(|number| u64::try_from(number).map_err(|_| corrupt("a negative number"))).transpose()
    }

    /// Traces that have no place.
    pub(crate) async fn unplaced(&self) -> Result<u64> {
        let row = self.db.fetch_optional(sql("SELECT count(*) FROM gw_traces WHERE instance IS NULL")).await?;
        row.map_or(Ok(0), |row| read_number(&mut row.columns()))
    }

    /// Forgets openings that have ended and of which no trace is left, and none is missing.
    pub(crate) async fn forget_settled_accounts(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let forget = sql("DELETE FROM gw_instances WHERE state <> 0 \
             AND (expired_to_ms > 0 OR accepted <= expired + erased \
                  + COALESCE((SELECT sum(last_number - first_number + 1) FROM gw_gaps WHERE instance = gw_instances.id), 0)) \
             AND NOT EXISTS (SELECT 1 FROM gw_traces WHERE gw_traces.instance = gw_instances.id)");
        if tx.execute(forget).await? > 0 {
            tx.execute(sql("DELETE FROM gw_gaps WHERE instance NOT IN (SELECT id FROM gw_instances)")).await?;
        }
        tx.commit().await
    }
}

/// Notes traces that are removed in this transaction; each row is the `instance` of one.
pub(super) async fn note_removed(tx: &mut Tx, why: Why, rows: &[Row]) -> Result<()> {
    let mut removed: BTreeMap<i64, i64> = BTreeMap::new();
    for row in rows {
        if let Some(instance) = row.columns().int_or_null()? {
            *removed.entry(instance).or_default() += 1;
        }
    }
    let column = match why {
        Why::Expired => "expired",
        Why::Erased => "erased",
    };
    // In the order of their numbers: two that remove wait for each other instead of deadlocking.
    for (instance, traces) in removed {
        let text = format!(
            "INSERT INTO gw_instances (id, opened_ms, state, has_spool, accepted, settled, {column}) VALUES ($1, 0, 0, 0, 0, 0, $2) \
             ON CONFLICT (id) DO UPDATE SET {column} = gw_instances.{column} + excluded.{column}"
        );
        tx.execute(sql(text).bind(instance).bind(traces)).await?;
    }
    Ok(())
}

/// Notes that a month which ends then is dropped in this transaction.
pub(super) async fn note_dropped_month(tx: &mut Tx, end: Timestamp) -> Result<()> {
    let note = sql("UPDATE gw_instances SET expired_to_ms = $1 WHERE opened_ms < $1 AND expired_to_ms < $1");
    tx.execute(note.bind(end.as_millis())).await.map(drop)
}

async fn save_gaps(tx: &mut Tx, instance: u64, gaps: &[GapRange]) -> Result<()> {
    let mut values = Vec::with_capacity(gaps.len() * 4);
    for GapRange { gap, first, last } in gaps {
        values.extend([stored(instance), stored(*first), gap.number(), stored(*last)].map(Value::from));
    }
    let places = (0..gaps.len()).map(|row| {
        let [a, b, c, d] = [1, 2, 3, 4].map(|place| 4 * row + place);
        format!("(${a}, ${b}, ${c}, ${d})")
    });
    let text = format!(
        "INSERT INTO gw_gaps (instance, first_number, reason, last_number) VALUES {} \
         ON CONFLICT (instance, first_number, reason) DO UPDATE SET last_number = excluded.last_number \
         WHERE excluded.last_number > gw_gaps.last_number",
        places.collect::<Vec<_>>().join(", ")
    );
    tx.execute(sql(text).bind_all(values)).await.map(drop)
}

fn read_standing(columns: &mut Columns<'_>) -> Result<Standing> {
    let instance = read_number(columns)?;
    let opened_ms = columns.int()?;
    let state = usize::try_from(columns.int()?).ok().and_then(|state| STATES.get(state));
    let account = Account {
        instance,
        opened_ms,
        state: *state.ok_or_else(|| corrupt("the state of an instance"))?,
        has_spool: columns.flag()?,
        accepted: read_number(columns)?,
        settled: read_number(columns)?,
        gaps: Vec::new(),
    };
    let (expired, erased) = (read_number(columns)?, read_number(columns)?);
    Ok(Standing { account, expired, erased, expired_to_ms: columns.int()? })
}

fn read_gap(columns: &mut Columns<'_>) -> Result<GapRange> {
    let (first, last, number) = (read_number(columns)?, read_number(columns)?, columns.int()?);
    let gap = Gap::ALL.into_iter().find(|gap| gap.number() == number);
    Ok(GapRange { gap: gap.ok_or_else(|| corrupt("why a trace is absent"))?, first, last })
}

fn read_number(columns: &mut Columns<'_>) -> Result<u64> {
    u64::try_from(columns.int()?).map_err(|_| corrupt("a negative number"))
}

fn stored(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
