//! The rates of a model: how they depend on the length of the context, the day, the hour and the service tier.

use std::fmt;

use serde::{
    Deserialize,
    de::{self, Deserializer, MapAccess, SeqAccess, Visitor},
};

use crate::types::{
    price::{Ratio, Unit},
    time::Timestamp,
};

/// Pico-dollars for each of a unit. What is not in it takes the rate of the more general unit; nothing at all is free.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates(Vec<(Unit, Rate)>);

/// One rate, and those that apply instead above so many input tokens, to all tokens of the call.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    pub(super) base: Ratio,
    above: Box<[(u64, Ratio)]>,
}

/// When rates hold. Times are UTC.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct When {
    pub(super) from: Option<Timestamp>,
    /// Minutes of the day; an interval may span midnight.
    pub(super) hours: Option<(i64, i64)>,
}

impl When {
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        let minute = at.as_millis().div_euclid(60_000).rem_euclid(24 * 60);
        let in_hours = match self.hours {
            None => true,
            Some((start, end)) if end < start => minute >= start || minute < end,
            Some((start, end)) => (start..end).contains(&minute),
        };
        in_hours && self.from.is_none_or(|from| at >= from)
    }
}

impl Rates {
    pub(super) fn get(&self, unit: Unit) -> Option<&Rate> {
        self.0.iter().find(|(known, _)| *known == unit).map(|(_, rate)| rate)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Unit, &Rate)> {
        self.0.iter().map(|(unit, rate)| (*unit, rate))
    }

    pub(super) fn set(&mut self, unit: Unit, rate: Rate) {
        match self.0.iter_mut().find(|(known, _)| *known == unit) {
            Some((_, known)) => *known = rate,
            None => self.0.push((unit, rate)),
        }
    }

    /// The rate of a unit, or of the more general ones it is a special case of.
    pub(super) fn of(&self, unit: Unit) -> Option<&Rate> {
        self.get(unit).or_else(|| self.of(unit.general()?))
    }
}

impl Rate {
    pub(super) fn flat(base: Ratio) -> Self {
        Self { base, above: Box::default() }
    }

    /// The rate for a call of so many input tokens, and the number they exceed.
    pub(super) fn at(&self, input_tokens: u64) -> (Ratio, Option<u64>) {
        let above = self.above.iter().rev().find(|(start, _)| input_tokens > *start);
        above.map_or((self.base, None), |(start, rate)| (*rate, Some(*start)))
    }

    /// All of its rates.
    pub(super) fn all(&self) -> impl Iterator<Item = Ratio> {
        std::iter::once(self.base).chain(self.above.iter().map(|(_, rate)| *rate))
    }
}

impl<'de> Deserialize<'de> for Rates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;

        impl<'de> Visitor<'de> for Map {
            type Value = Rates;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rates by unit")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rates, A::Error> {
                let mut rates = Rates::default();
                while let Some((unit, rate)) = map.next_entry()? {
                    if rates.get(unit).is_some() {
                        return Err(de::Error::custom("a unit has two rates"));
                    }
                    rates.set(unit, rate);
                }
                rates.0.shrink_to_fit();
                Ok(rates)
            }
        }

        deserializer.deserialize_map(Map)
    }
}

/// `2500000`, `"7/3"`, or either with what applies above a number of input tokens: `[2500000, [200000, 5000000]]`.
impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Rate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a rate in pico-dollars")
            }

            fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Rate, E> {
                Amount::whole(whole).map(|Amount(base)| Rate::flat(base))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Rate, E> {
                text.parse().map(Rate::flat).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Rate, A::Error> {
                let Amount(base) = items.next_element()?.ok_or_else(|| de::Error::custom("no rate"))?;
                let mut above: Vec<(u64, Ratio)> = Vec::new();
                while let Some((start, Amount(rate))) = items.next_element::<(u64, Amount)>()? {
                    if above.last().is_some_and(|(last, _)| *last >= start) {
                        return Err(de::Error::custom("lengths of contexts do not grow"));
                    }
                    above.push((start, rate));
                }
                Ok(Rate { base, above: above.into() })
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// One number of a rate.
struct Amount(Ratio);

impl Amount {
    fn whole<E: de::Error>(whole: u64) -> Result<Self, E> {
        Ratio::new(whole, 1).map(Self).ok_or_else(|| E::custom("no rate"))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Whole(u64),
            Text(Ratio),
        }
        match Either::deserialize(deserializer)? {
            Either::Whole(whole) => Self::whole(whole),
            Either::Text(ratio) => Ok(Self(ratio)),
        }
    }
}
