//! API keys as the API takes and shows them.

use serde::{Deserialize, Serialize};

use super::{ids::TenantId, provider::Secret, time::Timestamp};

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Call models.
    Infer,
    /// Read the tenant's traces and analytics.
    Read,
    /// Manage tenants, providers and keys.
    Admin,
}

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyStatus {
    /// It works until it expires.
    Active,
    /// It was revoked.
    Revoked,
}

/// A key to be created. Fields are added in minor versions.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NewApiKey {
    /// A label for people.
    pub name: Option<String>,
    /// What it may do; `infer` when omitted.
    pub scopes: Option<Vec<Scope>>,
    /// From when on it is refused; never when omitted.
    pub expires_at: Option<Timestamp>,
}

/// A key as it is stored: everything but the secret, of which only a hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ApiKey {
    /// Identifies the key in lists and for revocation; not the secret.
    pub id: String,
    /// The tenant it belongs to; `None` for an admin key.
    pub tenant_id: Option<TenantId>,
    /// A label for people.
    pub name: Option<String>,
    /// The first characters of the secret, to recognise it by.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Whether it works.
    pub status: ApiKeyStatus,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A key that was just created: the only time its secret is shown.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CreatedApiKey {
    /// What is stored.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub key: ApiKey,
    /// `gwk_` and 43 base-62 characters and a checksum.
    pub secret: Secret,
}

impl Serialize for CreatedApiKey {
    /// The stored fields and `secret` beside them. This is the one place where a secret is written out.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            #[serde(flatten)]
            key: &'a ApiKey,
            secret: &'a str,
        }
        Shown { key: &self.key, secret: self.secret.expose() }.serialize(serializer)
    }
}
