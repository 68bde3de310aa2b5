//! What a host may set, as plain data; validated once into [`Settings`].

mod breaker;
mod read;
mod sections;
mod settings;

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::Deserialize;

pub(crate) use self::settings::{Settings, SqlitePlace};
pub use self::{
    breaker::BreakerConfig,
    sections::{Durability, Limits, Migrate, Network, PrivateAddresses, RecorderConfig, Retry, Timeouts},
};
use crate::types::{
    price::PriceOverride,
    provider::{ProviderConfig, Secret},
    retention::Retention,
    tenant::Capture,
};

/// How a gateway is opened. Fields are added in minor versions: build it with `..Config::default()`.
///
/// From JSON unknown keys are refused. Every key is also read from the environment by [`Config::from_env`], as
/// `GATEWAY_<KEY>`.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// What of a trace survives the end of the process before it is in the store: `spool` (default), `sync` or `memory`,
    /// which is the default of `sqlite::memory:`.
    pub durability: Option<Durability>,
    /// The directory of the spool, shared by all gateways of a store on this machine. Beside a SQLite file when omitted;
    /// with PostgreSQL it has to be named, or `durability` be `memory`.
    pub spool_dir: Option<PathBuf>,
    /// What traces keep, unless a tenant or a call says less; `full` when omitted.
    pub capture: Capture,
    /// How long traces are kept, unless a tenant says otherwise; for ever when omitted. Gateways that share a store are to
    /// say the same.
    pub retention: Retention,
    /// Prices that go before the table's, for tenants that have none of their own for a model.
    pub prices: Vec<PriceOverride>,
    /// Providers of tenants that have none; the first one, or the one with `default`, is the default.
    pub providers: Vec<ProviderConfig>,
    /// How long to wait for an upstream.
    pub timeouts: Timeouts,
    /// How often to ask an upstream again.
    pub retry: Retry,
    /// When a provider that fails is passed over for its fallbacks.
    pub breaker: BreakerConfig,
    /// How upstreams are reached.
    pub network: Network,
    /// What one gateway and one tenant may use.
    pub limits: Limits,
    /// How traces wait for the store.
    pub recorder: RecorderConfig,
    /// How long cached keys and tenants serve while the store is away, in milliseconds; an hour when omitted.
    pub stale_limit_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            store: "sqlite:gateway.db".to_owned(),
            master_key: None,
            master_keys: BTreeMap::new(),
            migrate: Migrate::Auto,
            durability: None,
            spool_dir: None,
            capture: Capture::Full,
            retention: Retention::default(),
            prices: Vec::new(),
            providers: Vec::new(),
            timeouts: Timeouts::default(),
            retry: Retry::default(),
            breaker: BreakerConfig::default(),
            network: Network::default(),
            limits: Limits::default(),
            recorder: RecorderConfig::default(),
            stale_limit_ms: 3_600_000,
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
            durability,
            spool_dir,
            capture,
            retention,
            prices,
            providers,
            timeouts,
            retry,
            breaker,
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
            .field("durability", durability)
            .field("spool_dir", spool_dir)
            .field("capture", capture)
            .field("retention", retention)
            .field("prices", prices)
            .field("providers", providers)
            .field("timeouts", timeouts)
            .field("retry", retry)
            .field("breaker", breaker)
            .field("network", network)
            .field("limits", limits)
            .field("recorder", recorder)
            .field("stale_limit_ms", stale_limit_ms)
            .finish()
    }
}
