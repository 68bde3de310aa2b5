//! What the gateway costs, against bare `reqwest` in the same run: both talk to one mock upstream in a process of its
//! own, in turns, so that a noisy machine disturbs both alike. Prints both absolutes and their ratio.
//!
//! `make bench`, or `cargo bench -p libgateway-tests --bench gateway -- chat stream …` for single sections;
//! `-- page 10000000` says how many traces the section `page` fills the store with.
//!
//! The promise about the CPU of the request path with tracing off is measured as the CPU of the callers' threads: the
//! recorder and the store run on the gateway's own threads, which `cpu.rs` tells apart by their names and which have a
//! line of their own. What a caller's thread does for its trace, noting times and copying bytes, is not taken off.
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

mod away;
mod cancel;
mod chat;
mod cpu;
mod http;
mod memory;
mod open;
mod page;
mod replay;
mod setup;
mod stream;

use std::time::Duration;

/// How often the contenders take turns.
pub(crate) const ROUNDS: usize = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve-upstream", script] => return setup::serve_upstream(script),
        ["serve-gateway", upstream] => return http::serve_gateway(upstream),
        ["serve-proxy", upstream] => return http::serve_proxy(upstream),
        _ => {}
    }
    let (numbers, names): (Vec<String>, Vec<String>) =
        arguments.into_iter().partition(|argument| argument.parse::<u64>().is_ok());
    let rows = numbers.first().map_or(page::ROWS, |number| number.parse().expect("a number"));
    let sections: [(&str, &dyn Fn()); 10] = [
        ("chat", &chat::run),
        ("away", &away::run),
        ("stream", &stream::run),
        ("cancel", &cancel::run),
        ("open", &open::run),
        ("tenants", &memory::tenants),
        ("memory", &memory::flat),
        ("page", &|| page::run(rows)),
        ("replay", &replay::run),
        ("http", &http::run),
    ];
    for (name, section) in sections {
        if names.is_empty() || names.iter().any(|argument| argument == name) {
            section();
        }
    }
    println!("answers about many traces: make bench-analytics");
}

/// One line of the report.
pub(crate) fn report(what: &str, ours: f64, reference: f64, unit: &str, promise: &str) {
    report_against("reqwest", what, ours, reference, unit, promise);
}

/// One line of the report, against something else than `reqwest`.
pub(crate) fn report_against(whom: &str, what: &str, ours: f64, reference: f64, unit: &str, promise: &str) {
    println!(
        "{what:<52} ours {ours:>9.1} {unit:<4} {whom} {reference:>9.1} {unit:<4} ratio {:>5.2}   promise {promise}",
        ours / reference
    );
}

/// The number that so many per cent of the durations do not exceed, in microseconds.
pub(crate) fn percentile(durations: &mut [Duration], percent: usize) -> f64 {
    durations.sort_unstable();
    let rank = (durations.len() * percent).div_ceil(100).max(1);
    durations[rank - 1].as_secs_f64() * 1e6
}
