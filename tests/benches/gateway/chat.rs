//! A chat of 1 KB: latency of one after the other, and CPU per request.

use std::time::{Duration, Instant};

use crate::{
    ROUNDS,
    cpu::Cpu,
    percentile, report,
    setup::{Setup, question},
};

const PER_ROUND: usize = 400;

pub(crate) fn run() {
    let setup = Setup::new("chat");
    let body = question(false);
    let (mut ours, mut reference) = (Vec::new(), Vec::new());
    let (mut our_cpu, mut reference_cpu) = (Cpu::default(), Cpu::default());
    for round in 0..=ROUNDS {
        let (durations, cpu) = reference_round(&setup, &body);
        let (our_durations, our_cpu_now) = our_round(&setup, &body);
        // The first round warms up both.
        if round > 0 {
            reference.extend(durations);
            reference_cpu += cpu;
            ours.extend(our_durations);
            our_cpu += our_cpu_now;
        }
    }
    let requests = (ROUNDS * PER_ROUND) as f64;
    report(
        "chat, p50 latency, encrypted trace on",
        percentile(&mut ours, 50),
        percentile(&mut reference, 50),
        "µs",
        "≤ 1.1",
    );
    report(
        "chat, p99 latency, encrypted trace on",
        percentile(&mut ours, 99),
        percentile(&mut reference, 99),
        "µs",
        "-",
    );
    report(
        "chat, CPU of the callers' threads (\"tracing off\")",
        our_cpu.callers / requests,
        reference_cpu.callers / requests,
        "µs",
        "≤ 1.15",
    );
    println!(
        "{:<52} ours {:>9.1} µs                                         promise ≤ 60",
        "chat, CPU of recorder and store per trace",
        our_cpu.gateway / requests
    );
}

fn reference_round(setup: &Setup, body: &bytes::Bytes) -> (Vec<Duration>, Cpu) {
    let begun = Cpu::now();
    let durations = setup.runtime.block_on(async {
        let mut durations = Vec::with_capacity(PER_ROUND);
        for _ in 0..PER_ROUND {
            let asked = Instant::now();
            let answer = setup.reference(body).send().await.expect("an answer").bytes().await.expect("a body");
            durations.push(asked.elapsed());
            assert!(!answer.is_empty());
        }
        durations
    });
    (durations, Cpu::now().since(begun))
}

fn our_round(setup: &Setup, body: &bytes::Bytes) -> (Vec<Duration>, Cpu) {
    let begun = Cpu::now();
    let durations = setup.runtime.block_on(async {
        let mut durations = Vec::with_capacity(PER_ROUND);
        for _ in 0..PER_ROUND {
            let asked = Instant::now();
            let answer = setup.acme.chat(body.clone()).await.expect("an answer");
            durations.push(asked.elapsed());
            assert!(!answer.body.is_empty());
        }
        durations
    });
    setup.settle();
    (durations, Cpu::now().since(begun))
}
