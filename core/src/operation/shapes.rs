//! Arguments and answers of operations that are called by name, where the methods take or give something that is no JSON
//! object by itself. `tenant_id` stands beside the arguments of a tenant's operation.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::types::{
    api_key::ApiKey,
    ids::{ProviderName, TenantId, TraceId},
    provider::{Capabilities, ProviderInfo},
    request::CallOptions,
    stats::DeadLetter,
};

/// Nothing to be said.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NoArguments {}

/// A call of a model.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelCall {
    /// Whose call it is.
    pub(crate) tenant_id: TenantId,
    /// The body in OpenAI's format, which goes upstream byte for byte. There is none for the list of models.
    pub(crate) request: Option<Box<RawValue>>,
    /// What the gateway is to do with it.
    #[serde(default)]
    pub(crate) options: CallOptions,
}

/// A tenant.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantRef {
    /// Its id.
    pub(crate) tenant_id: TenantId,
}

/// A trace.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceRef {
    /// Its id.
    pub(crate) trace_id: TraceId,
}

/// A provider, the default one where none is named.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderChoice {
    /// Its name.
    pub(crate) name: Option<ProviderName>,
}

/// A provider that is named.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderRef {
    /// Its name.
    pub(crate) name: ProviderName,
}

/// An API key.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRef {
    /// Its id, not its secret.
    pub(crate) key_id: String,
}

/// A table of prices.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceFile {
    /// The file's text.
    pub(crate) prices: String,
}

/// Where a backup goes.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupTarget {
    /// The file, which must not be there.
    pub(crate) path: String,
}

/// How many dead letters to list.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct DeadLetterQuery {
    /// 1 to 200; 50 when omitted.
    pub(crate) limit: Option<u32>,
}

/// How long to wait.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Timeout {
    /// In milliseconds; 10,000 when omitted.
    pub(crate) timeout_ms: Option<u64>,
}

/// A provider as it is shown.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct ProviderDescription {
    /// Its configuration, without the secret.
    #[serde(flatten)]
    pub(crate) info: ProviderInfo,
    /// What it offers beyond chat, whether configured or built in.
    pub(crate) capabilities: Capabilities,
}

/// Providers by name.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct ProviderList {
    /// The tenant's own.
    pub(crate) providers: Vec<ProviderInfo>,
}

/// What an eviction did.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Eviction {
    /// Whether the provider was cached.
    pub(crate) evicted: bool,
}

/// Keys, oldest first.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct ApiKeyList {
    /// Without their secrets.
    pub(crate) api_keys: Vec<ApiKey>,
}

/// Dead letters, newest first.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct DeadLetterList {
    /// What the store refused.
    pub(crate) dead_letters: Vec<DeadLetter>,
}
