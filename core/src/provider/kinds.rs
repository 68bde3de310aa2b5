//! The table of provider kinds, and how a configuration becomes a provider. Unknown kinds and incomplete
//! configurations are refused here, both when they are written and when they are built.

use std::sync::Arc;

use super::{
    Adapter, Provider, azure::Azure, billing::check_billing, compatible, envelope::is_model, mock::Mock, openai::OpenAi,
};
use crate::{
    breaker::Breaker,
    config::{BreakerConfig, Retry, Timeouts},
    error::{Error, ErrorCode, Result},
    network::AddressPolicy,
    types::provider::{ProviderInfo, Secret},
};

/// What a provider is built from.
pub(crate) struct Blueprint<'a> {
    pub(crate) info: Arc<ProviderInfo>,
    pub(crate) secret: Option<Secret>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: Retry,
    pub(crate) breaker: BreakerConfig,
    pub(crate) policy: AddressPolicy,
    pub(crate) operator_keys: &'a OperatorKeys,
}

/// The keys of the gateway's own configuration, by kind. They go to a kind's built-in URL only, never to an address
/// that a tenant configured.
#[derive(Debug, Default)]
pub(crate) struct OperatorKeys(pub(crate) Vec<(String, Secret)>);

impl OperatorKeys {
    fn get(&self, kind: &str) -> Option<&Secret> {
        self.0.iter().find(|(known, _)| known == kind).map(|(_, key)| key)
    }
}

/// Builds the provider, or says which field is missing or wrong.
pub(crate) fn build(blueprint: Blueprint<'_>) -> Result<Arc<Provider>> {
    let adapter = adapter(&blueprint)?;
    let timeouts = blueprint.timeouts.with(blueprint.info.settings.timeouts);
    let retry = blueprint.retry.with(blueprint.info.settings.retry);
    let breaker = blueprint.breaker.with(blueprint.info.settings.breaker);
    check_fallbacks(&blueprint.info)?;
    blueprint.info.settings.billing.as_deref().map_or(Ok(()), check_billing)?;
    timeouts
        .validate("timeouts")
        .and_then(|()| retry.validate("retry"))
        .and_then(|()| breaker.validate("breaker"))
        .map_err(|error| as_provider_error(&error))?;
    Ok(Arc::new(Provider { info: blueprint.info, timeouts, retry, breaker: Breaker::new(breaker), adapter }))
}

/// So many fallbacks may a provider have.
const MAX_FALLBACKS: usize = 8;

fn check_fallbacks(info: &ProviderInfo) -> Result<()> {
    let fallbacks = &info.settings.fallbacks;
    let problem = if fallbacks.len() > MAX_FALLBACKS {
        format!("fallbacks has {} targets; at most {MAX_FALLBACKS} are accepted", fallbacks.len())
    } else if fallbacks.iter().any(|fallback| fallback.provider == info.name) {
        format!("fallbacks names {} itself; name other providers of the tenant", info.name)
    } else if fallbacks.iter().filter_map(|fallback| fallback.model.as_deref()).any(|model| !is_model(model)) {
        "fallbacks has a model that is not 1 to 256 characters, none of them NUL".to_owned()
    } else {
        return Ok(());
    };
    Err(incomplete("fallbacks", problem))
}

/// Whether the provider could be built.
pub(crate) fn check(blueprint: Blueprint<'_>) -> Result<()> {
    build(blueprint).map(drop)
}

/// The base URL and the key of an OpenAI-compatible endpoint.
pub(super) struct Access<'a> {
    /// The kind's built-in URL, if it has one.
    pub(super) built_in: Option<&'a str>,
    /// Whether it must have a key.
    pub(super) needs_key: bool,
}

fn adapter(blueprint: &Blueprint<'_>) -> Result<Arc<dyn Adapter>> {
    let kind = blueprint.info.kind.as_str();
    Ok(match kind {
        "openai" => Arc::new(OpenAi::official(blueprint)?),
        "azure" => Arc::new(Azure::new(blueprint)?),
        "custom" => Arc::new(OpenAi::custom(blueprint)?),
        "mock" => Arc::new(Mock::new(blueprint)),
        _ => match compatible::vendor(kind) {
            Some(vendor) => Arc::new(OpenAi::vendor(vendor, blueprint)?),
            None => return Err(unknown_kind(kind)),
        },
    })
}

impl Blueprint<'_> {
    /// The configured base URL, else the built-in one.
    pub(super) fn base_url<'a>(&'a self, built_in: Option<&'a str>) -> Result<&'a str> {
        let missing = || {
            incomplete("base_url", format!("base_url is missing; kind {:?} has no built-in address", self.info.kind))
        };
        self.info.settings.base_url.as_deref().or(built_in).ok_or_else(missing)
    }

    /// The provider's own key, else the operator's where the address is the built-in one.
    pub(super) fn key(&self, access: &Access<'_>) -> Result<Option<&Secret>> {
        let at_home = access.built_in.is_some()
            && self
                .info
                .settings
                .base_url
                .as_deref()
                .is_none_or(|url| Some(url.trim_end_matches('/')) == access.built_in);
        let operator = at_home.then(|| self.operator_keys.get(&self.info.kind)).flatten();
        match self.secret.as_ref().or(operator) {
            Some(key) => Ok(Some(key)),
            None if access.needs_key => {
                Err(incomplete("api_key", format!("api_key is missing; kind {:?} needs one", self.info.kind)))
            }
            None => Ok(None),
        }
    }
}

/// The error of a configuration that lacks something.
pub(super) fn incomplete(param: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidProviderConfig, message).with_param(param)
}

fn as_provider_error(error: &Error) -> Error {
    incomplete(error.param().unwrap_or_default(), error.to_string())
}

fn unknown_kind(kind: &str) -> Error {
    let vendors: Vec<_> = compatible::VENDORS.iter().map(|vendor| vendor.kind).collect();
    let message =
        format!("provider kind {kind:?} is unknown; known are openai, azure, custom, mock, {}", vendors.join(", "));
    Error::new(ErrorCode::UnknownProviderKind, message).with_param("kind")
}
