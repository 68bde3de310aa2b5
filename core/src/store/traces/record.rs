//! A trace as it is written: the columns, and the content already encrypted.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    error::ErrorCode,
    rollup::Counted,
    types::{
        ids::{TenantId, TraceId},
        trace::StatusClass,
        usage::{Usage, UsageSource},
    },
};

/// One trace to be stored. `created_at` is in its id. As JSON (of a dead letter) its content is base64.
///
/// It is also what the spool holds, so that a newer library reads what an older one wrote: a field that is added has a
/// default, and none changes its meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TraceRecord {
    pub(crate) tenant_id: TenantId,
    /// When the tenant was created: another one may have its id by now.
    #[serde(default)]
    pub(crate) tenant_since_ms: Option<i64>,
    pub(crate) id: TraceId,
    /// Which opening of a gateway accepted the request, and its number there.
    #[serde(default)]
    pub(crate) instance: Option<u64>,
    #[serde(default)]
    pub(crate) number: Option<u64>,
    pub(crate) ended_ms: i64,
    pub(crate) request_id: Option<String>,
    pub(crate) upstream_request_id: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) requested_model: Option<String>,
    pub(crate) deployment: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) endpoint: String,
    pub(crate) stream: bool,
    pub(crate) status_class: StatusClass,
    pub(crate) status_code: Option<u16>,
    pub(crate) error_code: Option<ErrorCode>,
    pub(crate) latency_us: i64,
    pub(crate) ttfb_us: Option<i64>,
    pub(crate) ttft_us: Option<i64>,
    pub(crate) overhead_us: i64,
    pub(crate) usage: Usage,
    pub(crate) usage_source: UsageSource,
    /// [`crate::types::trace::TraceFlag`] bits.
    pub(crate) flags: i64,
    pub(crate) chunk_count: Option<i64>,
    pub(crate) cost_pico_usd: Option<i64>,
    pub(crate) price_version: Option<String>,
    /// By what it was priced, as JSON of the pricing module's.
    #[serde(default)]
    pub(crate) price_rule: Option<String>,
    /// Counts of the provider that no leaf has.
    #[serde(default)]
    pub(crate) usage_extra: BTreeMap<String, i64>,
    pub(crate) attempt_count: u32,
    pub(crate) user_id: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) api_key_id: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    /// Encrypted, as the two below.
    #[serde(with = "content")]
    pub(crate) request: Option<Vec<u8>>,
    #[serde(with = "content")]
    pub(crate) response: Option<Vec<u8>>,
    #[serde(with = "content")]
    pub(crate) attempts: Option<Vec<u8>>,
}

impl TraceRecord {
    /// The millisecond in the id.
    pub(crate) fn created_ms(&self) -> i64 {
        self.id.created_at().as_millis()
    }

    /// What rollups count of it.
    pub(in crate::store) fn counted(&self) -> Counted<'_> {
        Counted {
            created_ms: self.created_ms(),
            provider: self.provider.as_deref(),
            model: self.model.as_deref(),
            api_key_id: self.api_key_id.as_deref(),
            class: self.status_class,
            latency_us: self.latency_us,
            ttfb_us: self.ttfb_us,
            ttft_us: self.ttft_us,
            overhead_us: self.overhead_us,
            input_tokens: self.usage.input_tokens(),
            output_tokens: self.usage.output_tokens(),
            cost_pico_usd: self.cost_pico_usd,
        }
    }

    /// Whether there is any content.
    pub(super) fn has_bodies(&self) -> bool {
        self.request.is_some() || self.response.is_some() || self.attempts.is_some()
    }
}

/// The stored number of a usage source.
pub(super) fn usage_source_number(source: UsageSource) -> i64 {
    match source {
        UsageSource::None => 0,
        UsageSource::Reported => 1,
        UsageSource::Estimated => 2,
    }
}

/// The usage source of a stored number.
pub(super) fn usage_source_of(number: i64) -> Option<UsageSource> {
    [UsageSource::None, UsageSource::Reported, UsageSource::Estimated]
        .into_iter()
        .find(|source| usage_source_number(*source) == number)
}

/// Encrypted content: bytes where the format has them, base64 in JSON.
mod content {
    use super::*;

    pub(super) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        match bytes {
            None => serializer.serialize_none(),
            Some(bytes) if serializer.is_human_readable() => serializer.serialize_some(&STANDARD.encode(bytes)),
            Some(bytes) => serializer.serialize_some(&AsBytes(bytes)),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        if deserializer.is_human_readable() {
            let text = Option::<String>::deserialize(deserializer)?;
            return text.map(|text| STANDARD.decode(text).map_err(de::Error::custom)).transpose();
        }
        Ok(Option::<Owned>::deserialize(deserializer)?.map(|bytes| bytes.0))
    }

    struct AsBytes<'a>(&'a [u8]);

    impl Serialize for AsBytes<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }

    struct Owned(Vec<u8>);

    impl<'de> Deserialize<'de> for Owned {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;

            impl de::Visitor<'_> for Visitor {
                type Value = Owned;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("bytes")
                }

                fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Owned, E> {
                    Ok(Owned(bytes.to_vec()))
                }

                fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Owned, E> {
                    Ok(Owned(bytes))
                }
            }

            deserializer.deserialize_byte_buf(Visitor)
        }
    }
}
