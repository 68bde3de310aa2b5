//! Names of things, parsed once at the boundary.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

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

/// A trace: a UUIDv7 whose millisecond is the trace's `created_at`; those of one process sort as they were made.
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

/// A UUIDv7 of this moment. Within a millisecond, those of one process are in the order in which they were made.
fn uuid_v7(now: Timestamp) -> Uuid {
    let millisecond = now.as_millis().unsigned_abs();
    let [high, low] = place_within(millisecond);
    let mut tail: [u8; 10] = Uuid::new_v4().as_bytes().first_chunk().copied().unwrap_or_default();
    [tail[0], tail[1]] = [high, low];
    uuid::Builder::from_unix_timestamp_millis(millisecond, &tail).into_uuid()
}

/// Where a new id stands among those of its millisecond: what UUIDv7 has twelve bits for.
fn place_within(millisecond: u64) -> [u8; 2] {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let next = |last| following(last, millisecond);
    let last =
        LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last))).unwrap_or_else(|last| last);
    let [.., high, low] = next(last).to_be_bytes();
    [high & 0x0f, low]
}

/// The place after `last`, both with their millisecond above twelve bits. One that has passed gets the places of the
/// newest: its ids stay in order all the same.
fn following(last: u64, millisecond: u64) -> u64 {
    last.wrapping_add(1).max(millisecond << 12)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_have_places_in_the_order_in_which_they_were_made() {
        let first = following(0, 1_000);
        let second = following(first, 1_000);
        let of_the_next = following(second, 1_001);
        assert_eq!([first, second, of_the_next], [1_000 << 12, (1_000 << 12) + 1, 1_001 << 12]);
        assert_eq!(following(of_the_next, 1_000), of_the_next + 1);
    }

    #[test]
    fn an_id_is_of_the_millisecond_that_it_was_made_for_whatever_came_before() {
        let now = Timestamp::from_millis(1_790_000_000_123);
        let ids = [now, Timestamp::from_millis(1_790_000_000_113), now].map(|made| (TraceId::new(made), made));
        assert!(ids.iter().all(|(id, made)| id.created_at() == *made && id.as_uuid().get_version_num() == 7));
    }
}
