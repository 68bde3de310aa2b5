//! Money as integers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// US dollars in units of 10⁻¹² (pico-dollars); in JSON an exact decimal string such as `"0.000125"`.
///
/// One row holds at most 9.2 million dollars as an `i64`; sums are made in `i128`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PicoUsd(pub i128);

impl PicoUsd {
    /// Units per dollar.
    pub const PER_USD: i128 = 1_000_000_000_000;
}

impl fmt::Display for PicoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, per_usd) = (self.0.unsigned_abs(), Self::PER_USD.unsigned_abs());
        let fraction = format!("{:012}", units % per_usd);
        let fraction = fraction.trim_end_matches('0');
        let sign = if self.0 < 0 { "-" } else { "" };
        match fraction {
            "" => write!(f, "{sign}{}", units / per_usd),
            _ => write!(f, "{sign}{}.{fraction}", units / per_usd),
        }
    }
}

impl FromStr for PicoUsd {
    type Err = Error;

    /// Reads a plain decimal of at most twelve places; no exponent, no sign but `-`.
    fn from_str(text: &str) -> Result<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let parsed = (digits(whole) && digits(fraction) && fraction.len() <= 12)
            .then(|| format!("{whole}{fraction:0<12}").parse::<i128>().ok())
            .flatten();
        match parsed {
            Some(units) if unsigned.len() == text.len() => Ok(Self(units)),
            Some(units) => Ok(Self(-units)),
            None => Err(Error::new(
                crate::error::ErrorCode::InvalidField,
                format!("{text:?} is not a decimal amount of at most 12 places, such as \"0.0025\""),
            )),
        }
    }
}

impl Serialize for PicoUsd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PicoUsd {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_print_exactly_and_read_back() -> Result<()> {
        for (units, text) in [
            (0, "0"),
            (125_000_000, "0.000125"),
            (PicoUsd::PER_USD, "1"),
            (-1, "-0.000000000001"),
            (2_500_000_000_001, "2.500000000001"),
        ] {
            assert_eq!(PicoUsd(units).to_string(), text);
            assert_eq!(text.parse::<PicoUsd>()?, PicoUsd(units));
        }
        for text in ["", "1e3", "+1", "1.", ".5", "0.0000000000001", "1,5", "--1"] {
            assert!(text.parse::<PicoUsd>().is_err(), "{text}");
        }
        Ok(())
    }
}
