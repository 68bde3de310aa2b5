//! Reads what analytics needs of every trace in a stretch of time, oldest first, without holding more than a few
//! thousand rows or a long transaction.

use super::{
    Store,
    row::{Columns, corrupt},
    traces::{
        cursor::Position,
        filter::{Conditions, Terms},
    },
};
use crate::{
    error::Result,
    types::{
        ids::TenantId,
        time::Timestamp,
        trace::{StatusClass, TraceFilter},
    },
};

const ROWS_PER_QUERY: usize = 4_000;

/// Which traces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TraceScan<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) filter: &'a TraceFilter,
    /// Inclusive.
    pub(crate) from: Timestamp,
    /// Exclusive.
    pub(crate) to: Timestamp,
}

/// What analytics sees of one trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScanRow {
    pub(crate) created_at: Timestamp,
    pub(crate) status_class: StatusClass,
    pub(crate) latency_us: i64,
    pub(crate) ttfb_us: Option<i64>,
    pub(crate) overhead_us: i64,
    /// `None` when no leaf of it is known, as in [`crate::types::usage::Usage`].
    pub(crate) input_tokens: Option<i64>,
    pub(crate) output_tokens: Option<i64>,
    /// `None` when it has no price.
    pub(crate) cost_pico_usd: Option<i64>,
    pub(crate) provider: Option<String>,
    pub(crate) model: Option<String>,
}

/// The metadata is read last, and only where it is asked for.
const COLUMNS: &str = "created_ms, id, status_class, latency_us, ttfb_us, overhead_us, \
    CASE WHEN COALESCE(input_uncached, cache_read, cache_write_5m, cache_write_1h, audio_in, image_in) IS NULL THEN NULL ELSE \
    COALESCE(input_uncached, 0) + COALESCE(cache_read, 0) + COALESCE(cache_write_5m, 0) + COALESCE(cache_write_1h, 0) + COALESCE(audio_in, 0) + \
    COALESCE(image_in, 0) END, \
    CASE WHEN COALESCE(output_text, reasoning, audio_out, image_out) IS NULL THEN NULL ELSE \
    COALESCE(output_text, 0) + COALESCE(reasoning, 0) + COALESCE(audio_out, 0) + COALESCE(image_out, 0) END, \
    cost_pico_usd, provider, model";

impl Store {
    /// Calls `on_row` for every trace that matches, oldest first.
    pub(crate) async fn scan_traces(&self, scan: TraceScan<'_>, mut on_row: impl FnMut(ScanRow) + Send) -> Result<()> {
        let terms = Terms::of(scan.filter);
        if terms.match_nothing() {
            return Ok(());
        }
        let wants_metadata = !scan.filter.metadata.is_empty();
        let select = if wants_metadata { format!("{COLUMNS}, metadata") } else { COLUMNS.to_owned() };
        let mut after: Option<Position> = None;
        loop {
            let mut conditions = Conditions::new(self.db.backend(), scan.tenant, &terms);
            conditions.older_than(Position::start_of(scan.to));
            match after {
                Some(after) => conditions.newer_than(after),
                None => conditions.not_older_than(Position::start_of(scan.from)),
            }
            conditions.scan(&terms)?;
            let query = conditions.query(&select, &format!("ORDER BY created_ms, id LIMIT {ROWS_PER_QUERY}"));
            let rows = self.db.fetch_all(query).await?;
            for row in &rows {
                let mut columns = row.columns();
                let (position, read) = read_row(&mut columns)?;
                after = Some(position);
                if !wants_metadata || terms.stored_metadata_matches(columns.text_or_null()?.as_deref())? {
                    on_row(read);
                }
            }
            if rows.len() < ROWS_PER_QUERY {
                return Ok(());
            }
        }
    }
}

fn read_row(columns: &mut Columns<'_>) -> Result<(Position, ScanRow)> {
    let created_ms = columns.int()?;
    let id = columns.uuid()?.into();
    let row = ScanRow {
        created_at: Timestamp::from_millis(created_ms),
        status_class: StatusClass::from_number(columns.int()?).ok_or_else(|| corrupt("a status class"))?,
        latency_us: columns.int()?,
        ttfb_us: columns.int_or_null()?,
        overhead_us: columns.int()?,
        input_tokens: columns.int_or_null()?,
        output_tokens: columns.int_or_null()?,
        cost_pico_usd: columns.int_or_null()?,
        provider: columns.text_or_null()?,
        model: columns.text_or_null()?,
    };
    Ok((Position { created_ms, id }, row))
}
