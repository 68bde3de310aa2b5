//! What a host may set, as plain data; validated once into [`Settings`]. Reads the environment only in
//! [`Config::from_env`].

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    crypto::MasterKeys,
    error::{Error, ErrorCode, Result},
    types::{
        provider::{ProviderConfig, RetryOverrides, Secret, TimeoutOverrides},
        tenant::Capture,
    },
};

/// How a gateway is opened. Fields are added in minor versions: build it with `..Config::default()`.
///
/// From JSON unknown keys are refused. Every key is also read from the environment by [`Config::from_env`], as
/// `GATEWAY_<KEY>`.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `sqlite:PATH`, `sqlite::memory:` or `postgres://…`; `sqlite:gateway.db` when omitted.
    pub store: String,
    /// Short form of `master_keys` with one key, version 1: 64 hex digits. In-memory stores may omit it.
    pub master_key: Option<Secret>,
    /// Version → 64 hex digits. The highest version encrypts; the others stay readable.
    pub master_keys: BTreeMap<u32, Secret>,
    /// Whether the store's schema may be changed: `auto` (default), `check` or `off`.
    pub migrate: Migrate,
    /// What traces keep, unless a tenant or a call says less; `full` when omitted.
    pub capture: Capture,
    /// Providers of tenants that have none; the first one, or the one with `default`, is the default.
    pub providers: Vec<ProviderConfig>,
    /// How long to wait for an upstream.
    pub timeouts: Timeouts,
    /// How often to ask an upstream again.
    pub retry: Retry,
    /// How upstreams are reached.
    pub network: Network,
    /// What one gateway and one tenant may use.
    pub limits: Limits,
    /// How traces wait for the store.
    pub recorder: RecorderConfig,
    /// How long cached keys and tenants serve while the store is away, in milliseconds; an hour when omitted.
    pub stale_limit_ms: u64,
}

/// Whether the store's schema may be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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

/// How long to wait for an upstream, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// Until the connection stands: 5,000. Rounded up to one of 100, 250, 500, 1,000, 2,000, 5,000, 15,000 and 60,000,
    /// since connections with different limits are not shared.
    pub connect_ms: u64,
    /// Until the answer begins: 60,000.
    pub first_byte_ms: u64,
    /// Between two pieces of an answer: 60,000.
    pub idle_ms: u64,
    /// From the call to its end, retries included: 600,000.
    pub total_ms: u64,
}

/// How often to ask an upstream again: on connection errors, 408, 409, 429 and 5xx, before the answer began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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
}

impl Default for Config {
    fn default() -> Self {
        Self {
            store: "sqlite:gateway.db".to_owned(),
            master_key: None,
            master_keys: BTreeMap::new(),
            migrate: Migrate::Auto,
            capture: Capture::Full,
            providers: Vec::new(),
            timeouts: Timeouts::default(),
            retry: Retry::default(),
            network: Network::default(),
            limits: Limits::default(),
            recorder: RecorderConfig::default(),
            stale_limit_ms: 3_600_000,
        }
    }
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
        Self { queue_rows: 100_000, queue_bytes: 256 << 20, flush_ms: 100, batch_rows: 100 }
    }
}

impl Config {
    /// Keys whose environment variables hold plain text; those of the others hold JSON.
    const TEXT_KEYS: [&str; 4] = ["store", "master_key", "migrate", "capture"];
    const JSON_KEYS: [&str; 8] =
        ["master_keys", "providers", "timeouts", "retry", "network", "limits", "recorder", "stale_limit_ms"];

