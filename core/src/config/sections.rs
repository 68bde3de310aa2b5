//! The parts of a configuration, with their defaults and their bounds.

use serde::Deserialize;

use crate::{
    error::{Error, Result},
    types::provider::{RetryOverrides, Secret, TimeoutOverrides},
};

/// Whether the store's schema may be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Migrate {
    /// It is brought up to date when the gateway is opened.
    #[default]
    Auto,
    /// An older schema is an error: somebody else migrates.
    Check,
    /// It is not looked at.
    Off,
}

/// What of a trace survives the end of the process before it is in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Every request whose upstream was asked, even when the process is killed. A power cut may lose the last moments.
    #[default]
    Spool,
    /// The same, and a call returns when its trace is on the disk itself, which takes some milliseconds.
    Sync,
    /// Nothing: traces that are not in the store yet are lost with the process.
    Memory,
}

/// How long to wait for an upstream, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// Until the connection stands: 5,000. Rounded up to one of 100, 250, 500, 1,000, 2,000, 5,000, 15,000 and 60,000,
    /// since connections with different limits are not shared.
    pub connect_ms: u64,
    /// Until the answer begins: 60,000.
    pub first_byte_ms: u64,
    /// Between two pieces of an answer: 60,000.
    pub idle_ms: u64,
    /// From the call to its end, retries and fallbacks included: 600,000.
    pub total_ms: u64,
}

/// How often to ask an upstream again: on connection errors, 408, 409, 429 and 5xx, before the answer began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all: 3. 1 means no retry.
    pub max_attempts: u32,
    /// The first pause, in milliseconds: 250. It doubles each time and is jittered.
    pub base_ms: u64,
    /// The longest pause, in milliseconds: 10,000. An upstream's `retry-after` may ask for more.
    pub max_ms: u64,
}

/// How upstreams are reached.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Whether private, loopback and link-local addresses may be called: `deny` (default) or `allow`.
    pub private: PrivateAddresses,
    /// An HTTP proxy for all upstreams, `http://host:port`; the environment is not asked.
    pub proxy: Option<Secret>,
    /// A file of PEM certificates that are trusted beside the system's.
    pub ca: Option<std::path::PathBuf>,
}

/// Whether private, loopback and link-local addresses may be called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PrivateAddresses {
    /// They are refused, as literals and as what names resolve to.
    #[default]
    Deny,
    /// They are allowed: for local models and tests.
    Allow,
}

/// What one gateway and one tenant may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The largest request and the largest unstreamed answer, in bytes: 100,000,000.
    pub body_bytes: usize,
    /// Requests in flight in the whole gateway: 10,000.
    pub concurrency: u32,
    /// Requests in flight per tenant: 5,000.
    pub tenant_concurrency: u32,
    /// Tenants, and API keys, kept in memory: 100,000 each.
    pub cache_entries: u64,
}

/// How traces wait for the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RecorderConfig {
    /// Traces that may wait: 100,000. What comes on top is dropped and counted.
    pub queue_rows: usize,
    /// Bytes they may hold: 256 MiB.
    pub queue_bytes: usize,
    /// How long a trace waits for others at most, in milliseconds: 100.
    pub flush_ms: u64,
    /// Traces written in one transaction: 100.
    pub batch_rows: usize,
    /// Bytes the gateway's spool may have on disk: 1 GiB. While it has them, traces wait in memory only.
    pub spool_bytes: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect_ms: 5_000, first_byte_ms: 60_000, idle_ms: 60_000, total_ms: 600_000 }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self { max_attempts: 3, base_ms: 250, max_ms: 10_000 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 100_000_000, concurrency: 10_000, tenant_concurrency: 5_000, cache_entries: 100_000 }
    }
}

impl Default for RecorderConfig {
    fn default() -> Self {
        Self { queue_rows: 100_000, queue_bytes: 256 << 20, flush_ms: 100, batch_rows: 100, spool_bytes: 1 << 30 }
    }
}

impl Timeouts {
    /// These timeouts with a provider's overrides.
    pub(crate) fn with(self, overrides: Option<TimeoutOverrides>) -> Self {
        let overrides = overrides.unwrap_or_default();
        Self {
            connect_ms: overrides.connect_ms.unwrap_or(self.connect_ms),
            first_byte_ms: overrides.first_byte_ms.unwrap_or(self.first_byte_ms),
            idle_ms: overrides.idle_ms.unwrap_or(self.idle_ms),
            total_ms: overrides.total_ms.unwrap_or(self.total_ms),
        }
    }

    /// Refuses a timeout of zero and one beyond a day: nothing waits for ever.
    pub(crate) fn validate(self, prefix: &str) -> Result<()> {
        let all = [
            ("connect_ms", self.connect_ms),
            ("first_byte_ms", self.first_byte_ms),
            ("idle_ms", self.idle_ms),
            ("total_ms", self.total_ms),
        ];
        match all.into_iter().find(|(_, value)| !(1..=86_400_000).contains(value)) {
            Some((name, value)) => Err(Error::config(
                format!("{prefix}.{name}"),
                format!("{prefix}.{name} is {value}; it must be 1 to 86400000"),
            )),
            None => Ok(()),
        }
    }
}

impl Retry {
    /// These settings with a provider's overrides.
    pub(crate) fn with(self, overrides: Option<RetryOverrides>) -> Self {
        let overrides = overrides.unwrap_or_default();
        Self {
            max_attempts: overrides.max_attempts.unwrap_or(self.max_attempts),
            base_ms: overrides.base_ms.unwrap_or(self.base_ms),
            max_ms: overrides.max_ms.unwrap_or(self.max_ms),
        }
    }

    /// Refuses no attempt at all, and more than ten.
    pub(crate) fn validate(self, prefix: &str) -> Result<()> {
        if (1..=10).contains(&self.max_attempts) {
            Ok(())
        } else {
            Err(Error::config(
                format!("{prefix}.max_attempts"),
                format!("{prefix}.max_attempts must be 1 to 10; 1 means no retry"),
            ))
        }
    }
}
