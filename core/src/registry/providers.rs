//! The providers of one tenant, or the gateway's own: described when they are loaded, built when they are first asked
//! for.

use std::sync::{Arc, OnceLock};

use crate::{
    config::{BreakerConfig, Retry, Settings, Timeouts},
    crypto::DataKey,
    error::{Error, ErrorCode, Result},
    network::AddressPolicy,
    provider::{Blueprint, OperatorKeys, Provider, Routes, build, check},
    store::{ProviderRecord, TenantRecord},
    types::{
        glob::Match,
        ids::ProviderName,
        provider::{ProviderConfig, ProviderInfo, Secret},
    },
};

/// What building a provider takes, beyond the provider's own configuration.
pub(super) struct BuildContext {
    timeouts: Timeouts,
    retry: Retry,
    breaker: BreakerConfig,
    policy: AddressPolicy,
    operator_keys: OperatorKeys,
}

/// Providers by name; each is built when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Providers {
    /// In the order of their names. Most tenants have one or two.
    slots: Vec<Slot>,
    pub(super) default: Option<ProviderName>,
}

#[derive(Debug)]
struct Slot {
    info: Arc<ProviderInfo>,
    secret: Option<Secret>,
    built: OnceLock<Arc<Provider>>,
}

impl BuildContext {
    pub(super) fn new(settings: &Settings) -> Self {
        let own_address = |provider: &&ProviderConfig| provider.settings.base_url.is_none();
        let keys = settings
            .providers
            .iter()
            .filter(own_address)
            .filter_map(|provider| Some((provider.kind.clone(), provider.api_key.clone()?)));
        Self {
            timeouts: settings.timeouts,
            retry: settings.retry,
            breaker: settings.breaker,
            policy: AddressPolicy(settings.network.private),
            operator_keys: OperatorKeys(keys.collect()),
        }
    }

    pub(super) fn blueprint(&self, info: Arc<ProviderInfo>, secret: Option<Secret>) -> Blueprint<'_> {
        Blueprint {
            info,
            secret,
            timeouts: self.timeouts,
            retry: self.retry,
            breaker: self.breaker,
            policy: self.policy,
            operator_keys: &self.operator_keys,
        }
    }
}

impl Providers {
    pub(super) fn of_records(record: &TenantRecord, data_key: &DataKey) -> Result<Self> {
        let mut providers = Self::default();
        providers.slots.reserve_exact(record.providers.len());
        for ProviderRecord { info, secret } in &record.providers {
            let tenant = &record.tenant.id;
            let secret = secret.as_ref().map(|sealed| data_key.open_secret(tenant, &info.name, sealed)).transpose()?;
            providers.add(Arc::new(info.clone()), secret);
        }
        Ok(providers)
    }

    pub(super) fn of_config(configs: &[ProviderConfig], context: &BuildContext) -> Result<Self> {
        let mut providers = Self::default();
        for config in configs {
            let mut info = info_of(config)?;
            info.default = config.default.unwrap_or(providers.default.is_none());
            if providers.slot(&info.name).is_some() {
                let message = format!("two providers are named {}; name one of them differently", info.name);
                return Err(Error::config(format!("providers.{}.name", info.name), message));
            }
            let info = Arc::new(info);
            check(context.blueprint(Arc::clone(&info), config.api_key.clone())).map_err(|error| {
                let param = format!("providers.{}.{}", info.name, error.param().unwrap_or("kind"));
                Error::config(param, error.to_string())
            })?;
            providers.add(info, config.api_key.clone());
        }
        Ok(providers)
    }

    /// The same providers for a tenant that has none of its own; their secrets stay here.
    pub(super) fn lent(&self, context: &BuildContext) -> Self {
        let lend = |slot: &Slot| {
            let built = self.get(&slot.info.name, context).map(|provider| Arc::new(provider.lent()));
            let secret = slot.secret.clone().filter(|_| built.is_err());
            Slot { info: Arc::clone(&slot.info), secret, built: built.map(OnceLock::from).unwrap_or_default() }
        };
        Self { slots: self.slots.iter().map(lend).collect(), default: self.default.clone() }
    }

    fn add(&mut self, info: Arc<ProviderInfo>, secret: Option<Secret>) {
        if info.default {
            self.default = Some(info.name.clone());
        }
        let place = self.slots.partition_point(|slot| slot.info.name < info.name);
        self.slots.insert(place, Slot { info, secret, built: OnceLock::new() });
    }

    fn slot(&self, name: &ProviderName) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.info.name == *name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Every name, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &ProviderName> {
        self.slots.iter().map(|slot| &slot.info.name)
    }

    /// Whether the provider of that name was asked for already.
    pub(super) fn is_built(&self, name: &ProviderName) -> bool {
        self.slot(name).is_some_and(|slot| slot.built.get().is_some())
    }

    pub(super) fn get(&self, name: &ProviderName, context: &BuildContext) -> Result<Arc<Provider>> {
        let not_found = || {
            Error::new(ErrorCode::ProviderNotFound, format!("there is no provider {name}; add it with set_provider"))
                .with_provider(name.as_str())
        };
        let slot = self.slot(name).ok_or_else(not_found)?;
        if let Some(built) = slot.built.get() {
            return Ok(Arc::clone(built));
        }
        let provider = build(context.blueprint(Arc::clone(&slot.info), slot.secret.clone()))
            .map_err(|error| error.with_provider(name.as_str()))?;
        Ok(Arc::clone(slot.built.get_or_init(|| provider)))
    }

    /// The name of the provider whose settings fit a model best; the first by name among equals.
    pub(super) fn best(&self, model: &str) -> Option<&ProviderName> {
        let mut best: Option<(Match, &ProviderName)> = None;
        for slot in &self.slots {
            if let Some(fit) = Routes(&slot.info.settings).fit(model)
                && best.is_none_or(|(found, _)| fit > found)
            {
                best = Some((fit, &slot.info.name));
            }
        }
        best.map(|(_, name)| name)
    }
}

/// The description of a configuration that is not stored yet.
pub(super) fn info_of(config: &ProviderConfig) -> Result<ProviderInfo> {
    let unknown = || {
        Error::new(ErrorCode::UnknownProviderKind, format!("provider kind {:?} is unknown", config.kind))
            .with_param("kind")
    };
    let name = config.effective_name().ok_or_else(unknown)?;
    Ok(ProviderInfo {
        name,
        kind: config.kind.clone(),
        default: config.default.unwrap_or(false),
        has_api_key: config.api_key.is_some(),
        settings: config.settings.clone(),
        created_at: None,
        updated_at: None,
    })
}