    /// Reads `GATEWAY_STORE`, `GATEWAY_MASTER_KEY` and so on (structured keys as JSON), and makes the provider
    /// `openai` of `OPENAI_API_KEY` where no provider of that kind is configured.
    #[expect(clippy::disallowed_methods, reason = "this is the one place, and only when it is called")]
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut keys = Map::new();
        for key in Self::TEXT_KEYS.into_iter().chain(Self::JSON_KEYS) {
            let name = format!("GATEWAY_{}", key.to_uppercase());
            let Some(text) = variable(&name) else { continue };
            let value = if Self::TEXT_KEYS.contains(&key) {
                Value::String(text)
            } else {
                serde_json::from_str(&text)
                    .map_err(|error| Error::config(key, format!("{name} is not JSON: {error}")))?
            };
            keys.insert(key.to_owned(), value);
        }
        let mut config: Self = serde_json::from_value(Value::Object(keys))
            .map_err(|error| Error::new(ErrorCode::InvalidConfig, format!("the environment: {error}")))?;
        if let (Some(key), false) =
            (variable("OPENAI_API_KEY"), config.providers.iter().any(|provider| provider.kind == "openai"))
        {
            config.providers.push(ProviderConfig {
                kind: "openai".to_owned(),
                api_key: Some(key.into()),
                ..ProviderConfig::default()
            });
        }
        Ok(config)
    }

    /// Reads a JSON object.
    pub fn from_json(text: &str) -> Result<Self> {
        // Serde would take a list too, value by value.
        if !text.trim_start().starts_with('{') {
            return Err(Error::new(ErrorCode::InvalidConfig, "the configuration: not a JSON object"));
        }
        serde_json::from_str(text).map_err(|error| {
            let message = format!("the configuration: {error}");
            Error::new(ErrorCode::InvalidConfig, message)
        })
    }

    fn master_keys(&self) -> Result<MasterKeys> {
        let mut keys = self.master_keys.clone();
        if let Some(key) = &self.master_key {
            if !keys.is_empty() {
                return Err(Error::config("master_key", "master_key and master_keys are both set; keep one of them"));
            }
            keys.insert(1, key.clone());
        }
        match keys.is_empty() {
            true if self.store == "sqlite::memory:" => MasterKeys::generate(),
            true => Err(Error::config(
                "master_key",
                "master_key is missing; make one with `openssl rand -hex 32` and keep it safe",
            )),
            false => MasterKeys::parse(&keys),
        }
    }
}

impl fmt::Debug for Config {
    /// All but the address of a database server, which may carry a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            store,
            master_key,
            master_keys,
            migrate,
            capture,
            providers,
            timeouts,
            retry,
            network,
            limits,
            recorder,
            stale_limit_ms,
        } = self;
        let store = match store.split_once(':') {
            Some(("sqlite", _)) => store.clone(),
            Some((scheme, _)) => format!("{scheme}:[secret]"),
            None => "[secret]".to_owned(),
        };
        f.debug_struct("Config")
            .field("store", &store)
            .field("master_key", master_key)
            .field("master_keys", master_keys)
            .field("migrate", migrate)
            .field("capture", capture)
            .field("providers", providers)
            .field("timeouts", timeouts)
            .field("retry", retry)
            .field("network", network)
            .field("limits", limits)
            .field("recorder", recorder)
            .field("stale_limit_ms", stale_limit_ms)
            .finish()
    }
}

/// A [`Config`] that holds together.
pub(crate) struct Settings {
    pub(crate) store: String,
    pub(crate) master_keys: Arc<MasterKeys>,
    pub(crate) migrate: Migrate,
    pub(crate) capture: Capture,
    pub(crate) providers: Vec<ProviderConfig>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: Retry,
    pub(crate) network: Network,
    pub(crate) limits: Limits,
    pub(crate) recorder: RecorderConfig,
    pub(crate) stale_limit: Duration,
}

impl TryFrom<Config> for Settings {
    type Error = Error;

    fn try_from(config: Config) -> Result<Self> {
        config.timeouts.validate("timeouts")?;
        config.retry.validate("retry")?;
        let counts = [
            ("limits.body_bytes", config.limits.body_bytes),
            ("limits.concurrency", usize::try_from(config.limits.concurrency).unwrap_or(usize::MAX)),
            ("limits.tenant_concurrency", usize::try_from(config.limits.tenant_concurrency).unwrap_or(usize::MAX)),
            ("recorder.queue_rows", config.recorder.queue_rows),
            ("recorder.queue_bytes", config.recorder.queue_bytes),
            ("recorder.batch_rows", config.recorder.batch_rows),
        ];
        if let Some((param, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(Error::config(param, format!("{param} must be at least 1")));
        }
        if config.recorder.batch_rows > 1_000 {
            return Err(Error::config("recorder.batch_rows", "recorder.batch_rows must be at most 1000"));
        }
        Ok(Self {
            master_keys: Arc::new(config.master_keys()?),
            store: config.store,
            migrate: config.migrate,
            capture: config.capture,
            providers: config.providers,
            timeouts: config.timeouts,
            retry: config.retry,
            network: config.network,
            limits: config.limits,
            recorder: config.recorder,
            stale_limit: Duration::from_millis(config.stale_limit_ms),
        })
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
