//! What traces add up to, kept beside them. Whoever writes, replaces or prices a trace anew adds a delta in the same
//! transaction ([`Deltas`]); one process at a time folds the deltas into rows ([`fold`]); whoever reads adds what is not
//! folded yet ([`read`]). So the sum over the traces is the sum over the rollups at every moment, and nobody waits for a
//! row that others write to.

mod deltas;
mod fold;
mod read;
mod rebuild;
mod rows;

pub(super) use deltas::Deltas;
pub(crate) use fold::{Fold, Folded};
pub(crate) use read::{RollupQuery, RollupRow};
pub(super) use rows::remove_some;

use super::row::{Columns as RowColumns, corrupt};
use crate::{
    error::{Error, Result},
    rollup::Columns,
    types::analytics::Metric,
};

/// The name of a distribution's column.
fn name_of(metric: Metric) -> &'static str {
    match metric {
        Metric::Latency => "latency",
        Metric::Ttfb => "ttfb",
        Metric::Ttft => "ttft",
        Metric::Overhead => "overhead",
        Metric::TokensPerSecond => "speed",
    }
}

/// The columns of all distributions, in the order of [`Metric::ALL`].
fn sketch_names(metrics: &[Metric]) -> String {
    metrics.iter().map(|metric| format!(", {}", name_of(*metric))).collect()
}

/// Reads counters and those distributions.
fn read_columns(row: &mut RowColumns<'_>, metrics: &[Metric]) -> Result<Columns> {
    let mut columns = Columns { counts: row.bytes()?, ..Columns::default() };
    for metric in metrics {
        *columns.sketches.of_mut(*metric) = row.bytes_or_null()?;
    }
    Ok(columns)
}

pub(crate) fn unreadable() -> Error {
    corrupt("a rollup")
}
