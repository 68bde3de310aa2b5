//! A chat of 1 KB: latency of one after the other, and CPU per request; with the spool, and without it.

use std::time::{Duration, Instant};

use libgateway::TenantHandle;

use crate::{
    ROUNDS,
    cpu::Cpu,
    percentile, report,
    setup::{Setup, question},
};

const PER_ROUND: usize = 400;

/// What one contender has needed so far.
#[derive(Default)]
struct Needed {
    durations: Vec<Duration>,
    cpu: Cpu,
}

impl Needed {
    fn add(&mut self, (durations, cpu): (Vec<Duration>, Cpu)) {
        self.durations.extend(durations);
        self.cpu += cpu;
    }

    /// Microseconds of CPU per request, of the callers' threads and of the gateway's own.
    fn cpu(&self) -> (f64, f64) {
        let requests = self.durations.len() as f64;
        (self.cpu.callers / requests, self.cpu.gateway / requests)
    }
}

pub(crate) fn run() {
    let setup = Setup::new("chat");
    let body = question(false);
    let (mut reqwest, mut spool, mut memory) = (Needed::default(), Needed::default(), Needed::default());
    for round in 0..=ROUNDS {
        let turns = [
            (&mut reqwest, reference_round(&setup, &body)),
            (&mut spool, our_round(&setup, &setup.acme, &body)),
            (&mut memory, our_round(&setup, &setup.in_memory.1, &body)),
        ];
        // The first round warms up all.
        if round > 0 {
            for (needed, turn) in turns {
                needed.add(turn);
            }
        }
    }
    let (callers, own) = spool.cpu();
    let (memory_callers, memory_own) = memory.cpu();
    let mut latency = |what: &str, ours: &mut Needed, percent, promise| {
        let (ours, reference) = (percentile(&mut ours.durations, percent), percentile(&mut reqwest.durations, percent));
        report(what, ours, reference, "µs", promise);
    };
    latency("chat, p50 latency, encrypted durable trace on", &mut spool, 50, "≤ 1.1");
    latency("chat, p99 latency, encrypted durable trace on", &mut spool, 99, "-");
    latency("chat, p50 latency, durability: memory", &mut memory, 50, "-");
    report(
        "chat, CPU of the callers' threads (\"tracing off\")",
        memory_callers,
        reqwest.cpu().0,
        "µs",
        "≤ 1.15, with durability: memory",
    );
    let line = |what: &str, micros: f64, promise: &str| {
        println!("{what:<52} ours {micros:>9.1} µs                                         promise {promise}");
    };
    line("chat, CPU that a durable trace adds to that", callers + own - memory_callers, "≤ 60");
    line("chat, CPU that the spool adds to memory", callers + own - memory_callers - memory_own, "≤ 15");
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

fn our_round(setup: &Setup, acme: &TenantHandle, body: &bytes::Bytes) -> (Vec<Duration>, Cpu) {
    let begun = Cpu::now();
    let durations = calls(setup, acme, body);
    setup.settle();
    (durations, Cpu::now().since(begun))
}

/// Calls, one after the other; how long each took.
pub(crate) fn calls(setup: &Setup, acme: &TenantHandle, body: &bytes::Bytes) -> Vec<Duration> {
    setup.runtime.block_on(async {
        let mut durations = Vec::with_capacity(PER_ROUND);
        for _ in 0..PER_ROUND {
            let asked = Instant::now();
            let answer = acme.chat(body.clone()).await.expect("an answer");
            durations.push(asked.elapsed());
            assert!(!answer.body.is_empty());
        }
        durations
    })
}
