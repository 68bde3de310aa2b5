//! How long it takes to open a gateway on a store that exists.

use std::time::{Duration, Instant};

use libgateway::Gateway;

use crate::{percentile, setup::config};

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let open = || {
        runtime.block_on(async {
            let asked = Instant::now();
            let gateway = Gateway::open(config(&directory)).await.expect("a gateway");
            let took = asked.elapsed();
            gateway.close(Duration::from_secs(10)).await.expect("a close");
            took
        })
    };
    let first = open();
    let mut again: Vec<_> = (0..30).map(|_| open()).collect();
    println!(
        "{:<52} ours {:>9.1} ms   (a fresh store {:.1} ms)              promise ≤ 50",
        "open on an existing store, p50",
        percentile(&mut again, 50) / 1e3,
        first.as_secs_f64() * 1e3
    );
}
