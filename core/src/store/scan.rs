//! Reads what analytics needs of every trace in a stretch of time, without holding more than a few thousand rows or a
//! long transaction. A budget says how far a scan goes: the newest so many traces, and no further.

use std::collections::BTreeMap;

use super::{
    Store,
    db::{Db, Tx},
    names::of_json,
    query::Query,
    row::{Columns, Row, corrupt},
    traces::{
        columns::error_code,
        cursor::Position,
        filter::{Conditions, Terms},
    },
};
use crate::{
    error::{ErrorCode, Result},
    rollup::Counted,
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
    /// All tenants when omitted.
    pub(crate) tenant: Option<&'a TenantId>,
    pub(crate) filter: &'a TraceFilter,
    /// Inclusive.
    pub(crate) from: Timestamp,
    /// Exclusive.
    pub(crate) to: Timestamp,
    /// How many traces are looked at, the newest first; all when omitted.
    pub(crate) budget: Option<u32>,
}

/// Whether a scan saw all there is, or its budget was spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    Complete,
    Cut,
}

/// Where rows come from.
pub(super) enum Rows<'t> {
    Db(&'t Db),
    Tx(&'t mut Tx),
}

impl Rows<'_> {
    async fn fetch_all(&mut self, query: Query<'_>) -> Result<Vec<Row>> {
        match self {
            Self::Db(db) => db.fetch_all(query).await,
            Self::Tx(tx) => tx.fetch_all(query).await,
        }
    }
}

/// What analytics sees of one trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScanRow {
    pub(crate) created_at: Timestamp,
    pub(crate) status_class: StatusClass,
    pub(crate) error_code: Option<ErrorCode>,
    latency_us: i64,
    ttfb_us: Option<i64>,
    ttft_us: Option<i64>,
    overhead_us: i64,
    /// `None` when no leaf of it is known, as in [`crate::types::usage::Usage`].
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    /// `None` when it has no price.
    cost_pico_usd: Option<i64>,
    pub(crate) provider: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) api_key_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) session_id: Option<String>,
    /// As it is stored; read only where it is asked for.
    pub(crate) metadata: Option<String>,
}

impl ScanRow {
    /// What is read but for the metadata. The keyset comes first.
    pub(super) const COLUMNS: &str = "created_ms, id, status_class, error_code, latency_us, ttfb_us, ttft_us, overhead_us, \
        CASE WHEN COALESCE(input_uncached, cache_read, cache_write_5m, cache_write_1h, audio_in, image_in) IS NULL THEN NULL ELSE \
        COALESCE(input_uncached, 0) + COALESCE(cache_read, 0) + COALESCE(cache_write_5m, 0) + COALESCE(cache_write_1h, 0) + COALESCE(audio_in, 0) + \
        COALESCE(image_in, 0) END, \
        CASE WHEN COALESCE(output_text, reasoning, audio_out, image_out) IS NULL THEN NULL ELSE \
        COALESCE(output_text, 0) + COALESCE(reasoning, 0) + COALESCE(audio_out, 0) + COALESCE(image_out, 0) END, \
        cost_pico_usd, provider, model, api_key_id, user_id, session_id";

    /// What rollups count of it.
    pub(crate) fn counted(&self) -> Counted<'_> {
        Counted {
            created_ms: self.created_at.as_millis(),
            provider: self.provider.as_deref(),
            model: self.model.as_deref(),
            api_key_id: self.api_key_id.as_deref(),
            class: self.status_class,
            latency_us: self.latency_us,
            ttfb_us: self.ttfb_us,
            ttft_us: self.ttft_us,
            overhead_us: self.overhead_us,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost_pico_usd: self.cost_pico_usd,
        }
    }

    /// What its metadata says under that key.
    pub(crate) fn metadata_value(&self, key: &str) -> Result<Option<String>> {
        let Some(text) = &self.metadata else { return Ok(None) };
        let mut metadata: BTreeMap<String, String> = of_json(text, "metadata")?;
        Ok(metadata.remove(key))
    }

    /// Reads [`ScanRow::COLUMNS`].
    pub(super) fn read(columns: &mut Columns<'_>) -> Result<Self> {
        read_row(columns).map(|(_, row)| row)
    }
}

