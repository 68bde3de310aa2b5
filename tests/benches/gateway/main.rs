//! What the gateway costs, against bare `reqwest` in the same run: both talk to one mock upstream in a process of its
//! own, in turns, so that a noisy machine disturbs both alike. Prints both absolutes and their ratio.
//!
//! `make bench`, or `cargo bench -p libgateway-tests --bench gateway -- chat stream …` for single sections.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark"
)]

mod cancel;
mod chat;
mod cpu;
mod memory;
mod open;
mod setup;
mod stream;

use std::time::Duration;

/// How often the contenders take turns.
pub(crate) const ROUNDS: usize = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if arguments.first().is_some_and(|first| first == "serve-upstream") {
        return setup::serve_upstream();
    }
    let sections: [(&str, fn()); 6] = [
        ("chat", chat::run),
        ("stream", stream::run),
        ("cancel", cancel::run),
        ("open", open::run),
        ("tenants", memory::tenants),
        ("memory", memory::flat),
    ];
    for (name, section) in sections {
        if arguments.is_empty() || arguments.iter().any(|argument| argument == name) {
            section();
        }
    }
}

/// One line of the report.
pub(crate) fn report(what: &str, ours: f64, reference: f64, unit: &str, promise: &str) {
    println!(
        "{what:<52} ours {ours:>9.1} {unit:<4} reqwest {reference:>9.1} {unit:<4} ratio {:>5.2}   promise {promise}",
        ours / reference
    );
}

/// The number that so many per cent of the durations do not exceed, in microseconds.
pub(crate) fn percentile(durations: &mut [Duration], percent: usize) -> f64 {
    durations.sort_unstable();
    let rank = (durations.len() * percent).div_ceil(100).max(1);
    durations[rank - 1].as_secs_f64() * 1e6
}
