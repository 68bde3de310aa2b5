//! What real faults do to a gateway: databases that go away, fill up or stand still, processes that fork, and all of it
//! at once for a long time. Requests go on, every trace comes through once, and health says what is wrong.
// The futures of a test that talks to PostgreSQL itself are deeply nested, and with optimisation laid out whole.
#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "tests"
)]

mod deadlock;
mod fork;
mod health;
mod outage;
mod postgres;
mod soak;
mod sqlite;
