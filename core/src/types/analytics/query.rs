//! The questions one can ask about many traces.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Metric;
use crate::{
    error::Error,
    types::{flat, time::Timestamp, trace::TraceFilter},
};

/// Which time to look at, cut how. Fields are added in minor versions.
///
/// Filters by `model`, `provider` and `status_class` are answered from rollups: what that costs grows with the answer, not
/// with the traces. All others look at the traces themselves, the newest 100,000 at most; an answer for which that was too
/// few says `complete: false`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AnalyticsQuery {
    /// The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`.
    pub window_hours: Option<u32>,
    /// The first instant, widened down to a 5-minute edge.
    pub since: Option<Timestamp>,
    /// The end, exclusive, widened up to a 5-minute edge; now when omitted.
    pub until: Option<Timestamp>,
    /// One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query.
    pub bucket_minutes: Option<u32>,
    /// The IANA name of the zone that buckets are aligned to, such as `Europe/Berlin`; UTC when omitted. A bucket of
    /// 1,440 minutes is a day of that zone, of 23 to 25 hours where clocks change.
    pub time_zone: Option<String>,
    /// What is measured in more detail, in [`Measures::distributions`](super::Measures::distributions).
    #[cfg_attr(feature = "schema", schemars(default))]
    pub distributions: Vec<Metric>,
    /// What must hold of the traces counted; in JSON its keys stand beside these.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub filter: TraceFilter,
}

impl<'de> Deserialize<'de> for AnalyticsQuery {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            window_hours: Option<u32>,
            since: Option<Timestamp>,
            until: Option<Timestamp>,
            bucket_minutes: Option<u32>,
            time_zone: Option<String>,
            #[serde(default)]
            distributions: Vec<Metric>,
        }
        let keys = ["window_hours", "since", "until", "bucket_minutes", "time_zone", "distributions"];
        let (head, filter) = flat::split::<D, Head, _>(deserializer, &keys)?;
        Ok(Self {
            window_hours: head.window_hours,
            since: head.since,
            until: head.until,
            bucket_minutes: head.bucket_minutes,
            time_zone: head.time_zone,
            distributions: head.distributions,
            filter,
        })
    }
}

/// What traces are told apart by. As text, and in JSON: `provider`, `model`, `status_class`, `api_key`, `error_code`, `user`,
/// `session`, or `metadata.` and a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dimension {
    /// The provider's name; from rollups.
    Provider,
    /// The model that served, whoever provided it; from rollups.
    Model,
    /// How they ended; from rollups.
    StatusClass,
    /// The API key; from rollups, without percentiles, and over whole hours.
    ApiKey,
    /// What went wrong. This and the others below look at the traces themselves.
    ErrorCode,
    /// The end user.
    User,
    /// The conversation.
    Session,
    /// The value of that key of the metadata.
    Metadata(String),
}

impl FromStr for Dimension {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match (text, text.strip_prefix("metadata.")) {
            ("provider", _) => Self::Provider,
            ("model", _) => Self::Model,
            ("status_class", _) => Self::StatusClass,
            ("api_key", _) => Self::ApiKey,
            ("error_code", _) => Self::ErrorCode,
            ("user", _) => Self::User,
            ("session", _) => Self::Session,
            (_, Some(key)) if !key.is_empty() => Self::Metadata(key.to_owned()),
            _ => {
                let message = format!(
                    "{text:?} is none of provider, model, status_class, api_key, error_code, user, session, metadata.KEY"
                );
                return Err(Error::invalid("by", message));
            }
        })
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Provider => "provider",
            Self::Model => "model",
            Self::StatusClass => "status_class",
            Self::ApiKey => "api_key",
            Self::ErrorCode => "error_code",
            Self::User => "user",
            Self::Session => "session",
            Self::Metadata(key) => return write!(f, "metadata.{key}"),
        })
    }
}

impl Serialize for Dimension {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dimension {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GroupOrder {
    /// The most requests.
    #[default]
    Requests,
    /// The highest cost.
    Cost,
    /// The most tokens.
    Tokens,
    /// The most errors.
    Errors,
}

/// Which groups to tell apart, in which window. Fields are added in minor versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BreakdownQuery {
    /// What traces are told apart by.
    pub by: Dimension,
    /// What comes first; by value among equals.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub order: GroupOrder,
    /// 1 to 1,000 groups; 100 when omitted.
    pub limit: Option<u32>,
    /// Which traces; in JSON its keys stand beside these.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub query: AnalyticsQuery,
}

impl BreakdownQuery {
    /// The last 24 hours by that.
    pub fn by(by: Dimension) -> Self {
        Self { by, order: GroupOrder::default(), limit: None, query: AnalyticsQuery::default() }
    }
}

impl<'de> Deserialize<'de> for BreakdownQuery {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            by: Dimension,
            #[serde(default)]
            order: GroupOrder,
            limit: Option<u32>,
        }
        let (head, query) = flat::split::<D, Head, _>(deserializer, &["by", "order", "limit"])?;
        Ok(Self { by: head.by, order: head.order, limit: head.limit, query })
    }
}

/// Which tenants to show, in which window. Fields are added in minor versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TenantsQuery {
    /// What comes first; by id among equals.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub order: GroupOrder,
    /// 1 to 1,000 tenants; 100 when omitted.
    pub limit: Option<u32>,
    /// Which traces; of its filters `model`, `provider` and `status_class` alone. In JSON its keys stand beside these.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub query: AnalyticsQuery,
}

impl<'de> Deserialize<'de> for TenantsQuery {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            order: GroupOrder,
            limit: Option<u32>,
        }
        let (head, query) = flat::split::<D, Head, _>(deserializer, &["order", "limit"])?;
        Ok(Self { order: head.order, limit: head.limit, query })
    }
}

/// Which traces stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TopOrder {
    /// The longest latency first.
    Slowest,
    /// The highest cost first; those without a cost are left out.
    MostExpensive,
}

/// Which traces to look for, in which window. Fields are added in minor versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TopQuery {
    /// What comes first.
    pub order: TopOrder,
    /// 1 to 200 traces; 50 when omitted.
    pub limit: Option<u32>,
    /// Which traces; in JSON its keys stand beside these.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub query: AnalyticsQuery,
}

impl TopQuery {
    /// The first ones of the last 24 hours.
    pub fn of(order: TopOrder) -> Self {
        Self { order, limit: None, query: AnalyticsQuery::default() }
    }
}

impl<'de> Deserialize<'de> for TopQuery {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            order: TopOrder,
            limit: Option<u32>,
        }
        let (head, query) = flat::split::<D, Head, _>(deserializer, &["order", "limit"])?;
        Ok(Self { order: head.order, limit: head.limit, query })
    }
}
