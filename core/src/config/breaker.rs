//! When a provider that fails is left alone for a while.

use serde::Deserialize;

use crate::{
    error::{Error, Result},
    types::provider::BreakerOverrides,
};

/// When a provider is passed over for its fallbacks: there is one circuit breaker for each provider of a tenant. One that
/// is alone, or that the caller named, is asked all the same.
///
/// A request counts once, after its retries; a stream has succeeded once its head has arrived. What the caller did wrong
/// (4xx but 401, 408, 409 and 429), and a timeout of its own, count neither way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct BreakerConfig {
    /// So many requests in a row that failed by the provider's fault open it: 5. 0 switches it off.
    pub failures: u32,
    /// How long it first stays open, in milliseconds: 10,000. It doubles each time that the request which then asks
    /// again fails.
    pub pause_ms: u64,
    /// How long it stays open at most, in milliseconds: 60,000.
    pub max_pause_ms: u64,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { failures: 5, pause_ms: 10_000, max_pause_ms: 60_000 }
    }
}

impl BreakerConfig {
    /// These settings with a provider's overrides.
    pub(crate) fn with(self, overrides: Option<BreakerOverrides>) -> Self {
        let overrides = overrides.unwrap_or_default();
        Self {
            failures: overrides.failures.unwrap_or(self.failures),
            pause_ms: overrides.pause_ms.unwrap_or(self.pause_ms),
            max_pause_ms: overrides.max_pause_ms.unwrap_or(self.max_pause_ms),
        }
    }

    /// Refuses a pause of zero, one beyond a day, and a longest one that is shorter than the first.
    pub(crate) fn validate(self, prefix: &str) -> Result<()> {
        let Self { pause_ms, max_pause_ms, .. } = self;
        let wrong = |name: &str, value: u64, bounds: String| {
            Err(Error::config(format!("{prefix}.{name}"), format!("{prefix}.{name} is {value}; it must be {bounds}")))
        };
        if !(1..=86_400_000).contains(&pause_ms) {
            return wrong("pause_ms", pause_ms, "1 to 86400000".to_owned());
        }
        if !(pause_ms..=86_400_000).contains(&max_pause_ms) {
            return wrong("max_pause_ms", max_pause_ms, format!("{pause_ms} ({prefix}.pause_ms) to 86400000"));
        }
        Ok(())
    }
}
