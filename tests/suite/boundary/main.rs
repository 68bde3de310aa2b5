//! What stands between the core and other languages: calls that block or call back, streams read ahead, operations by
//! their names, and HTTP without a socket.
//!
//! How each language uses it is tested in that language.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

mod calls;
#[cfg(feature = "dashboard")]
mod dashboard;
mod http;
mod log;
mod operations;
mod server;
mod streams;
mod support;
