//! How long traces are kept.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How long traces are kept: what is older or more is removed in the background, the oldest first. Without either value
/// they are kept for ever. Values are declared complete: there are no others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Days of 24 hours since a request began: 1 to 36,500.
    pub days: Option<u32>,
    /// Traces of one tenant: 1 to 10¹².
    pub traces: Option<u64>,
}

impl Retention {
    const DAY_MS: i64 = 86_400_000;

    /// These rules where they say something, else those.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { days: self.days.or(other.days), traces: self.traces.or(other.traces) }
    }

    /// Days in milliseconds.
    pub(crate) fn age_ms(self) -> Option<i64> {
        self.days.map(|days| i64::from(days) * Self::DAY_MS)
    }

    /// The number of traces, as a database counts.
    pub(crate) fn count(self) -> Option<i64> {
        self.traces.map(|traces| i64::try_from(traces).unwrap_or(i64::MAX))
    }

    /// Refuses what would keep nothing, and what no clock reaches; `refuse` makes the error of a parameter.
    pub(crate) fn check(self, refuse: impl Fn(&'static str, &'static str) -> Error) -> Result<()> {
        if self.days.is_some_and(|days| !(1..=36_500).contains(&days)) {
            return Err(refuse("retention.days", "retention.days must be 1 to 36500; leave it out for no limit"));
        }
        if self.traces.is_some_and(|traces| !(1..=1_000_000_000_000).contains(&traces)) {
            let message = "retention.traces must be 1 to 1000000000000; leave it out for no limit";
            return Err(refuse("retention.traces", message));
        }
        Ok(())
    }
}
