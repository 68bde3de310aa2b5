//! Names of things, parsed once at the boundary.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Timestamp;
use crate::error::{Error, Result};

/// A tenant: 1 to 64 characters of `A-Z a-z 0-9 . _ : -`, chosen by the host and immutable. Clones share the text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TenantId(Arc<str>);

/// The name of a provider within its tenant, in the same alphabet as [`TenantId`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ProviderName(Arc<str>);

macro_rules! text_id {
    ($type:ident, $param:literal) => {
        impl $type {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                parse_text_id($param, text).map(Self)
            }
        }

        impl TryFrom<&str> for $type {
            type Error = Error;

            fn try_from(text: &str) -> Result<Self> {
                text.parse()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_id!(TenantId, "tenant_id");
text_id!(ProviderName, "provider");

fn parse_text_id(param: &str, text: &str) -> Result<Arc<str>> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.into())
    } else {
        Err(Error::invalid(param, format!("{param} {text:?} is not 1 to 64 characters of A-Z a-z 0-9 . _ : -")))
    }
}

impl TenantId {
    /// A new id for a tenant whose host did not choose one: a UUIDv7 of this moment.
    pub(crate) fn random(now: Timestamp) -> Self {
        Self(uuid_v7(now).to_string().into())
    }
}

/// A trace: a UUIDv7 whose millisecond is the trace's `created_at`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct TraceId(Uuid);

impl TraceId {
    /// A new id for a trace that begins at `created_at`.
    pub fn new(created_at: Timestamp) -> Self {
        Self(uuid_v7(created_at))
    }

    /// The millisecond in the id: when the request began.
    pub fn created_at(self) -> Timestamp {
        let [a, b, c, d, e, f, ..] = *self.0.as_bytes();
        Timestamp::from_millis(i64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// The sixteen bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The UUID.
    pub fn as_uuid(self) -> Uuid {
        self.0
    }
}

/// A UUIDv7 of this moment.
fn uuid_v7(now: Timestamp) -> Uuid {
    let random = *Uuid::new_v4().as_bytes();
    let tail = random.first_chunk().copied().unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(now.as_millis().unsigned_abs(), &tail).into_uuid()
}

impl From<Uuid> for TraceId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl FromStr for TraceId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Uuid::from_str(text)
            .map(Self)
            .map_err(|_| Error::invalid("trace_id", format!("trace_id {text:?} is not a UUID")))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
