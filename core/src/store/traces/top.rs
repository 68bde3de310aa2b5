//! The traces that stand out among the newest of a stretch of time: all that is in the budget is looked at, and sorted by
//! the database.

use super::{
    columns::{LIST, read_trace},
    cursor::Position,
    filter::{Conditions, Terms},
};
use crate::{
    error::Result,
    store::{
        Store,
        scan::{Coverage, TraceScan},
    },
    types::{analytics::TopOrder, trace::Trace},
};

impl Store {
    /// The first `limit` traces in that order.
    pub(crate) async fn top_traces(
        &self,
        scan: TraceScan<'_>,
        order: TopOrder,
        limit: u32,
    ) -> Result<(Vec<Trace>, Coverage)> {
        let (terms, mut traces) = (Terms::of(scan.filter, scan.tenant), Vec::new());
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        if terms.match_nothing() {
            return Ok((traces, Coverage::Complete));
        }
        let beyond = self.beyond_budget(&scan).await?;
        let (column, has_one) = match order {
            TopOrder::Slowest => ("latency_us", ""),
            TopOrder::MostExpensive => ("cost_pico_usd", "AND cost_pico_usd IS NOT NULL "),
        };
        // What the database finds in the metadata is looked at again, and may be less than was asked for.
        let (mut offset, step) = (0, limit);
        while traces.len() < wanted {
            let mut conditions = Conditions::new(self.db.backend(), scan.tenant, &terms);
            conditions.older_than(Position::start_of(scan.to));
            match beyond {
                Some(beyond) => conditions.newer_than(beyond),
                None => conditions.not_older_than(Position::start_of(scan.from)),
            }
            conditions.scan(&terms)?;
            let rest =
                format!("{has_one}ORDER BY {column} DESC, created_ms DESC, id DESC LIMIT {step} OFFSET {offset}");
            let rows = self.db.fetch_all(conditions.query(LIST, &rest)).await?;
            for row in &rows {
                let (trace, _) = read_trace(&mut row.columns())?;
                if traces.len() < wanted && terms.metadata_matches(&trace.metadata) {
                    traces.push(trace);
                }
            }
            if rows.len() < usize::try_from(step).unwrap_or(usize::MAX) {
                break;
            }
            offset += step;
        }
        let coverage = if beyond.is_some() { Coverage::Cut } else { Coverage::Complete };
        Ok((traces, coverage))
    }
}
