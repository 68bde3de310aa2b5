//! Adds traces up. Counts and money are integers; percentiles are exact, by nearest rank.

use crate::{
    store::ScanRow,
    types::{analytics::Measures, money::PicoUsd, trace::StatusClass},
};

/// A running sum over traces.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    requests: i64,
    errors: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost: i128,
    unpriced: i64,
    /// Latencies of the traces of class `ok`, in microseconds.
    latencies: Vec<i64>,
    ttfb: Mean,
    overhead: Mean,
}

/// A sum and how many numbers it is of.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: i128,
    count: i64,
}

impl Tally {
    pub(super) fn add(&mut self, row: &ScanRow) {
        self.requests += 1;
        self.errors += i64::from(row.status_class.is_error());
        self.input_tokens = self.input_tokens.saturating_add(row.input_tokens.unwrap_or_default());
        self.output_tokens = self.output_tokens.saturating_add(row.output_tokens.unwrap_or_default());
        match row.cost_pico_usd {
            Some(cost) => self.cost += i128::from(cost),
            None => self.unpriced += i64::from(row.input_tokens.is_some() || row.output_tokens.is_some()),
        }
        if row.status_class == StatusClass::Ok {
            self.latencies.push(row.latency_us);
            self.overhead.add(Some(row.overhead_us));
            self.ttfb.add(row.ttfb_us);
        }
    }

    pub(super) fn measures(mut self) -> Measures {
        self.latencies.sort_unstable();
        let percentile = |percent| nearest_rank(&self.latencies, percent).map(millis);
        let mut latency = Mean::default();
        for latency_us in &self.latencies {
            latency.add(Some(*latency_us));
        }
        Measures {
            total_requests: self.requests,
            errors: self.errors,
            error_rate: if self.requests == 0 { 0.0 } else { float(self.errors.into()) / float(self.requests.into()) },
            total_tokens: self.input_tokens.saturating_add(self.output_tokens),
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost_usd: PicoUsd(self.cost),
            unpriced_requests: self.unpriced,
            avg_latency_ms: latency.get().map(|micros| micros / 1e3),
            p50_latency_ms: percentile(50),
            p95_latency_ms: percentile(95),
            p99_latency_ms: percentile(99),
            avg_ttfb_ms: self.ttfb.get().map(|micros| micros / 1e3),
            avg_overhead_us: self.overhead.get(),
        }
    }
}

impl Mean {
    fn add(&mut self, number: Option<i64>) {
        if let Some(number) = number {
            self.sum += i128::from(number);
            self.count += 1;
        }
    }

    fn get(self) -> Option<f64> {
        (self.count > 0).then(|| float(self.sum) / float(self.count.into()))
    }
}

/// The smallest number that at least `percent` of the sorted ones do not exceed.
fn nearest_rank(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

fn millis(micros: i64) -> f64 {
    float(micros.into()) / 1e3
}

/// Exact up to 2⁵³: durations and counts stay far below.
#[allow(clippy::as_conversions, reason = "the standard library has no other way from an integer to the nearest float")]
fn float(number: i128) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!([50, 95, 99].map(|percent| nearest_rank(&hundred, percent)), [Some(50), Some(95), Some(99)]);
        assert_eq!([50, 95, 99].map(|percent| nearest_rank(&[7], percent)), [Some(7); 3]);
        assert_eq!(nearest_rank(&[1, 2], 50), Some(1));
        assert_eq!(nearest_rank(&[], 50), None);
    }
}
