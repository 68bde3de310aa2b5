//! The gateway's counters in Prometheus' text format. Labels are of closed sets: no name that a caller chose is one.

use std::fmt::{Display, Write as _};

use crate::types::stats::Stats;

/// The counters as text.
pub(super) fn text(stats: &Stats) -> String {
    let mut text = String::new();
    let by_class = stats.by_class.iter().map(|(class, count)| (label(class), *count));
    family(&mut text, "requests_total", "counter", "Requests that ended, by class.", "status_class", by_class);
    let dropped = stats.dropped.iter().map(|(reason, count)| (label(reason), *count));
    family(&mut text, "traces_dropped_total", "counter", "Traces lost, by reason.", "reason", dropped);
    let errors = [("store", u64::from(stats.store_error.is_some())), ("spool", u64::from(stats.spool_error.is_some()))];
    let errors = errors.map(|(part, failing)| (part.to_owned(), failing));
    family(&mut text, "failing", "gauge", "Whether a part cannot be written at the moment.", "part", errors);
    for (name, kind, help, value) in [
        ("requests_accepted_total", "counter", "Requests that ended.", stats.accepted),
        ("requests_in_flight", "gauge", "Requests that have not ended yet.", stats.in_flight),
        ("traces_persisted_total", "counter", "Traces committed to the store.", stats.persisted),
        ("traces_pending", "gauge", "Traces waiting in memory to be committed.", stats.pending),
        ("traces_pending_bytes", "gauge", "Bytes that the waiting traces hold.", stats.pending_bytes),
        ("traces_spooled", "gauge", "Traces waiting on disk only.", stats.spooled),
        ("spool_bytes", "gauge", "Bytes of the spool on disk.", stats.spool_bytes),
        ("traces_dead_lettered_total", "counter", "Traces the store refused.", stats.dead_lettered),
        (
            "traces_recovered_total",
            "counter",
            "Traces of gateways that are gone, now in the store.",
            stats.recovery.persisted,
        ),
        ("store_retries_total", "counter", "Batches that were tried again.", stats.store_retries),
    ] {
        head(&mut text, name, kind, help);
        line(&mut text, name, "", value);
    }
    text
}

fn family(
    text: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    label: &str,
    values: impl IntoIterator<Item = (String, u64)>,
) {
    head(text, name, kind, help);
    for (value, count) in values {
        line(text, name, &format!("{{{label}=\"{value}\"}}"), count);
    }
}

// Writing to a string cannot fail.
fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP libgateway_{name} {help}\n# TYPE libgateway_{name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &str, value: impl Display) {
    let _ = writeln!(text, "libgateway_{name}{labels} {value}");
}

/// The name that a value has in JSON.
fn label(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => "other".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{stats::DropReason, trace::StatusClass};

    #[test]
    fn counters_are_printed_with_their_kind_and_labels() {
        let mut stats = Stats { accepted: 3, ..Stats::default() };
        stats.by_class.insert(StatusClass::UpstreamError, 2);
        stats.dropped.insert(DropReason::QueueFull, 1);
        let text = text(&stats);
        for line in [
            "# TYPE libgateway_requests_total counter",
            "libgateway_requests_total{status_class=\"upstream_error\"} 2",
            "libgateway_traces_dropped_total{reason=\"queue_full\"} 1",
            "libgateway_requests_accepted_total 3",
            "libgateway_failing{part=\"store\"} 0",
        ] {
            assert!(text.lines().any(|printed| printed == line), "{line}\n{text}");
        }
    }
}
