//! The recorder with its spool and store, and nothing around it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

mod faults;
mod formats;
mod lives;
mod script;
