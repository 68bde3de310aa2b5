//! What a call cost, in integers: the counts of its usage times a model's rates. It never guesses: a model, a tier or a
//! kind of token without a rate leaves the call unpriced, which is not the same as free.
//!
//! A rate is pico-dollars per token, so $2.50 per million tokens is 2,500,000. A tier's price is a ratio of the standard
//! one. Each leaf of the usage is one line: multiplied in 128 bits and rounded once, half to even.

mod openai;

#[cfg(test)]
mod tests;

use crate::types::{money::PicoUsd, usage::Usage};

/// What a call cost, and by which prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// At most `i64::MAX`, so that it fits its column.
    pub(crate) pico_usd: PicoUsd,
    /// Stored beside the cost.
    pub(crate) version: &'static str,
}

/// A table of prices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prices {
    rows: &'static [Row],
    version: &'static str,
}

/// Models of one price.
#[derive(Debug)]
struct Row {
    /// Names as responses have them, each in full. Snapshots are listed one by one: a new one may cost something else.
    models: &'static [&'static str],
    rates: Rates,
    flex: Option<Ratio>,
    priority: Option<Ratio>,
    batch: Option<Ratio>,
}

/// Pico-dollars per token; `None` where there is no price.
#[derive(Clone, Copy, Debug)]
struct Rates {
    input: i128,
    /// The input rate applies where it is missing.
    cached_input: Option<i128>,
    /// Reasoning is billed as output.
    output: Option<i128>,
    audio_in: Option<i128>,
    audio_out: Option<i128>,
}

#[derive(Clone, Copy, Debug)]
struct Ratio {
    numerator: i128,
    denominator: i128,
}

const STANDARD: Ratio = Ratio { numerator: 1, denominator: 1 };

impl Prices {
    /// OpenAI's prices as they stood when this version of the library was made.
    pub(crate) fn builtin() -> Self {
        Self { rows: openai::ROWS, version: openai::PRICE_VERSION }
    }

    /// The cost of one call to `model`, the model that served. `service_tier` is the tier the response names; a
    /// response without one was served at the standard price, while `auto` names no price.
    ///
    /// `None`, which means unpriced: a provider other than OpenAI and Azure, a model or tier that is not in the table, no
    /// usage at all, a positive count without a rate, a negative count, or a cost beyond 9.2 million dollars.
    pub(crate) fn cost(
        &self,
        provider_kind: &str,
        model: &str,
        service_tier: Option<&str>,
        usage: &Usage,
    ) -> Option<Cost> {
        let row = self.rows.iter().find(|row| row.models.contains(&model))?;
        let ratio = row.ratio(provider_kind, service_tier)?;
        if usage.is_empty() {
            return None;
        }
        let mut total = 0;
        for (count, rate) in usage.leaves().into_iter().zip(row.rates.of_leaves()) {
            total += match (count, rate) {
                (None | Some(0), _) => 0,
                (Some(count @ 1..), Some(rate)) => ratio.of(i128::from(count) * rate),
                _ => return None,
            };
        }
        i64::try_from(total).ok().map(|total| Cost { pico_usd: PicoUsd(total.into()), version: self.version })
    }
}

impl Row {
    /// Azure's own tiers have prices of their own, which are not known here.
    fn ratio(&self, provider_kind: &str, service_tier: Option<&str>) -> Option<Ratio> {
        match (provider_kind, service_tier) {
            ("openai" | "azure", None | Some("default" | "standard")) => Some(STANDARD),
            ("openai", Some("flex")) => self.flex,
            ("openai", Some("priority" | "fast")) => self.priority,
            ("openai", Some("batch")) => self.batch,
            _ => None,
        }
    }
}

impl Rates {
    /// In the order of [`Usage::leaves`]. No model of the table bills cache writes or counts image tokens on their own.
    fn of_leaves(&self) -> [Option<i128>; 10] {
        let (input, cached) = (Some(self.input), Some(self.cached_input.unwrap_or(self.input)));
        [input, cached, None, None, self.audio_in, None, self.output, self.output, self.audio_out, None]
    }
}

impl Ratio {
    /// This part of a non-negative amount, rounded half to even.
    fn of(self, amount: i128) -> i128 {
        let scaled = amount * self.numerator;
        let (quotient, remainder) = (scaled / self.denominator, scaled % self.denominator);
        match (remainder * 2).cmp(&self.denominator) {
            std::cmp::Ordering::Less => quotient,
            std::cmp::Ordering::Equal => quotient + quotient % 2,
            std::cmp::Ordering::Greater => quotient + 1,
        }
    }
}
