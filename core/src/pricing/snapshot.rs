//! A file of prices, read and checked. What is damaged or absurd is refused as a whole: half a table would price some
//! calls by luck.
//!
//! A file is lines of JSON. The first one is its header:
//!
//! `{"format":"libgateway-prices","schema":1,"as_of":"2026-11-09","source":"…","licence":"…","sha256":"…"}`
//!
//! with the digest of all the other lines. Each of these is a provider, `{"provider":"azure","also":["openai"]}`, or a
//! model of the provider above it:
//!
//! `{"model":"gpt-4o","names":["gpt-4o","gpt-4o-2024-08-06"],"rates":{"input":2500000,"cache_read":1250000,"output":10000000}}`
//!
//! - `names`: what answers call it; its id alone when omitted. [`super::pattern`] says what the signs in it mean.
//! - `rates`: pico-dollars (10⁻¹² $) for each token, request or search, by [`Unit`]: whole, or a ratio such as `"7/3"`; with
//!   those of long contexts as `[2500000, [200000, 5000000]]`. `{}` is free, `null` is unknown.
//! - `periods`: `[{"from":"2026-01-05","rates":{…}}, {"hours":["00:30","16:30"],"rates":{…}}]`, in UTC.
//! - `tiers`: `[{"tier":"batch","from":"2026-10-14","rates":{…}}]`: what of the rates is otherwise.

use std::{
    borrow::Cow,
    io::Read as _,
    sync::{Arc, LazyLock},
};

use flate2::read::GzDecoder;
use ring::digest::{Context, SHA256};
use serde::Deserialize;

use super::{
    rates::{Rates, When},
    table::{Model, Provider, TierRates, find},
};
use crate::{
    error::{Error, ErrorCode, Result},
    types::{
        price::{Ratio, Unit},
        time::Timestamp,
    },
};

const FORMAT: &str = "libgateway-prices";
const SCHEMA: u32 = 1;
/// How the line of a provider begins.
const PROVIDER: &str = "{\"provider\"";
/// Fifty times the table that comes with the library.
const MOST_BYTES: usize = 16 << 20;
/// The most that anybody has asked for a token is a hundredth of a cent. Searches and requests may cost a thousand times that.
const MOST_PER_TOKEN: u64 = 10_000_000_000;
const MOST_PER_CALL: u64 = 10_000_000_000_000;

/// A table of prices in force.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The day somebody last looked at the prices, and eight digits of the digest.
    pub(super) version: String,
    pub(super) as_of: Timestamp,
    pub(super) providers: Vec<Provider>,
}

/// The table that comes with the library. A constant that is too large to be written as one.
pub(super) static BUNDLED: LazyLock<Result<Arc<Snapshot>>> = LazyLock::new(|| {
    let mut prices = Vec::new();
    // `build.rs` packs it: as text it would be a fortieth of the whole library.
    GzDecoder::new(include_bytes!(concat!(env!("OUT_DIR"), "/prices.jsonl.gz")).as_slice())
        .read_to_end(&mut prices)
        .map_err(|error| invalid(format!("the bundled price file cannot be unpacked: {error}")))?;
    Snapshot::read(&prices).map(Arc::new)
});

#[derive(Deserialize)]
struct Header<'a> {
    format: Cow<'a, str>,
    schema: u32,
    #[serde(default)]
    as_of: Cow<'a, str>,
    #[serde(default)]
    sha256: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderLine<'a> {
    #[serde(borrow)]
    provider: Cow<'a, str>,
    #[serde(default)]
    also: Vec<Box<str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelLine<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(borrow, default)]
    names: Option<Vec<Cow<'a, str>>>,
    rates: Option<Rates>,
    #[serde(default)]
    periods: Vec<PeriodLine>,
    #[serde(default)]
    tiers: Vec<PeriodLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodLine {
    #[serde(default)]
    tier: Option<Box<str>>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    hours: Option<(String, String)>,
    rates: Option<Rates>,
}

impl Snapshot {
    /// Reads a file. `invalid_prices` says what is wrong with it and in which line, `prices_too_new` that its schema is
    /// newer than this library's.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MOST_BYTES {
            return Err(invalid(format!("the price file has {} bytes; at most {MOST_BYTES} are read", bytes.len())));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| invalid("the price file is not UTF-8"))?;
        let mut lines = text.lines();
        let header: Header<'_> = serde_json::from_str(lines.next().unwrap_or_default())
            .map_err(|error| invalid(format!("the first line of the price file is no header: {error}")))?;
        if header.format != FORMAT {
            return Err(invalid(format!("the price file is of format {:?}, not {FORMAT:?}", header.format)));
        }
        if header.schema > SCHEMA {
            let message = format!("the price file has schema {}; upgrade libgateway to read it", header.schema);
            return Err(Error::new(ErrorCode::PricesTooNew, message));
        }
        let digest = digest(lines.clone());
        if header.sha256 != digest {
            return Err(invalid("the price file is damaged: its digest is another than its header says"));
        }
        let as_of =
            day(&header.as_of).ok_or_else(|| invalid("as_of of the price file is no day such as 2026-11-09"))?;
        let version = format!("{}-{}", header.as_of, digest.get(..8).unwrap_or_default());
        let mut providers = Vec::new();
        for (number, line) in lines.enumerate() {
            add(&mut providers, line)
                .map_err(|problem| invalid(format!("line {} of the price file: {problem}", number + 2)))?;
        }
        providers.iter_mut().for_each(Provider::finish);
        let snapshot = Self { version, as_of, providers };
        if snapshot.models() == 0 {
            return Err(invalid("the price file has no model"));
        }
        Ok(snapshot)
    }

    /// How many models it has.
    pub(crate) fn models(&self) -> usize {
        self.providers.iter().map(|provider| provider.models.len()).sum()
    }

    /// The model of a provider, of whomever it is.
    pub(super) fn find(&self, provider: &str, name: &str) -> Option<(&Provider, &Model)> {
        find(&self.providers, provider, name)
    }

    /// Whether it has prices of that provider.
    pub(super) fn has_provider(&self, id: &str) -> bool {
        self.providers.iter().any(|provider| *provider.id == *id)
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidPrices, message)
}

