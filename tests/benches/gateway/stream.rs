//! Streams: 256 chunks at once, and chunks that come one by one.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;

use crate::{
    ROUNDS,
    cpu::Cpu,
    percentile, report,
    setup::{Setup, question},
};

const PER_ROUND: usize = 60;

/// When the pieces of a stream were there, counted from the call.
type Arrivals = Vec<Duration>;

pub(crate) fn run() {
    at_once();
    paced();
}

fn at_once() {
    let setup = Setup::new("stream");
    let body = question(true);
    let (mut ours, mut reference) = (Vec::new(), Vec::new());
    let (mut our_cpu, mut reference_cpu) = (Cpu::default(), Cpu::default());
    for round in 0..=ROUNDS {
        let begun = Cpu::now();
        let durations: Vec<_> =
            (0..PER_ROUND).map(|_| last(&setup.runtime.block_on(reference_stream(&setup, &body)))).collect();
        let middle = Cpu::now();
        let our_durations: Vec<_> =
            (0..PER_ROUND).map(|_| last(&setup.runtime.block_on(our_stream(&setup, &body)))).collect();
        setup.settle();
        if round > 0 {
            reference.extend(durations);
            reference_cpu += middle.since(begun);
            ours.extend(our_durations);
            our_cpu += Cpu::now().since(middle);
        }
    }
    let streams = (ROUNDS * PER_ROUND) as f64;
    report(
        "stream of 256 chunks at once, p50 to the end",
        percentile(&mut ours, 50),
        percentile(&mut reference, 50),
        "µs",
        "≤ 1.15",
    );
    report(
        "stream of 256 chunks, CPU of the callers' threads",
        our_cpu.callers / streams,
        reference_cpu.callers / streams,
        "µs",
        "-",
    );
    println!("{:<52} ours {:>9.1} µs", "stream of 256 chunks, CPU of recorder and store", our_cpu.gateway / streams);
}

fn paced() {
    let setup = Setup::new("paced");
    let body = question(true);
    let (mut our_first, mut first, mut our_gaps, mut gaps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..=30 {
        let reference = setup.runtime.block_on(reference_stream(&setup, &body));
        let ours = setup.runtime.block_on(our_stream(&setup, &body));
        if round > 0 {
            first.extend(reference.first().copied());
            our_first.extend(ours.first().copied());
            gaps.extend(reference.windows(2).map(|pair| pair[1] - pair[0]));
            our_gaps.extend(ours.windows(2).map(|pair| pair[1] - pair[0]));
        }
    }
    let (ours, reference) = (percentile(&mut our_first, 50), percentile(&mut first, 50));
    report(
        "paced stream, p50 to the first chunk",
        ours,
        reference,
        "µs",
        &format!("+ ≤ 300 µs (is {:+.0})", ours - reference),
    );
    let (ours, reference) = (percentile(&mut our_gaps, 99), percentile(&mut gaps, 99));
    report(
        "paced stream, p99 gap between chunks",
        ours,
        reference,
        "µs",
        &format!("+ ≤ 100 µs (is {:+.0})", ours - reference),
    );
}

fn last(arrivals: &Arrivals) -> Duration {
    *arrivals.last().expect("a chunk")
}

async fn reference_stream(setup: &Setup, body: &bytes::Bytes) -> Arrivals {
    let asked = Instant::now();
    let mut stream = setup.reference(body).send().await.expect("an answer").bytes_stream();
    let mut arrivals = Vec::with_capacity(300);
    while let Some(chunk) = stream.next().await {
        assert!(!chunk.expect("a chunk").is_empty());
        arrivals.push(asked.elapsed());
    }
    arrivals
}

async fn our_stream(setup: &Setup, body: &bytes::Bytes) -> Arrivals {
    let asked = Instant::now();
    let mut stream = setup.acme.chat_stream(body.clone()).await.expect("an answer");
    let mut arrivals = Vec::with_capacity(300);
    while let Some(chunk) = stream.next().await {
        assert!(!chunk.expect("a chunk").is_empty());
        arrivals.push(asked.elapsed());
    }
    arrivals
}
