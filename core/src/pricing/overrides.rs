//! Prices of the gateway's configuration and of tenants, which go before the table's. Checked when they are written.

use super::{
    book::PriceBook,
    rates::{Rate, Rates},
    snapshot::{is_absurd, is_slip},
    table::is_standard,
};
use crate::{
    error::{Error, Result},
    types::{
        glob::{Match, fit_pattern},
        money::PicoUsd,
        price::{PriceOverride, Ratio, Unit},
        time::Timestamp,
    },
};

/// So many overrides are kept.
const MOST: usize = 1_000;
const NAME_CHARS: usize = 256;

/// Overrides ready to be asked.
#[derive(Debug, Default)]
pub(crate) struct Overrides(Vec<Override>);

#[derive(Debug)]
pub(super) struct Override {
    provider: Option<Box<str>>,
    pub(super) model: Box<str>,
    tier: Option<Box<str>>,
    pub(super) rates: Rates,
    /// Names its content.
    pub(super) version: Box<str>,
}

/// What an override is asked about.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The tenant's name of the provider.
    pub(super) provider: &'a str,
    pub(super) model: &'a str,
    pub(super) tier: Option<&'a str>,
}

impl Overrides {
    /// The overrides, which were checked when they were written. What cannot be understood any more is left out.
    pub(crate) fn new(overrides: &[PriceOverride]) -> Self {
        Self(overrides.iter().filter_map(Override::new).collect())
    }

    /// The override that fits best. One that names the provider goes before one that does not.
    pub(super) fn find(&self, asked: Asked<'_>) -> Option<&Override> {
        let fitting = self.0.iter().filter_map(|row| Some((row.fit(asked)?, row)));
        // The first among equals.
        fitting.rev().max_by_key(|(fit, _)| *fit).map(|(_, row)| row)
    }
}

impl Override {
    fn new(from: &PriceOverride) -> Option<Self> {
        let rate = |amount: PicoUsd, tokens: u64| Ratio::new(u64::try_from(amount.0).ok()?, tokens);
        let mut rates = Rates::default();
        for (unit, amount) in amounts(from) {
            let tokens = if unit == Unit::Request { 1 } else { from.per.tokens() };
            rates.set(unit, Rate::flat(rate(amount, tokens)?));
        }
        let text = serde_json::to_string(from).ok()?;
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let mut version = String::from("override-");
        digest.as_ref().iter().take(4).for_each(|byte| version.push_str(&format!("{byte:02x}")));
        Some(Self {
            provider: from.provider.as_deref().map(Into::into),
            model: from.model.as_str().into(),
            tier: from.tier.as_deref().map(Into::into),
            rates,
            version: version.into(),
        })
    }

    fn fit(&self, asked: Asked<'_>) -> Option<(bool, Match)> {
        let provider = self.provider.as_deref();
        let same_tier = match self.tier.as_deref() {
            None => is_standard(asked.tier),
            tier => tier == asked.tier,
        };
        if !same_tier || provider.is_some_and(|provider| provider != asked.provider) {
            return None;
        }
        Some((provider.is_some(), fit_pattern(&self.model, asked.model)?))
    }
}

/// The amounts that are given.
fn amounts(from: &PriceOverride) -> impl Iterator<Item = (Unit, PicoUsd)> {
    let all = [
        (Unit::Input, Some(from.input)),
        (Unit::CacheRead, from.cache_read),
        (Unit::CacheWrite, from.cache_write),
        (Unit::CacheWrite1h, from.cache_write_1h),
        (Unit::AudioIn, from.audio_in),
        (Unit::ImageIn, from.image_in),
        (Unit::Output, from.output),
        (Unit::Reasoning, from.reasoning),
        (Unit::AudioOut, from.audio_out),
        (Unit::ImageOut, from.image_out),
        (Unit::Request, from.request),
    ];
    all.into_iter().filter_map(|(unit, amount)| Some((unit, amount?)))
}

/// Which error a mistake is: that of a field, or of the configuration.
type Complaint = fn(String, String) -> Error;

/// Refuses overrides that cannot be kept, and those whose rates are likely to be for another quantity than they say.
pub(crate) fn check_overrides(
    overrides: &[PriceOverride],
    (book, now): (&PriceBook, Timestamp),
    complain: Complaint,
) -> Result<()> {
    if overrides.len() > MOST {
        return Err(complain(
            "prices".to_owned(),
            format!("prices has {} entries; at most {MOST} are kept", overrides.len()),
        ));
    }
    for (index, row) in overrides.iter().enumerate() {
        let problem = |field: &str, what: String| {
            let param = format!("prices.{index}.{field}");
            let message = format!("{param} {what}");
            complain(param, message)
        };
        for (field, name) in
            [("model", Some(&row.model)), ("provider", row.provider.as_ref()), ("tier", row.tier.as_ref())]
        {
            if name.is_some_and(|name| name.is_empty() || name.contains('\0') || name.chars().count() > NAME_CHARS) {
                return Err(problem(field, format!("is to have 1 to {NAME_CHARS} characters, none of them NUL")));
            }
        }
        if amounts(row).any(|(_, amount)| amount.0 < 0) {
            return Err(problem("input", "or another amount is negative".to_owned()));
        }
        let Some(compiled) = Override::new(row) else {
            return Err(problem("input", "or another amount is too large".to_owned()));
        };
        if !row.unusual
            && let Some((unit, why)) = oddity(&compiled, (book, now))
        {
            let field = serde_json::to_string(&unit).unwrap_or_default();
            let why = format!("{why}; is `per` right? Say unusual: true if it is meant");
            return Err(problem(field.trim_matches('"'), why));
        }
    }
    Ok(())
}

/// A rate that nobody asks, or that is far from the table's.
fn oddity(row: &Override, (book, now): (&PriceBook, Timestamp)) -> Option<(Unit, String)> {
    // The cheapest that anybody asks for a million tokens is a tenth of a cent.
    let least = Ratio::new(1_000, 1)?;
    // A thousandth of what a file may say at most is what has been asked.
    let most = Ratio::new(1_000_000_000, 1)?;
    for (unit, rate) in row.rates.iter() {
        let rate = rate.base;
        let is_token = unit != Unit::Request;
        if is_absurd(unit, rate) || (is_token && rate.is_at_least(most, 1)) {
            return Some((unit, "is more than any provider asks".to_owned()));
        }
        if is_token && !rate.is_zero() && !rate.is_at_least(least, 1) {
            return Some((unit, "is less than any provider asks".to_owned()));
        }
        if let Some(usual) = book.usual(&row.model, unit, now).filter(|usual| is_slip(*usual, rate)) {
            return Some((unit, format!("is {rate} pico-dollars each, and the table has {usual}")));
        }
    }
    None
}
