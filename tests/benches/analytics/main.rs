//! What answers about many traces cost, on both databases: beside a look at every trace, and at a tenth of the traces.
//!
//! `make bench-analytics`, or `make bench-analytics TRACES=10000000` for the size that is promised, which takes some
//! minutes and twenty gigabytes of disk. The traces are made by SQL from a seed: 100 tenants, of which one has a fifth, 90
//! days, 20 pairs of provider and model. They have no content, so the share of the rollups is told beside what content would
//! take, too.
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

mod fill;
mod questions;
mod raw;

use libgateway_tests::Backend;

/// Traces where no number is given.
const TRACES: u64 = 1_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let traces = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(TRACES);
    let wanted = |backend: &Backend| {
        let named = |argument: &String| Backend::ALL.iter().any(|backend| argument == backend.name());
        arguments.iter().any(|argument| argument == backend.name()) || !arguments.iter().any(named)
    };
    for backend in Backend::ALL.into_iter().filter(wanted) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            println!("{}", backend.name());
            let small = questions::run(backend, traces / 10).await;
            let large = questions::run(backend, traces).await;
            questions::report(&small, &large);
        });
    }
}
