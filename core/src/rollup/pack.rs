//! Packs as the columns of a row: the counters of all cells in one, and one more for each distribution, so that only
//! what is asked for is read. Cells stand in the order of their keys, and those that say nothing are left out: what adds
//! up to the same is the same to the byte.

use std::collections::BTreeMap;

use super::{
    bytes::{Reader, put, put_signed, put_text},
    cell::{Cell, Counters, Key, KeyRef, PerMetric},
};
use crate::types::{analytics::Metric, trace::StatusClass};

/// Says how the rest of `counts` reads.
const FORMAT: u64 = 1;
/// Distinct keys that a pack holds. Callers choose the names of models: whoever asks for ever new ones is counted
/// under [`OTHERS`] from here on, and cannot make rows grow for ever.
const KEYS: usize = 5_000;
/// What stands for the keys beyond that.
const OTHERS: &str = "(others)";

/// The cells of one tenant and stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pack {
    cells: BTreeMap<Key, Cell>,
}

/// A pack as it is stored. A distribution of nothing has no bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) counts: Vec<u8>,
    pub(crate) sketches: PerMetric<Option<Vec<u8>>>,
}

/// A cell of stored columns.
#[derive(Clone, Debug)]
pub(crate) struct CellRef<'a> {
    pub(crate) key: KeyRef<'a>,
    pub(crate) counters: Counters,
    sketches: PerMetric<Option<&'a [u8]>>,
}

impl Pack {
    /// The cell of a key.
    pub(crate) fn cell(&mut self, key: KeyRef<'_>) -> &mut Cell {
        let mut key = key.to_key();
        if self.cells.len() >= KEYS && !self.cells.contains_key(&key) {
            key.names = [Some(OTHERS.to_owned()), None];
        }
        self.cells.entry(key).or_default()
    }

    /// Adds what stored columns say, under the keys that `key` makes of theirs; `None` where they cannot be read.
    pub(crate) fn merge(&mut self, columns: &Columns, key: impl Fn(KeyRef<'_>) -> KeyRef<'_>) -> Option<()> {
        for cell in cells(columns) {
            let cell = cell?;
            let own = self.cell(key(cell.key));
            own.counters.add(&cell.counters);
            for metric in Metric::ALL {
                cell.add_sketch(metric, own.sketches.of_mut(metric))?;
            }
        }
        Some(())
    }

    /// The columns; `None` when there is nothing to store.
    pub(crate) fn columns(&self) -> Option<Columns> {
        let mut columns = Columns::default();
        put(&mut columns.counts, FORMAT);
        let cells = || self.cells.iter().filter(|(_, cell)| !cell.is_nothing());
        for (key, cell) in cells() {
            let [first, second] = &key.names;
            put_text(&mut columns.counts, first.as_deref());
            put_text(&mut columns.counts, second.as_deref());
            put_signed(&mut columns.counts, key.class.number());
            put_counters(&mut columns.counts, &cell.counters);
        }
        for metric in Metric::ALL {
            if cells().any(|(_, cell)| !cell.sketches.of(metric).is_empty()) {
                let mut bytes = Vec::new();
                cells().for_each(|(_, cell)| cell.sketches.of(metric).encode(&mut bytes));
                *columns.sketches.of_mut(metric) = Some(bytes);
            }
        }
        cells().next().map(|_| columns)
    }
}

/// The cells of stored columns, in the order of their keys; `None` where the bytes cannot be read. Distributions whose
/// column is missing are empty.
pub(crate) fn cells(columns: &Columns) -> impl Iterator<Item = Option<CellRef<'_>>> {
    let mut counts = Reader(&columns.counts);
    let mut sketches = PerMetric::<Option<Reader<'_>>>::default();
    for metric in Metric::ALL {
        *sketches.of_mut(metric) = columns.sketches.of(metric).as_deref().map(Reader);
    }
    let mut readable = columns.counts.is_empty() || counts.number() == Some(FORMAT);
    std::iter::from_fn(move || {
        if !readable {
            return None;
        }
        if counts.is_empty() {
            return None;
        }
        let cell = read_cell(&mut counts, &mut sketches);
        readable = cell.is_some();
        Some(cell)
    })
}

fn read_cell<'a>(counts: &mut Reader<'a>, sketches: &mut PerMetric<Option<Reader<'a>>>) -> Option<CellRef<'a>> {
    let names = [counts.text()?, counts.text()?];
    let class = StatusClass::from_number(counts.signed()?)?;
    let counters = read_counters(counts)?;
    let mut cell = CellRef { key: KeyRef { names, class }, counters, sketches: PerMetric::default() };
    for metric in Metric::ALL {
        if let Some(reader) = sketches.of_mut(metric) {
            *cell.sketches.of_mut(metric) = Some(reader.piece()?);
        }
    }
    Some(cell)
}

impl CellRef<'_> {
    /// Adds the cell's distribution to that one; `None` where it cannot be read.
    pub(crate) fn add_sketch(&self, metric: Metric, sketch: &mut super::Sketch) -> Option<()> {
        self.sketches.of(metric).map_or(Some(()), |pairs| sketch.merge_encoded(pairs))
    }
}

/// The digits of a cost are written in two halves, the lower one of so many bits.
const LOW_BITS: u32 = 63;

fn put_counters(bytes: &mut Vec<u8>, counters: &Counters) {
    let Counters { requests, unpriced, input_tokens, output_tokens, cost_pico_usd, .. } = *counters;
    for number in [requests, unpriced, input_tokens, output_tokens] {
        put_signed(bytes, number);
    }
    put_signed(bytes, i64::try_from(cost_pico_usd >> LOW_BITS).unwrap_or(i64::MAX));
    put(bytes, u64::try_from(cost_pico_usd & i128::from(i64::MAX)).unwrap_or_default());
    let Counters { latency_us, ttfb_us, ttfb_count, overhead_us, .. } = *counters;
    for number in [latency_us, ttfb_us, ttfb_count, overhead_us] {
        put_signed(bytes, number);
    }
}

fn read_counters(reader: &mut Reader<'_>) -> Option<Counters> {
    Some(Counters {
        requests: reader.signed()?,
        unpriced: reader.signed()?,
        input_tokens: reader.signed()?,
        output_tokens: reader.signed()?,
        cost_pico_usd: (i128::from(reader.signed()?) << LOW_BITS) | i128::from(reader.number()?),
        latency_us: reader.signed()?,
        ttfb_us: reader.signed()?,
        ttfb_count: reader.signed()?,
        overhead_us: reader.signed()?,
    })
}

#[cfg(test)]
mod tests;
