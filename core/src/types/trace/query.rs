//! The questions one can ask for traces, and a page of answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{StatusClass, Trace};
use crate::{
    error::ErrorCode,
    types::{flat, time::Timestamp},
};

/// Which traces to list, newest first. Fields are added in minor versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TraceQuery {
    /// 1 to 200; 50 when omitted.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters; a plain RFC 3339 time is accepted too.
    pub cursor: Option<String>,
    /// From this instant on, inclusive.
    pub since: Option<Timestamp>,
    /// Up to this instant, exclusive.
    pub until: Option<Timestamp>,
    /// What else must hold; in JSON its keys stand beside these.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub filter: TraceFilter,
}

impl<'de> Deserialize<'de> for TraceQuery {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            limit: Option<u32>,
            cursor: Option<String>,
            since: Option<Timestamp>,
            until: Option<Timestamp>,
        }
        let (head, filter) = flat::split::<D, Head, _>(deserializer, &["limit", "cursor", "since", "until"])?;
        Ok(Self { limit: head.limit, cursor: head.cursor, since: head.since, until: head.until, filter })
    }
}

/// What must hold of a trace. Fields are added in minor versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TraceFilter {
    /// The model that served.
    pub model: Option<String>,
    /// The provider's name.
    pub provider: Option<String>,
    /// How it ended.
    pub status_class: Option<StatusClass>,
    /// The upstream's status.
    pub status_code: Option<u16>,
    /// What went wrong.
    pub error_code: Option<ErrorCode>,
    /// The caller's id of the request.
    pub request_id: Option<String>,
    /// The end user.
    pub user_id: Option<String>,
    /// The conversation.
    pub session_id: Option<String>,
    /// Every pair must be there.
    pub metadata: BTreeMap<String, String>,
}

/// One page of traces, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TracePage {
    /// At most `limit` rows; fewer when a scan budget cut the page.
    pub traces: Vec<Trace>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<String>,
}
