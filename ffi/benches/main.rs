//! What a call through C costs beside the same call in Rust, each by a thread that waits for it: two processes in turns,
//! against one mock upstream in a third, each with a gateway on a SQLite file of its own. Prints both absolutes and their ratio, and the size of the library.
//!
//! `make bench-c`. The callers' threads and the upstream are put on one processor, so that a noisy machine disturbs both
//! contenders alike.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark"
)]

mod contenders;
mod upstream;

use std::{fs, process::Command};

use contenders::{Contender, Cpu, InC, InRust};

/// How often the contenders take turns, and how many calls each makes then.
const ROUNDS: usize = 30;
const CHATS: usize = 400;
const STREAMS: usize = 40;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("serve-upstream") {
        return upstream::serve(arguments.next().as_deref() == Some("stream"));
    }
    contenders::build_library();
    size();
    for (what, calls) in [("chat", CHATS), ("stream", STREAMS)] {
        let upstream = upstream::Server::start(what);
        let mut rust = InRust::open(&upstream.url);
        let mut c = InC::open(&upstream.url);
        let (mut in_rust, mut in_c) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            // Who begins takes turns, too.
            let (first, second) = if round % 2 == 0 {
                let first = rust.round(what, calls);
                (first, c.round(what, calls))
            } else {
                let second = c.round(what, calls);
                (rust.round(what, calls), second)
            };
            // The first round warms up both.
            if round > 0 {
                in_rust.push(first);
                in_c.push(second);
            }
        }
        let promise = if what == "chat" { "≤ 1.05" } else { "-" };
        report(&format!("{what}, CPU of the caller's thread"), calls, &in_c, &in_rust, |cpu| cpu.caller, promise);
        report(&format!("{what}, CPU of the whole process"), calls, &in_c, &in_rust, |cpu| cpu.process, "-");
    }
}

/// One line: the median of the rounds, since the machine disturbs some of them.
fn report(what: &str, calls: usize, c: &[Cpu], rust: &[Cpu], part: impl Fn(&Cpu) -> f64, promise: &str) {
    let median = |rounds: &[Cpu]| {
        let mut nanos: Vec<f64> = rounds.iter().map(&part).collect();
        nanos.sort_by(f64::total_cmp);
        nanos[nanos.len() / 2] / calls as f64 / 1e3
    };
    let (c, rust) = (median(c), median(rust));
    println!("{what:<40} C {c:>8.1} µs   Rust {rust:>8.1} µs   ratio {:>5.3}   promise {promise}", c / rust);
}

/// The size of the library as a package ships it.
fn size() {
    let stripped = contenders::library().with_file_name("libgateway-stripped.so");
    let done = Command::new("strip").arg("-o").arg(&stripped).arg(contenders::library()).status();
    assert!(done.is_ok_and(|status| status.success()), "strip is missing; on Debian: apt-get install binutils");
    let bytes = fs::metadata(&stripped).expect("a file").len();
    println!("libgateway.so, stripped                  {:.1} MB   promise ≤ 12 MB", bytes as f64 / 1e6);
}
