//! Adds cells and traces up, and says what came out. Counts and money are integers.

use std::collections::BTreeMap;

use crate::{
    error::Result,
    rollup::{CellRef, Counted, Counters, PerMetric, Sketch},
    store::unreadable,
    types::{
        analytics::{Distribution, Measures, Metric},
        money::PicoUsd,
        trace::StatusClass,
    },
};

/// What is added: a cell of the rollups, or a trace.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    Cell(&'a CellRef<'a>),
    Trace(&'a Counted<'a>),
}

/// A running sum.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    counters: Counters,
    /// Those of the requests that the durations are of.
    measured: i64,
    errors: i64,
    sketches: PerMetric<Sketch>,
}

impl Part<'_> {
    fn class(&self) -> StatusClass {
        match self {
            Self::Cell(cell) => cell.key.class,
            Self::Trace(trace) => trace.class,
        }
    }

    fn counters(&self) -> Counters {
        match self {
            Self::Cell(cell) => cell.counters,
            Self::Trace(trace) => trace.counters(),
        }
    }

    fn add_sketch(&self, metric: Metric, sketch: &mut Sketch) -> Result<()> {
        match self {
            Self::Cell(cell) => cell.add_sketch(metric, sketch).ok_or_else(unreadable),
            Self::Trace(trace) => {
                trace.measured(metric).into_iter().for_each(|number| sketch.add(number));
                Ok(())
            }
        }
    }
}

impl Tally {
    /// Adds a part, of its distributions those.
    pub(super) fn add(&mut self, part: Part<'_>, metrics: &[Metric]) -> Result<()> {
        let (class, counters) = (part.class(), part.counters());
        self.counters.add(&counters);
        self.errors += if class.is_error() { counters.requests } else { 0 };
        if class == StatusClass::Ok {
            self.measured += counters.requests;
            for metric in metrics {
                part.add_sketch(*metric, self.sketches.of_mut(*metric))?;
            }
        }
        Ok(())
    }

    /// Adds what another one added.
    pub(super) fn merge(&mut self, other: &Self) {
        self.counters.add(&other.counters);
        self.measured += other.measured;
        self.errors += other.errors;
        for metric in Metric::ALL {
            self.sketches.of_mut(metric).merge(other.sketches.of(metric));
        }
    }

    /// Whether any request was counted.
    pub(super) fn is_empty(&self) -> bool {
        self.counters.requests == 0
    }

    /// What was measured, with those distributions.
    pub(super) fn measures(&self, distributions: &[Metric]) -> Measures {
        let Counters { requests, input_tokens, output_tokens, .. } = self.counters;
        let mean = |sum: i64, count: i64| (count > 0).then(|| float(sum.into()) / float(count.into()));
        let [p50, p95, p99] = self.sketches.of(Metric::Latency).percentiles([50, 95, 99]);
        let millis = |micros: u64| float(micros.into()) / 1e3;
        let distribution = |metric: &Metric| Some((*metric, distribution(*metric, self.sketches.of(*metric))?));
        Measures {
            total_requests: requests,
            errors: self.errors,
            error_rate: mean(self.errors, requests).unwrap_or_default(),
            total_tokens: input_tokens.saturating_add(output_tokens),
            input_tokens,
            output_tokens,
            cost_usd: PicoUsd(self.counters.cost_pico_usd),
            unpriced_requests: self.counters.unpriced,
            avg_latency_ms: mean(self.counters.latency_us, self.measured).map(|micros| micros / 1e3),
            p50_latency_ms: p50.map(millis),
            p95_latency_ms: p95.map(millis),
            p99_latency_ms: p99.map(millis),
            avg_ttfb_ms: mean(self.counters.ttfb_us, self.counters.ttfb_count).map(|micros| micros / 1e3),
            avg_overhead_us: mean(self.counters.overhead_us, self.measured),
            distributions: distributions.iter().filter_map(distribution).collect::<BTreeMap<_, _>>(),
        }
    }
}

fn distribution(metric: Metric, sketch: &Sketch) -> Option<Distribution> {
    let unit = match metric {
        Metric::Latency | Metric::Ttfb | Metric::Ttft | Metric::TokensPerSecond => 1e3,
        Metric::Overhead => 1.0,
    };
    let [p50, p90, p95, p99] = sketch.percentiles([50, 90, 95, 99]).map(|number| Some(float(number?.into()) / unit));
    Some(Distribution { count: sketch.total(), p50: p50?, p90: p90?, p95: p95?, p99: p99? })
}

/// Exact up to 2⁵³: durations and counts stay far below.
#[allow(clippy::as_conversions, reason = "the standard library has no other way from an integer to the nearest float")]
fn float(number: i128) -> f64 {
    number as f64
}
