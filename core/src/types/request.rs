//! What a caller hands in: a body for the provider, and options for the gateway.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{ids::ProviderName, tenant::Capture};
use crate::error::{Error, ErrorCode, Result};

/// One call: the provider's JSON as bytes, which go upstream as they are, and the gateway's options.
///
/// ```
/// let request = libgateway::Request::from(serde_json::json!({"model": "gpt-4o", "messages": []}));
/// # let _ = request;
/// ```
#[derive(Clone, Default)]
pub struct Request {
    /// The body in OpenAI's format; fields this library does not know reach the provider too.
    pub body: Bytes,
    /// What the gateway is to do with it.
    pub options: CallOptions,
}

impl Request {
    /// A request whose body is `value` as JSON.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        serde_json::to_vec(value).map(Self::from).map_err(|error| {
            Error::new(ErrorCode::InvalidJson, "the request cannot be written as JSON").with_source(error)
        })
    }

    /// The same request with these options.
    pub fn with_options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }
}

impl fmt::Debug for Request {
    /// Everything but the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("body_bytes", &self.body.len()).field("options", &self.options).finish()
    }
}

impl From<serde_json::Value> for Request {
    fn from(value: serde_json::Value) -> Self {
        Self::from(value.to_string())
    }
}

impl From<Bytes> for Request {
    fn from(body: Bytes) -> Self {
        Self { body, options: CallOptions::default() }
    }
}

impl From<Vec<u8>> for Request {
    fn from(body: Vec<u8>) -> Self {
        Self::from(Bytes::from(body))
    }
}

impl From<String> for Request {
    fn from(body: String) -> Self {
        Self::from(Bytes::from(body))
    }
}

impl From<&str> for Request {
    fn from(body: &str) -> Self {
        Self::from(Bytes::copy_from_slice(body.as_bytes()))
    }
}

/// Options of one call. They never reach the provider. Fields are added in minor versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CallOptions {
    /// Shortens `timeouts.total_ms` for this call.
    pub timeout_ms: Option<u64>,
    /// Stored with the trace: at most 16 keys, values of at most 512 characters.
    pub metadata: BTreeMap<String, String>,
    /// The end user, for filters; at most 256 characters.
    pub user_id: Option<String>,
    /// The conversation, for filters; at most 256 characters.
    pub session_id: Option<String>,
    /// The caller's own id of this request, for filters; at most 256 characters.
    pub request_id: Option<String>,
    /// Keeps less than the tenant's `capture`; it cannot keep more.
    pub capture: Option<Capture>,
    /// The provider to use, instead of the one the model chooses; its fallbacks are not asked then.
    pub provider: Option<ProviderName>,
}

impl CallOptions {
    const MAX_KEYS: usize = 16;
    const MAX_VALUE_CHARS: usize = 512;
    const MAX_ID_CHARS: usize = 256;

    /// Checks the sizes promised above.
    pub(crate) fn validate(&self) -> Result<()> {
        if self.metadata.len() > Self::MAX_KEYS {
            return Err(Error::invalid(
                "metadata",
                format!("metadata has {} keys; at most {} are kept", self.metadata.len(), Self::MAX_KEYS),
            ));
        }
        for (key, value) in &self.metadata {
            if key.is_empty() || key.chars().count() > 64 || value.chars().count() > Self::MAX_VALUE_CHARS {
                return Err(Error::invalid(
                    format!("metadata.{key}"),
                    format!("metadata keys have 1 to 64 characters and values at most {}", Self::MAX_VALUE_CHARS),
                ));
            }
        }
        for (name, value) in
            [("user_id", &self.user_id), ("session_id", &self.session_id), ("request_id", &self.request_id)]
        {
            if value.as_ref().is_some_and(|value| {
                value.is_empty() || value.contains('\0') || value.chars().count() > Self::MAX_ID_CHARS
            }) {
                return Err(Error::invalid(
                    name,
                    format!("{name} has 1 to {} characters, none of them NUL", Self::MAX_ID_CHARS),
                ));
            }
        }
        Ok(())
    }
}
