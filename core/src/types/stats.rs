//! What the gateway says about itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ids::{TenantId, TraceId},
    time::Timestamp,
    trace::StatusClass,
};

/// Counters since the gateway was opened.
///
/// `accepted = persisted + pending + spooled + dead_lettered + dropped`, at every moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Stats {
    /// The number of this opening of the gateway, by which `verify` names it.
    pub instance: u64,
    /// Requests that ended.
    pub accepted: u64,
    /// Those of them whose traces were digested, by class.
    pub by_class: BTreeMap<StatusClass, u64>,
    /// Those of them whose usage had counts that this library does not know: their flag is `usage_unknown`.
    pub unknown_usage: u64,
    /// Requests that have not ended yet.
    pub in_flight: u64,
    /// Traces committed to the store.
    pub persisted: u64,
    /// Traces waiting in memory to be committed; with `durability: memory` nowhere else.
    pub pending: u64,
    /// Bytes the waiting traces hold.
    pub pending_bytes: u64,
    /// Traces waiting on disk only, since the store is away or slow.
    pub spooled: u64,
    /// Bytes of the spool on disk.
    pub spool_bytes: u64,
    /// Traces the store refused, kept in its dead-letter table.
    pub dead_lettered: u64,
    /// Traces lost, by reason.
    pub dropped: BTreeMap<DropReason, u64>,
    /// What gateways that are gone had left in the spool: not among `accepted`.
    pub recovery: RecoveryStats,
    /// What the disk of the spool last said, while it cannot be written: traces are in memory only.
    pub spool_error: Option<String>,
    /// Files in the spool that a newer version of the library left, and that this one can neither read nor removes: open a
    /// gateway of that version.
    pub spool_foreign: u64,
    /// Batches that had to be tried again because the store was away.
    pub store_retries: u64,
    /// What the store last said, while it is away.
    pub store_error: Option<String>,
}

/// What became of traces of gateways that had ended or were killed, since the gateway was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RecoveryStats {
    /// How often the spool was looked through.
    pub passes: u64,
    /// Those that are in the store now and were not before.
    pub persisted: u64,
    /// Those of them whose requests had not ended: their status class is `abandoned`.
    pub abandoned: u64,
    /// Those the store refused, kept in its dead-letter table.
    pub dead_lettered: u64,
    /// Those that could not be kept: the store refused them twice, or their tenant is gone.
    pub dropped: u64,
    /// Places that could not be read: torn ends, as a kill leaves them, and damage, whose files are kept in the folder
    /// `damaged` of the spool.
    pub damaged: u64,
}

/// Why a trace was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DropReason {
    /// The queue had `recorder.queue_rows` or `recorder.queue_bytes`.
    QueueFull,
    /// The store refused the trace, and refused it as a dead letter too.
    Rejected,
    /// The gateway was closed before the store came back.
    Closed,
    /// It was on disk only, and could not be read back.
    Damaged,
    /// Its tenant was deleted before it could be written.
    TenantGone,
    /// Its process was killed before anything of it was on disk: no upstream had been asked then, unless the spool could
    /// not be written or was taken away.
    Unrecorded,
}

/// A trace the store refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DeadLetter {
    /// Whose trace it is.
    pub tenant_id: TenantId,
    /// The trace it would have been.
    pub trace_id: TraceId,
    /// When the store refused it.
    pub failed_at: Timestamp,
    /// What the store said.
    pub reason: String,
    /// The row as JSON, its content encrypted and in base64.
    pub record: String,
}

/// What a flush or a close achieved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FlushReport {
    /// Traces committed meanwhile.
    pub persisted: u64,
    /// Traces accepted before the call that are still waiting.
    pub pending: u64,
    /// Traces that are on disk only: after a close they wait there for the next gateway.
    pub spooled: u64,
    /// Traces the store refused meanwhile, kept in its dead-letter table.
    pub dead_lettered: u64,
    /// Traces lost meanwhile.
    pub dropped: u64,
    /// What the store last said, while it is away.
    pub error: Option<String>,
}

impl FlushReport {
    /// Whether every trace is in the store.
    pub fn is_complete(&self) -> bool {
        self.pending == 0 && self.spooled == 0 && self.dropped == 0
    }
}

/// What an erasure removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ErasureReport {
    /// Traces with their content.
    pub traces: u64,
    /// Traces the store had refused.
    pub dead_letters: u64,
    /// Providers with their secrets.
    pub providers: u64,
    /// API keys, revoked ones among them.
    pub api_keys: u64,
    /// Requests of the tenant that ran meanwhile in this process; their traces are removed when they have ended.
    pub in_flight: u64,
    /// Traces of any tenant that were still on their way into the store; those of this one are removed later.
    pub waiting: u64,
}

/// What a re-wrapping of data keys achieved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RewrapReport {
    /// The version of the master key that wraps now.
    pub version: u32,
    /// Data keys that were wrapped anew by this call.
    pub rewrapped: u64,
    /// Data keys that could not be read, and stay as they are.
    pub unreadable: u64,
    /// Versions that nothing needs any more: take them out of every configuration.
    pub retired: Vec<u32>,
}

/// Whether the gateway is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HealthStatus {
    /// Nothing to report.
    Ok,
    /// Requests are served and no trace is lost, but something is away, or does not get done.
    Degraded,
    /// Requests are refused, or traces were lost within the last minute.
    Failing,
}

/// Whether the gateway is well, and why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Health {
    /// The verdict.
    pub status: HealthStatus,
    /// What is wrong, in words.
    pub reasons: Vec<String>,
}
