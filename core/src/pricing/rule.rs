//! By what a call was priced: kept with its trace, so that its receipt can be shown and its price be made anew. Traces of
//! the same price share it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    book::{Consumed, Served},
    overrides::Override,
    rates::Rates,
};
use crate::types::{
    money::PicoUsd,
    price::{PriceSource, Ratio, Receipt, ReceiptLine, Unit},
};

/// The price of a call but for its counts. As JSON it is what the store keeps: names are short and stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rule {
    /// Whose prices of the table apply.
    #[serde(rename = "of", default, skip_serializing_if = "Option::is_none")]
    prices_of: Option<String>,
    /// The model it was billed as, where another was served.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    billed_as: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
    #[serde(rename = "times", default = "one", skip_serializing_if = "is_one")]
    multiplier: Ratio,
    /// `None` while it is unpriced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price: Option<Price>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Price {
    version: String,
    source: PriceSource,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    above: Option<u64>,
    /// Of every unit that has one, its own or a more general one's. None at all is free.
    rates: BTreeMap<Unit, Ratio>,
}

const fn one() -> Ratio {
    Ratio::ONE
}

fn is_one(ratio: &Ratio) -> bool {
    *ratio == Ratio::ONE
}

impl Rule {
    /// The rule of a call that nobody has a price for.
    pub(super) fn unpriced(served: &Served<'_>) -> Self {
        Self {
            prices_of: served.prices_of.map(str::to_owned),
            billed_as: served.billed_as.map(str::to_owned),
            tier: served.tier.map(str::to_owned),
            multiplier: served.multiplier,
            price: None,
        }
    }

    pub(super) fn of_override(served: &Served<'_>, source: PriceSource, row: &Override) -> Self {
        let price = Price {
            version: row.version.to_string(),
            source,
            provider: None,
            model: row.model.to_string(),
            above: None,
            rates: resolved(&row.rates, 0).0,
        };
        Self { price: Some(price), ..Self::unpriced(served) }
    }

    pub(super) fn of_table(
        served: &Served<'_>,
        (version, provider, model): (&str, &str, &str),
        (rates, input_tokens): (&Rates, u64),
    ) -> Self {
        let (rates, above) = resolved(rates, input_tokens);
        let (provider, model) = (Some(provider.to_owned()), model.to_owned());
        let price = Price { version: version.to_owned(), source: PriceSource::Table, provider, model, above, rates };
        Self { price: Some(price), ..Self::unpriced(served) }
    }

    /// The version of its prices.
    pub(super) fn version(&self) -> &str {
        self.price.as_ref().map_or("", |price| &price.version)
    }

    /// Whose prices of the table apply.
    pub(crate) fn prices_of(&self) -> Option<&str> {
        self.prices_of.as_deref()
    }

    pub(crate) fn billed_as(&self) -> Option<&str> {
        self.billed_as.as_deref()
    }

    pub(crate) fn tier(&self) -> Option<&str> {
        self.tier.as_deref()
    }

    pub(crate) fn multiplier(&self) -> Ratio {
        self.multiplier
    }

    /// All lines together; `None` where a count has no rate.
    pub(super) fn cost(&self, consumed: Consumed<'_>) -> Option<i128> {
        self.lines(consumed)?.into_iter().try_fold(0_i128, |sum, line| sum.checked_add(line.cost_usd.0))
    }

    /// The receipt of a call that was priced by this rule.
    pub(crate) fn receipt(self, consumed: Consumed<'_>) -> Option<Receipt> {
        let lines = self.lines(consumed)?;
        let Price { version, source, provider, model, above, .. } = self.price?;
        Some(Receipt {
            price_version: version,
            source,
            provider,
            model,
            tier: self.tier,
            above_input_tokens: above,
            multiplier: self.multiplier,
            lines,
        })
    }

    /// A line for each positive count, in the order of units. `None` without a price, and where a count is negative or
    /// has no rate.
    fn lines(&self, consumed: Consumed<'_>) -> Option<Vec<ReceiptLine>> {
        let price = self.price.as_ref()?;
        let leaves = Unit::LEAVES.into_iter().zip(consumed.usage.leaves());
        let extra = [(Unit::Citation, "citation_tokens"), (Unit::WebSearch, "web_searches")]
            .map(|(unit, name)| (unit, consumed.extra.get(name).copied()));
        let mut lines = Vec::new();
        for (unit, count) in leaves.chain(extra).chain([(Unit::Request, Some(1))]) {
            let quantity = u64::try_from(count.unwrap_or_default()).ok()?;
            let rate = match price.rates.get(&unit) {
                _ if quantity == 0 => continue,
                Some(rate) => *rate,
                // Part of every call that has a price at all.
                None if unit.is_extra() || price.rates.is_empty() => continue,
                None => return None,
            };
            let cost_usd = PicoUsd(rate.line(quantity, self.multiplier)?);
            lines.push(ReceiptLine { unit, quantity, rate_pico_usd: rate, cost_usd });
        }
        Some(lines)
    }
}

/// The rate of each unit for a call of so many input tokens, and the number they exceed.
fn resolved(rates: &Rates, input_tokens: u64) -> (BTreeMap<Unit, Ratio>, Option<u64>) {
    let mut exceeded = None;
    let units = Unit::LEAVES.into_iter().chain([Unit::Citation, Unit::WebSearch, Unit::Request]);
    let of_unit = |unit| {
        let (rate, above) = rates.of(unit)?.at(input_tokens);
        exceeded = exceeded.max(above);
        Some((unit, rate))
    };
    let rates = units.filter_map(of_unit).collect();
    (rates, exceeded)
}
