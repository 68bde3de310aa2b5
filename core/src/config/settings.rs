//! The one validation of a configuration. What it lets pass is not checked again.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{BreakerConfig, Config, Durability, Limits, Migrate, Network, RecorderConfig, Retry, Timeouts};
use crate::{
    crypto::MasterKeys,
    error::{Error, Result},
    types::{price::PriceOverride, provider::ProviderConfig, retention::Retention, tenant::Capture},
};

/// One segment, and what is carried out of it.
const LEAST_SPOOL_BYTES: u64 = 16 << 20;

/// A [`Config`] that holds together.
pub(crate) struct Settings {
    pub(crate) store: String,
    pub(crate) master_keys: Arc<MasterKeys>,
    pub(crate) migrate: Migrate,
    pub(crate) durability: Durability,
    /// Where the spool is; `None` with [`Durability::Memory`].
    pub(crate) spool_dir: Option<PathBuf>,
    pub(crate) capture: Capture,
    pub(crate) retention: Retention,
    pub(crate) prices: Vec<PriceOverride>,
    pub(crate) providers: Vec<ProviderConfig>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: Retry,
    pub(crate) breaker: BreakerConfig,
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
        config.breaker.validate("breaker")?;
        config.retention.check(Error::config)?;
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
        if config.recorder.spool_bytes < LEAST_SPOOL_BYTES {
            let message = format!("recorder.spool_bytes must be at least {LEAST_SPOOL_BYTES}");
            return Err(Error::config("recorder.spool_bytes", message));
        }
        let (durability, spool_dir) = config.spool()?;
        Ok(Self {
            durability,
            spool_dir,
            master_keys: Arc::new(config.master_keys()?),
            store: config.store,
            migrate: config.migrate,
            capture: config.capture,
            retention: config.retention,
            prices: config.prices,
            providers: config.providers,
            timeouts: config.timeouts,
            retry: config.retry,
            breaker: config.breaker,
            network: config.network,
            limits: config.limits,
            recorder: config.recorder,
            stale_limit: Duration::from_millis(config.stale_limit_ms),
        })
    }
}

/// Where a SQLite store is.
pub(crate) enum SqlitePlace {
    Memory,
    File(PathBuf),
}

impl SqlitePlace {
    /// The place in a store's URL: `sqlite:FILE`, `sqlite://FILE`, with percent signs, and nothing but `?mode=rwc` behind
    /// it. `None` for what is no SQLite store, or not written like that.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let location = url.strip_prefix("sqlite:")?;
        let location = location.strip_prefix("//").unwrap_or(location);
        if location.starts_with(":memory:") {
            return Some(Self::Memory);
        }
        let (file, parameters) = location.split_once('?').unwrap_or((location, ""));
        if file.is_empty() || !matches!(parameters, "" | "mode=rwc") {
            return None;
        }
        let file = percent_encoding::percent_decode_str(file).decode_utf8().ok()?;
        Some(Self::File(PathBuf::from(&*file)))
    }
}

impl Config {
    /// How durable traces are, and where the spool is that makes them so.
    fn spool(&self) -> Result<(Durability, Option<PathBuf>)> {
        let place = SqlitePlace::of(&self.store);
        let in_memory = matches!(place, Some(SqlitePlace::Memory));
        let durability = match self.durability {
            Some(durability) => durability,
            None if in_memory && self.spool_dir.is_none() => Durability::Memory,
            None => Durability::default(),
        };
        if durability == Durability::Memory {
            return Ok((durability, None));
        }
        let beside = || match place {
            Some(SqlitePlace::File(mut file)) => {
                file.as_mut_os_string().push(".spool");
                Some(file)
            }
            _ => None,
        };
        let directory = self.spool_dir.clone().or_else(beside);
        // What is no store at all is the store's to refuse.
        if directory.is_none() && (in_memory || self.store.starts_with("postgres")) {
            let message = "spool_dir is missing: this store is no file to put it beside; name a directory of this \
                           machine, or set durability to memory";
            return Err(Error::config("spool_dir", message));
        }
        Ok((durability, directory))
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
            true if matches!(SqlitePlace::of(&self.store), Some(SqlitePlace::Memory)) => MasterKeys::generate(),
            true => Err(Error::config(
                "master_key",
                "master_key is missing; make one with `openssl rand -hex 32` and keep it safe",
            )),
            false => MasterKeys::parse(&keys),
        }
    }
}
