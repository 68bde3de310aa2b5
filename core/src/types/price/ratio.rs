//! Exact fractions: prices that are not whole, and multipliers.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};

/// A fraction that is not negative, in lowest terms. As text `2500000`, `1.1` or `11/10`; written as `11/10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    numerator: u64,
    denominator: u64,
}

impl Ratio {
    /// 1.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// The most decimal places that are read.
    const PLACES: usize = 12;

    /// The fraction in lowest terms; `None` where the denominator is 0.
    pub fn new(numerator: u64, denominator: u64) -> Option<Self> {
        let divisor = greatest_common_divisor(numerator, denominator).max(1);
        (denominator > 0).then(|| Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// Above the line.
    pub const fn numerator(self) -> u64 {
        self.numerator
    }

    /// Below the line; never 0.
    pub const fn denominator(self) -> u64 {
        self.denominator
    }

    /// Whether it is 0.
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// `quantity × self × multiplier`, rounded once, half to even; `None` beyond 128 bits.
    pub(crate) fn line(self, quantity: u64, multiplier: Self) -> Option<i128> {
        let above =
            u128::from(quantity).checked_mul(self.numerator.into())?.checked_mul(multiplier.numerator.into())?;
        let below = u128::from(self.denominator).checked_mul(multiplier.denominator.into())?;
        let (whole, rest) = (above / below, above % below);
        let up = match rest.cmp(&(below - rest)) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => whole % 2 == 1,
            std::cmp::Ordering::Greater => true,
        };
        i128::try_from(whole + u128::from(up)).ok()
    }

    /// Whether it is at least `times` as large as the other.
    pub(crate) fn is_at_least(self, other: Self, times: u32) -> bool {
        let left = u128::from(self.numerator) * u128::from(other.denominator);
        let right = u128::from(other.numerator) * u128::from(self.denominator);
        right.checked_mul(times.into()).is_some_and(|right| left >= right)
    }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            denominator => write!(f, "{}/{denominator}", self.numerator),
        }
    }
}

impl FromStr for Ratio {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = || Error::new(ErrorCode::InvalidField, format!("{text:?} is no number such as 1.1 or 11/10"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let read = || {
            if let Some((above, below)) = text.split_once('/') {
                let both = digits(above) && digits(below);
                return both.then(|| Self::new(above.parse().ok()?, below.parse().ok()?)).flatten();
            }
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            if !digits(whole) || !(digits(fraction) || whole.len() == text.len()) || fraction.len() > Self::PLACES {
                return None;
            }
            let places = u32::try_from(fraction.len()).ok()?;
            Self::new(format!("{whole}{fraction}").parse().ok()?, 10_u64.checked_pow(places)?)
        };
        read().ok_or_else(invalid)
    }
}

impl Serialize for Ratio {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test is the report")]

    use super::*;

    fn ratio(text: &str) -> Ratio {
        text.parse().unwrap()
    }

    #[test]
    fn text_is_read_exactly_and_written_in_lowest_terms() {
        for (text, written) in
            [("2500000", "2500000"), ("1.10", "11/10"), ("22/20", "11/10"), ("0", "0"), ("0.5", "1/2")]
        {
            assert_eq!(ratio(text).to_string(), written, "{text}");
        }
        for text in ["", "-1", "1.", ".5", "1/0", "1e3", "1,1", "/", "1/2/3", "0.0000000000001", "99999999999999999999"]
        {
            assert!(text.parse::<Ratio>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_line_is_rounded_once_half_to_even() {
        let half = ratio("1/2");
        assert_eq!([0, 1, 2, 3, 5, 7].map(|count| half.line(count, Ratio::ONE)), [0, 0, 1, 2, 2, 4].map(Some));
        assert_eq!([1, 2, 3, 4].map(|count| ratio("5/3").line(count, Ratio::ONE)), [2, 3, 5, 7].map(Some));
        // 1/3 × 3/2 is a half; rounded twice it would be 0 × 3/2.
        assert_eq!([1, 3].map(|count| ratio("1/3").line(count, ratio("3/2"))), [0, 2].map(Some));
        assert_eq!(ratio("18446744073709551615").line(u64::MAX, ratio("18446744073709551615")), None);
    }

    #[test]
    fn ratios_compare_without_rounding() {
        assert!(ratio("100").is_at_least(ratio("1"), 100) && !ratio("99.9").is_at_least(ratio("1"), 100));
        assert!(ratio("1/3").is_at_least(ratio("1/300"), 100));
    }
}
