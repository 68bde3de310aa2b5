//! Providers as the API takes and shows them. The secret goes in and never comes out.

mod fallback;
mod overrides;

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

pub use self::{
    fallback::Fallback,
    overrides::{BreakerOverrides, RetryOverrides, TimeoutOverrides},
};
use super::{flat, ids::ProviderName, price::Billing, time::Timestamp};

/// Text that is never printed, logged or serialised.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The text itself: for the one place that needs it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Self {
        Self(SecretString::from(text.into()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// How to reach one provider on a tenant's behalf. Fields are added in minor versions: build it with
/// `..ProviderConfig::default()`.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProviderConfig {
    /// Unique within the tenant; the kind's name when omitted.
    pub name: Option<ProviderName>,
    /// A kind of the provider table: `openai`, `azure`, `custom`, `mock`, or a vendor such as `groq`.
    pub kind: String,
    /// The provider's key. Omitted in an update: the stored one stays.
    pub api_key: Option<Secret>,
    /// Whether it serves models that no provider's pattern names. A tenant's first provider is its default.
    pub default: Option<bool>,
    /// Everything else; in JSON its keys stand beside these.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub settings: ProviderSettings,
}

impl ProviderConfig {
    /// The name, or the kind's where there is none.
    pub(crate) fn effective_name(&self) -> Option<ProviderName> {
        self.name.clone().or_else(|| self.kind.parse().ok())
    }
}

impl<'de> Deserialize<'de> for ProviderConfig {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            name: Option<ProviderName>,
            kind: String,
            api_key: Option<Secret>,
            default: Option<bool>,
        }
        let (head, settings) = flat::split::<D, Head, _>(deserializer, &["name", "kind", "api_key", "default"])?;
        Ok(Self { name: head.name, kind: head.kind, api_key: head.api_key, default: head.default, settings })
    }
}

/// The part of a provider's configuration that is no secret. Fields are added in minor versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ProviderSettings {
    /// Where it is; the kind's built-in URL when omitted, required where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Models it serves: exact names or patterns with `*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Names callers may use → the model that is really asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<String, String>,
    /// Azure: the deployment of models that `deployments` does not name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// Azure: model → deployment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub deployments: BTreeMap<String, String>,
    /// Azure: `api-version` of the classic URLs (`2024-02-01`), or `v1` for the `/openai/v1` URLs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// OpenAI: sent as `OpenAI-Organization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// OpenAI: sent as `OpenAI-Project`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// HTTP/2 instead of HTTP/1.1, where the upstream offers it over TLS.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub http2: bool,
    /// Overrides the gateway's `timeouts`, key by key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<TimeoutOverrides>,
    /// Overrides the gateway's `retry`, key by key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryOverrides>,
    /// Who is asked instead, in this order, once this provider's own retries are spent: at most 8, before the answer
    /// began and within this provider's total timeout. Another is asked after a failure that it may not have: no
    /// connection, no answer in time, 401, 403, 404, 408, 409, 429, 5xx, and what is no HTTP. Where the upstream asks to
    /// be left alone for longer than `retry.max_ms`, the retries count as spent.
    ///
    /// Those of a fallback are not followed, and none is asked where the caller named the provider.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<Fallback>,
    /// Overrides the gateway's `breaker`, key by key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerOverrides>,
    /// What its models are billed as, where their names or the kind do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing: Option<Box<Billing>>,
    /// `custom`: what the endpoint supports beyond chat; nothing of it when omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// `mock`: the answer to every chat; `Hello from the mock provider.` when omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
}

/// What an upstream supports beyond chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Capabilities {
    /// `stream_options.include_usage` on streamed chats.
    pub stream_options: bool,
    /// `/embeddings`.
    pub embeddings: bool,
    /// `/models`.
    pub models: bool,
    /// `/responses`.
    pub responses: bool,
}

/// A provider as it is stored: everything but its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ProviderInfo {
    /// Unique within the tenant.
    pub name: ProviderName,
    /// A kind of the provider table.
    pub kind: String,
    /// Whether it serves models that no provider's pattern names.
    pub default: bool,
    /// Whether a key of its own is stored.
    pub has_api_key: bool,
    /// Everything that is no secret.
    #[serde(flatten)]
    pub settings: ProviderSettings,
    /// When it was first set; `None` for a provider of the gateway's configuration.
    pub created_at: Option<Timestamp>,
    /// When it was last set; `None` for a provider of the gateway's configuration.
    pub updated_at: Option<Timestamp>,
}
