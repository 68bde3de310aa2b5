//! One cell: what the traces of one provider, model (or API key) and status class add up to.

use super::sketch::Sketch;
use crate::types::{analytics::Metric, trace::StatusClass};

/// What a cell is of. What the names are depends on the [`super::Kind`]: provider and model, an API key, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) names: [Option<String>; 2],
    pub(crate) class: StatusClass,
}

/// A [`Key`] that is borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyRef<'a> {
    pub(crate) names: [Option<&'a str>; 2],
    pub(crate) class: StatusClass,
}

impl KeyRef<'_> {
    pub(crate) fn to_key(self) -> Key {
        Key { names: self.names.map(|name| name.map(str::to_owned)), class: self.class }
    }
}

/// What is added up. All of it may be negative in what takes something back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) requests: i64,
    /// Requests that used tokens and have no cost.
    pub(crate) unpriced: i64,
    pub(crate) input_tokens: i64,
    pub(crate) output_tokens: i64,
    pub(crate) cost_pico_usd: i128,
    /// The durations are those of class `ok` alone.
    pub(crate) latency_us: i64,
    pub(crate) ttfb_us: i64,
    /// Requests that have a `ttfb_us`.
    pub(crate) ttfb_count: i64,
    pub(crate) overhead_us: i64,
}

impl Counters {
    pub(crate) fn add(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.unpriced = self.unpriced.saturating_add(other.unpriced);
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cost_pico_usd = self.cost_pico_usd.saturating_add(other.cost_pico_usd);
        self.latency_us = self.latency_us.saturating_add(other.latency_us);
        self.ttfb_us = self.ttfb_us.saturating_add(other.ttfb_us);
        self.ttfb_count = self.ttfb_count.saturating_add(other.ttfb_count);
        self.overhead_us = self.overhead_us.saturating_add(other.overhead_us);
    }

    /// What takes these back.
    pub(crate) fn negated(self) -> Self {
        Self {
            requests: self.requests.saturating_neg(),
            unpriced: self.unpriced.saturating_neg(),
            input_tokens: self.input_tokens.saturating_neg(),
            output_tokens: self.output_tokens.saturating_neg(),
            cost_pico_usd: self.cost_pico_usd.saturating_neg(),
            latency_us: self.latency_us.saturating_neg(),
            ttfb_us: self.ttfb_us.saturating_neg(),
            ttfb_count: self.ttfb_count.saturating_neg(),
            overhead_us: self.overhead_us.saturating_neg(),
        }
    }
}

/// One value for each [`Metric`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PerMetric<T> {
    latency: T,
    ttfb: T,
    ttft: T,
    overhead: T,
    speed: T,
}

impl<T> PerMetric<T> {
    pub(crate) fn of(&self, metric: Metric) -> &T {
        match metric {
            Metric::Latency => &self.latency,
            Metric::Ttfb => &self.ttfb,
            Metric::Ttft => &self.ttft,
            Metric::Overhead => &self.overhead,
            Metric::TokensPerSecond => &self.speed,
        }
    }

    pub(crate) fn of_mut(&mut self, metric: Metric) -> &mut T {
        match metric {
            Metric::Latency => &mut self.latency,
            Metric::Ttfb => &mut self.ttfb,
            Metric::Ttft => &mut self.ttft,
            Metric::Overhead => &mut self.overhead,
            Metric::TokensPerSecond => &mut self.speed,
        }
    }
}

/// The sums and the distributions of one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) counters: Counters,
    pub(crate) sketches: PerMetric<Sketch>,
}

impl Cell {
    /// Counts a trace.
    pub(crate) fn count(&mut self, trace: &Counted<'_>) {
        self.counters.add(&trace.counters());
        if trace.class != StatusClass::Ok {
            return;
        }
        for metric in Metric::ALL {
            if let Some(number) = trace.measured(metric) {
                self.sketches.of_mut(metric).add(number);
            }
        }
    }

    /// Whether it says nothing: all that was counted was taken back.
    pub(super) fn is_nothing(&self) -> bool {
        self.counters == Counters::default() && Metric::ALL.iter().all(|metric| self.sketches.of(*metric).is_empty())
    }
}

/// What rollups count of one trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted<'a> {
    pub(crate) created_ms: i64,
    pub(crate) provider: Option<&'a str>,
    pub(crate) model: Option<&'a str>,
    pub(crate) api_key_id: Option<&'a str>,
    pub(crate) class: StatusClass,
    pub(crate) latency_us: i64,
    pub(crate) ttfb_us: Option<i64>,
    pub(crate) ttft_us: Option<i64>,
    pub(crate) overhead_us: i64,
    /// `None` when no leaf of it is known, as in [`crate::types::usage::Usage`].
    pub(crate) input_tokens: Option<i64>,
    pub(crate) output_tokens: Option<i64>,
    pub(crate) cost_pico_usd: Option<i64>,
}

impl<'a> Counted<'a> {
    pub(crate) fn counters(&self) -> Counters {
        let ok = self.class == StatusClass::Ok;
        let if_ok = |number: i64| if ok { number } else { 0 };
        let used = self.input_tokens.is_some() || self.output_tokens.is_some();
        Counters {
            requests: 1,
            unpriced: i64::from(used && self.cost_pico_usd.is_none()),
            input_tokens: self.input_tokens.unwrap_or_default(),
            output_tokens: self.output_tokens.unwrap_or_default(),
            cost_pico_usd: self.cost_pico_usd.unwrap_or_default().into(),
            latency_us: if_ok(self.latency_us),
            ttfb_us: if_ok(self.ttfb_us.unwrap_or_default()),
            ttfb_count: if_ok(self.ttfb_us.is_some().into()),
            overhead_us: if_ok(self.overhead_us),
        }
    }

    /// In microseconds; tokens in a thousand seconds.
    pub(crate) fn measured(&self, metric: Metric) -> Option<i64> {
        match metric {
            Metric::Latency => Some(self.latency_us),
            Metric::Ttfb => self.ttfb_us,
            Metric::Ttft => self.ttft_us,
            Metric::Overhead => Some(self.overhead_us),
            Metric::TokensPerSecond => {
                let writing_us = self.latency_us.checked_sub(self.ttft_us?).filter(|micros| *micros > 0)?;
                let tokens = i128::from(self.output_tokens?) * 1_000_000_000;
                Some(i64::try_from(tokens / i128::from(writing_us)).unwrap_or(i64::MAX))
            }
        }
    }

    /// Its cell by provider and model.
    pub(crate) fn model_key(&self) -> KeyRef<'a> {
        KeyRef { names: [self.provider, self.model], class: self.class }
    }

    /// Its cell by API key; what the host itself asked for has none.
    pub(crate) fn api_key(&self) -> KeyRef<'a> {
        KeyRef { names: [self.api_key_id, None], class: self.class }
    }
}
