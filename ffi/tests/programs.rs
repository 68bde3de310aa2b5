//! What may go wrong, tried by the programs beside this file, as they are and under sanitizers.

use std::env;

use serde_json::json;
use upstream::Upstream;

use crate::program::{Program, Under, sources};

/// `make test-memory` sets it: then everything is as often, and as long, as is promised.
fn thoroughly() -> bool {
    env::var_os("LIBGATEWAY_TEST_THOROUGHLY").is_some()
}

fn holds(name: &str, under: Under, arguments: &[&str]) {
    Program::build(&format!("tests/{name}.c"), under).run(arguments);
}

/// An upstream whose models do what they are called.
fn upstream() -> Upstream {
    let upstream = Upstream::start().expect("a mock upstream");
    let scripts = json!({"fallback": [
        {"match": {"model": "hang"}, "before_headers": "hang"},
        {"match": {"model": "slow"}, "body": {"stream": ["a", "b", "c", "d"]}, "gap_ms": 20, "delay_ms": 20},
        {"match": {"model": "endless"}, "body": {"sse": {"events": [{"choices": []}]}}, "end": {"hang_after": 1000}},
    ]});
    upstream.load(serde_json::from_value(scripts).expect("scripts"));
    upstream
}

#[test]
fn null_is_an_error_or_harmless_everywhere() {
    holds("null", Under::Sanitizers, &[]);
}

#[test]
fn misuse_is_an_error() {
    holds("misuse", Under::Sanitizers, &[]);
}

#[test]
#[ignore = "valgrind takes minutes: make test-memory"]
fn misuse_loses_no_memory() {
    holds("misuse", Under::Valgrind, &[]);
    holds("null", Under::Valgrind, &[]);
}

#[test]
fn callbacks_keep_their_promises() {
    holds("callbacks", Under::Sanitizers, &[&upstream().url()]);
}

#[test]
fn http_needs_no_socket() {
    holds("http", Under::Sanitizers, &[]);
}

#[test]
fn a_server_of_the_librarys_own_answers_over_a_socket() {
    holds("serve", Under::Sanitizers, &[]);
}

#[test]
fn a_forked_child_is_told_so_and_opens_its_own() {
    holds("fork", Under::Sanitizers, &[]);
    holds("fork", Under::Nothing, &[&upstream().url()]);
}

/// Not under sanitizers, which need the clock themselves.
#[test]
fn a_panic_is_an_error_and_prints_nothing() {
    holds("panic", Under::Nothing, &[]);
}

#[test]
fn sixty_four_threads_share_a_gateway() {
    holds("threads", Under::Nothing, &["64", "1000"]);
    holds("threads", Under::Sanitizers, &["16", "64"]);
}

#[test]
fn nothing_stays_behind_of_a_closed_gateway() {
    let times = if thoroughly() { "1000" } else { "200" };
    holds("reopen", Under::Nothing, &[times]);
    holds("reopen", Under::Sanitizers, &["10"]);
}

#[test]
fn every_program_is_run() {
    let source = include_str!("programs.rs");
    for name in sources("tests", "c") {
        let run = name == "agent" || source.contains(&format!("holds(\"{name}\""));
        assert!(run, "ffi/tests/{name}.c is run by no test");
    }
}
