//! Tests of what becomes of requests: traces, their queries and analytics, from outside, on every database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

mod analytics;
mod bounds;
mod breaker;
mod capture;
mod corpus;
mod cursor;
mod detail;
mod export;
mod fallbacks;
mod filters;
mod outage;
mod poison;
mod prices;
mod questions;
mod reference;
mod reprice;
mod retention;
mod retries;
mod retry_after;
mod shutdown;
mod spool;
mod storm;
mod support;
mod unfit;
mod verify;
mod warnings;
