//! What a check of the books says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{stats::DropReason, time::Timestamp};

/// Whether every request that was accepted is accounted for, by each opening of a gateway on the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct VerifyReport {
    /// Nothing is missing, and nothing is there twice.
    pub holds: bool,
    /// One for each opening that has accepted something, the oldest first.
    pub instances: Vec<InstanceReport>,
    /// Traces of library versions that did not number them: nothing is said about these.
    pub unnumbered: u64,
    /// Files of the spool that a newer version of the library wrote: what they hold is not known here.
    pub unread_segments: u64,
}

/// What one opening of a gateway has accepted, and where it is.
///
/// `accepted = persisted + spooled + expired + erased + dead_lettered + dropped + pending + missing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct InstanceReport {
    /// Its number, as in [`Stats::instance`](crate::Stats::instance).
    pub instance: u64,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How it ended, if it has.
    pub state: InstanceState,
    /// Whether it has a spool. Without one, what it had in memory when its process died is not known to anybody.
    pub has_spool: bool,
    /// Requests that began, as far as is known: each has a number, from 1 on.
    pub accepted: u64,
    /// Traces in the store.
    pub persisted: u64,
    /// Traces, and requests that have not ended, in the spool directory of the gateway that was asked.
    pub spooled: u64,
    /// Traces that retention removed.
    pub expired: u64,
    /// Traces that were removed with their tenants.
    pub erased: u64,
    /// Traces the store refused, and kept as dead letters when it did.
    pub dead_lettered: u64,
    /// Traces that were lost, by reason.
    pub dropped: BTreeMap<DropReason, u64>,
    /// Requests that were not settled when the gateway last wrote down how far it is: of one that is open.
    pub pending: u64,
    /// Traces that should be there and are not: neither in the store nor in this gateway's spool directory.
    pub missing: u64,
    /// Their numbers, the first hundred ranges of them. Empty where traces were removed by retention or with their
    /// tenants: how many of the absent ones are missing is known then, and not which.
    pub missing_numbers: Vec<NumberRange>,
    /// Traces whose number another one has.
    pub doubled: u64,
}

/// How far an opening of a gateway has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InstanceState {
    /// It has not ended as far as the store knows: it is at work, or its process died and no gateway has looked through
    /// its spool yet. Without a spool it stays like this when its process dies.
    Open,
    /// It was closed, and has written down everything.
    Closed,
    /// Its process died; another gateway has taken over what it had left in the spool.
    Killed,
}

/// Numbers of requests, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NumberRange {
    /// The first one.
    pub first: u64,
    /// The last one.
    pub last: u64,
}
