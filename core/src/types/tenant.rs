//! Tenants as the API shows and takes them.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

use super::{ids::TenantId, price::PriceOverride, provider::ProviderConfig, retention::Retention, time::Timestamp};

/// What of a request's content a trace keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Capture {
    /// Metadata, request, response and attempts; the content encrypted.
    #[default]
    Full,
    /// Metadata, with the caller's `metadata`, `user_id` and `session_id`, but no content.
    Metadata,
    /// Counts, times, model and status only: nothing the caller wrote.
    None,
}

impl Capture {
    /// Whichever of the two keeps less.
    pub(crate) fn at_most(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::Metadata, _) | (_, Self::Metadata) => Self::Metadata,
            (Self::Full, Self::Full) => Self::Full,
        }
    }
}

/// Whether a tenant may call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
    /// It may.
    #[default]
    Active,
    /// Its calls are refused with `tenant_disabled`; its traces stay readable.
    Disabled,
}

/// A tenant to be created. Fields are added in minor versions: build it with `..NewTenant::default()`.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NewTenant {
    /// Chosen by the host; a UUIDv7 when omitted.
    pub id: Option<TenantId>,
    /// A label for people.
    pub name: Option<String>,
    /// What traces keep; the gateway's `capture` when omitted.
    pub capture: Option<Capture>,
    /// Requests in flight at once; the gateway's `limits.tenant_concurrency` when omitted.
    pub concurrency: Option<u32>,
    /// How long traces are kept; each value that is omitted is the gateway's.
    pub retention: Retention,
    /// Prices of its own; they go before the gateway's.
    pub prices: Vec<PriceOverride>,
    /// A first provider, which becomes the default.
    pub provider: Option<ProviderConfig>,
}

/// Changes to a tenant: what is `None` stays as it is. Fields are added in minor versions.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TenantUpdate {
    /// A label for people.
    pub name: Option<String>,
    /// Whether it may call.
    pub status: Option<TenantStatus>,
    /// What traces keep.
    pub capture: Option<Capture>,
    /// Requests in flight at once.
    pub concurrency: Option<u32>,
    /// How long traces are kept, both values at once: one that it leaves out is the gateway's again.
    pub retention: Option<Retention>,
    /// Prices of its own, all at once: an empty list takes them away.
    pub prices: Option<Vec<PriceOverride>>,
}

/// Refuses a tenant that could not call at all or would keep nothing, and names that no database keeps.
pub(crate) fn check(name: Option<&str>, concurrency: Option<u32>, retention: Retention) -> Result<()> {
    retention.check(Error::invalid)?;
    if concurrency == Some(0) {
        return Err(Error::invalid(
            "concurrency",
            "concurrency must be at least 1; disable the tenant with its status",
        ));
    }
    check_label(name)
}

/// Refuses a label for people that is too long, or that no database keeps.
pub(crate) fn check_label(name: Option<&str>) -> Result<()> {
    match name {
        Some(name) if name.contains('\0') || name.chars().count() > 256 => {
            Err(Error::invalid("name", "name has at most 256 characters, none of them NUL"))
        }
        _ => Ok(()),
    }
}

/// A tenant as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Tenant {
    /// The immutable id.
    pub id: TenantId,
    /// A label for people.
    pub name: Option<String>,
    /// Whether it may call.
    pub status: TenantStatus,
    /// What traces keep; `None` means the gateway's `capture`.
    pub capture: Option<Capture>,
    /// Requests in flight at once; `None` means the gateway's `limits.tenant_concurrency`.
    pub concurrency: Option<u32>,
    /// How long traces are kept; a `None` in it means the gateway's.
    #[serde(default)]
    pub retention: Retention,
    /// Prices of its own; they go before the gateway's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<PriceOverride>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// One page of tenants, by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TenantPage {
    /// At most `limit` tenants.
    pub tenants: Vec<Tenant>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<String>,
}

/// Which tenants to list. Fields are added in minor versions.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TenantQuery {
    /// 1 to 200; 50 when omitted.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}