/// SHA-256 of the lines, whatever line ends they came with.
fn digest<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut context = Context::new(&SHA256);
    for line in lines {
        context.update(line.as_bytes());
        context.update(b"\n");
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn add(providers: &mut Vec<Provider>, line: &str) -> Result<(), String> {
    let unreadable = |error: serde_json::Error| error.to_string();
    if line.starts_with(PROVIDER) {
        let line: ProviderLine<'_> = serde_json::from_str(line).map_err(unreadable)?;
        if providers.iter().any(|known| *known.id == *line.provider) {
            return Err(format!("provider {:?} comes twice", line.provider));
        }
        providers.push(Provider::new(&line.provider, line.also));
        return Ok(());
    }
    let line: ModelLine<'_> = serde_json::from_str(line).map_err(unreadable)?;
    let provider = providers.last_mut().ok_or("a model before any provider")?;
    let names = line.names.clone().unwrap_or_else(|| vec![line.model.clone()]);
    provider.add(model(line)?, &names).map_err(|name| format!("{name:?} is no pattern"))
}

fn model(line: ModelLine<'_>) -> Result<Model, String> {
    let id = line.model;
    let others = line.periods.iter().chain(&line.tiers).filter_map(|period| period.rates.as_ref());
    let all = line.rates.iter().chain(others);
    if let Some((unit, rate)) =
        all.flat_map(Rates::iter).find(|(unit, rate)| rate.all().any(|rate| is_absurd(*unit, rate)))
    {
        return Err(format!("{id:?} has a rate for {unit:?} that nobody asks: {:?}", rate.base.to_string()));
    }
    let tiers = line.tiers.into_iter().map(|tier| {
        let (when, name) = (when(&tier)?, tier.tier.ok_or("a tier without a name")?);
        Ok(TierRates { tier: name, when, rates: tier.rates.unwrap_or_default() })
    });
    let periods = line.periods.into_iter().map(|period| match &period.tier {
        Some(_) => Err("a period with a tier".to_owned()),
        None => Ok((when(&period)?, period.rates)),
    });
    let (tiers, periods) = (tiers.collect::<Result<_, String>>()?, periods.collect::<Result<_, String>>()?);
    Ok(Model { id: id.into(), rates: line.rates, periods, tiers })
}

/// More than any provider has ever asked.
pub(super) fn is_absurd(unit: Unit, rate: Ratio) -> bool {
    let most = if matches!(unit, Unit::WebSearch | Unit::Request) { MOST_PER_CALL } else { MOST_PER_TOKEN };
    u128::from(rate.numerator()) > u128::from(most) * u128::from(rate.denominator())
}

fn when(period: &PeriodLine) -> Result<When, String> {
    let from = period.from.as_deref().map(|text| day(text).ok_or_else(|| format!("{text:?} is no day")));
    let hours = period.hours.as_ref();
    let hours = hours.map(|(start, end)| minute(start).zip(minute(end)).ok_or("hours are no times of a day"));
    Ok(When { from: from.transpose()?, hours: hours.transpose()? })
}

/// Midnight in UTC of a day.
fn day(text: &str) -> Option<Timestamp> {
    let day = text.parse::<jiff::civil::Date>().ok().filter(|day| day.to_string() == text)?;
    let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp::from_millis(midnight.timestamp().as_millisecond()))
}

/// The minute of the day of `16:30`.
fn minute(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| text.parse::<u8>().ok().filter(|_| text.len() == 2);
    let (hour, minute) = (number(hour)?, number(minute)?);
    (hour < 24 && minute < 60).then(|| i64::from(hour) * 60 + i64::from(minute))
}

/// A model whose standard rates differ so much between two tables that one of them must be wrong, and by which unit.
pub(super) fn slip<'a>(old: &Snapshot, new: &'a Snapshot) -> Option<(&'a Provider, &'a Model, Unit)> {
    let models = new.providers.iter().flat_map(|provider| provider.models.iter().map(move |model| (provider, model)));
    for (provider, model) in models {
        let before = old.providers.iter().find(|old| old.id == provider.id);
        let before = before.and_then(|old| old.models.iter().find(|old| old.id == model.id));
        let (Some(before), Some(after)) = (before.and_then(|old| old.rates.as_ref()), &model.rates) else { continue };
        let slipped =
            after.iter().find(|(unit, rate)| before.get(*unit).is_some_and(|before| is_slip(before.base, rate.base)));
        if let Some((unit, _)) = slipped {
            return Some((provider, model, unit));
        }
    }
    None
}

/// Whether one is a hundred times the other: what is off by a thousand is such, and no price changes like that.
pub(super) fn is_slip(one: Ratio, other: Ratio) -> bool {
    const FACTOR: u32 = 100;
    !one.is_zero() && !other.is_zero() && (one.is_at_least(other, FACTOR) || other.is_at_least(one, FACTOR))
}
