//! Pages of traces, newest first, by keyset: whatever is written meanwhile, every trace that was there at the first
//! page comes exactly once. A page never holds content.
//!
//! Filters without an index walk the list within a budget of rows; when it is spent the page is short and has a
//! cursor.

use super::{
    columns::{LIST, read_trace},
    cursor::Position,
    filter::{Conditions, Terms},
};
use crate::{
    error::Result,
    store::Store,
    types::{
        ids::TenantId,
        time::Timestamp,
        trace::{Trace, TraceFilter},
    },
};

/// How many rows are walked, in growing steps: a filter that many rows match ends in the first one. All of them take
/// some twenty milliseconds; a rarer value ends in a short page, with its cursor.
const STEPS: [u32; 2] = [1_000, 9_000];
const NEWEST_FIRST: &str = "ORDER BY created_ms DESC, id DESC";

/// Which page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageRequest<'a> {
    /// All tenants when omitted.
    pub(crate) tenant: Option<&'a TenantId>,
    pub(crate) filter: &'a TraceFilter,
    /// Inclusive.
    pub(crate) since: Option<Timestamp>,
    /// Exclusive.
    pub(crate) until: Option<Timestamp>,
    /// Only what is older than this place.
    pub(crate) before: Option<Position>,
    pub(crate) limit: u32,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) traces: Vec<Trace>,
    /// Where the next page begins; `None` on the last.
    pub(crate) next: Option<Position>,
}

/// A stretch of the list: older than `before`, and not older than `down_to`.
#[derive(Clone, Copy)]
struct Stretch {
    before: Option<Position>,
    down_to: Option<Position>,
}

impl Store {
    /// A page of traces, newest first.
    pub(crate) async fn list_traces(&self, request: PageRequest<'_>) -> Result<Page> {
        let terms = Terms::of(request.filter, request.tenant);
        let mut page = Page { traces: Vec::new(), next: None };
        if terms.match_nothing() {
            return Ok(page);
        }
        let mut before = request.before;
        if !terms.scans() {
            self.collect(&request, &terms, Stretch { before, down_to: None }, &mut page).await?;
            return Ok(page);
        }
        for step in STEPS {
            let down_to = self.step(&request, &terms, before, step).await?;
            let full = self.collect(&request, &terms, Stretch { before, down_to }, &mut page).await?;
            if full || down_to.is_none() {
                return Ok(page);
            }
            before = down_to;
        }
        page.next = before;
        Ok(page)
    }

    /// The place `rows` further down the list; `None` when fewer are left.
    async fn step(
        &self,
        request: &PageRequest<'_>,
        terms: &Terms<'_>,
        before: Option<Position>,
        rows: u32,
    ) -> Result<Option<Position>> {
        let query = self.conditions(request, terms, Stretch { before, down_to: None });
        let query = query.query("created_ms, id", &format!("{NEWEST_FIRST} LIMIT 1 OFFSET {}", rows.saturating_sub(1)));
        let row = self.db.fetch_optional(query).await?;
        row.map(|row| {
            let mut columns = row.columns();
            Ok(Position { created_ms: columns.int()?, id: columns.uuid()?.into() })
        })
        .transpose()
    }

    /// Adds the matching traces of a stretch to the page. True when the page is full and there are more; then `next`
    /// is set.
    async fn collect(
        &self,
        request: &PageRequest<'_>,
        terms: &Terms<'_>,
        mut stretch: Stretch,
        page: &mut Page,
    ) -> Result<bool> {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        loop {
            // One more than fits says whether there is a next page.
            let wanted = limit.saturating_sub(page.traces.len()) + 1;
            let mut conditions = self.conditions(request, terms, stretch);
            conditions.scan(terms)?;
            let rows = self.db.fetch_all(conditions.query(LIST, &format!("{NEWEST_FIRST} LIMIT {wanted}"))).await?;
            for row in &rows {
                let (trace, _) = read_trace(&mut row.columns())?;
                stretch.before = Some(Position { created_ms: trace.created_at.as_millis(), id: trace.id });
                if !terms.metadata_matches(&trace.metadata) {
                    continue;
                }
                if page.traces.len() == limit {
                    page.next = page
                        .traces
                        .last()
                        .map(|last| Position { created_ms: last.created_at.as_millis(), id: last.id });
                    return Ok(true);
                }
                page.traces.push(trace);
            }
            if rows.len() < wanted {
                return Ok(false);
            }
        }
    }

    fn conditions<'q>(&self, request: &PageRequest<'q>, terms: &Terms<'q>, stretch: Stretch) -> Conditions<'q> {
        let mut conditions = Conditions::new(self.db.backend(), request.tenant, terms);
        let until = request.until.map(Position::start_of);
        if let Some(before) = stretch.before.into_iter().chain(until).min() {
            conditions.older_than(before);
        }
        let since = request.since.map(Position::start_of);
        if let Some(down_to) = stretch.down_to.into_iter().chain(since).max() {
            conditions.not_older_than(down_to);
        }
        conditions
    }
}