impl Store {
    /// Calls `on_row` for every trace that matches, oldest first.
    pub(crate) async fn scan_traces(
        &self,
        scan: TraceScan<'_>,
        on_row: impl FnMut(ScanRow) -> Result<()> + Send,
    ) -> Result<Coverage> {
        let beyond = self.beyond_budget(&scan).await?;
        scan_from(&mut Rows::Db(&self.db), scan, beyond, on_row).await?;
        Ok(if beyond.is_some() { Coverage::Cut } else { Coverage::Complete })
    }

    /// The first trace that is too far down the list to be looked at.
    pub(super) async fn beyond_budget(&self, scan: &TraceScan<'_>) -> Result<Option<Position>> {
        let (terms, Some(budget)) = (Terms::of(scan.filter, scan.tenant), scan.budget) else { return Ok(None) };
        if terms.match_nothing() {
            return Ok(None);
        }
        let mut conditions = Conditions::new(self.db.backend(), scan.tenant, &terms);
        conditions.older_than(Position::start_of(scan.to));
        conditions.not_older_than(Position::start_of(scan.from));
        let rest = format!("ORDER BY created_ms DESC, id DESC LIMIT 1 OFFSET {budget}");
        let row = self.db.fetch_optional(conditions.query("created_ms, id", &rest)).await?;
        row.map(|row| read_position(&mut row.columns())).transpose()
    }
}

/// Calls `on_row` for every trace that matches and is newer than `beyond`, oldest first.
pub(super) async fn scan_from(
    from: &mut Rows<'_>,
    scan: TraceScan<'_>,
    beyond: Option<Position>,
    mut on_row: impl FnMut(ScanRow) -> Result<()> + Send,
) -> Result<()> {
    let backend = match from {
        Rows::Db(db) => db.backend(),
        Rows::Tx(tx) => tx.backend(),
    };
    let terms = Terms::of(scan.filter, scan.tenant);
    if terms.match_nothing() {
        return Ok(());
    }
    let select = format!("{}, metadata", ScanRow::COLUMNS);
    let mut after = beyond;
    loop {
        let mut conditions = Conditions::new(backend, scan.tenant, &terms);
        conditions.older_than(Position::start_of(scan.to));
        match after {
            Some(after) => conditions.newer_than(after),
            None => conditions.not_older_than(Position::start_of(scan.from)),
        }
        conditions.scan(&terms)?;
        let query = conditions.query(&select, &format!("ORDER BY created_ms, id LIMIT {ROWS_PER_QUERY}"));
        let rows = from.fetch_all(query).await?;
        for row in &rows {
            let mut columns = row.columns();
            let (position, mut read) = read_row(&mut columns)?;
            after = Some(position);
            read.metadata = columns.text_or_null()?;
            if terms.stored_metadata_matches(read.metadata.as_deref())? {
                on_row(read)?;
            }
        }
        if rows.len() < ROWS_PER_QUERY {
            return Ok(());
        }
    }
}

fn read_position(columns: &mut Columns<'_>) -> Result<Position> {
    Ok(Position { created_ms: columns.int()?, id: columns.uuid()?.into() })
}

fn read_row(columns: &mut Columns<'_>) -> Result<(Position, ScanRow)> {
    let position = read_position(columns)?;
    let row = ScanRow {
        created_at: Timestamp::from_millis(position.created_ms),
        status_class: StatusClass::from_number(columns.int()?).ok_or_else(|| corrupt("a status class"))?,
        error_code: columns.int_or_null()?.map(error_code),
        latency_us: columns.int()?,
        ttfb_us: columns.int_or_null()?,
        ttft_us: columns.int_or_null()?,
        overhead_us: columns.int()?,
        input_tokens: columns.int_or_null()?,
        output_tokens: columns.int_or_null()?,
        cost_pico_usd: columns.int_or_null()?,
        provider: columns.text_or_null()?,
        model: columns.text_or_null()?,
        api_key_id: columns.text_or_null()?,
        user_id: columns.text_or_null()?,
        session_id: columns.text_or_null()?,
        metadata: None,
    };
    Ok((position, row))
}
