//! The C library from outside: programs in C, built as a user's are, against an installed copy of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::string_slice,
    reason = "tests"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the rules are the library's: tests read the environment and start threads"
)]

mod conformance;
mod examples;
mod header;
mod install;
mod program;
mod programs;
