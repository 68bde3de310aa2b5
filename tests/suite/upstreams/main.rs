//! The gateway against an upstream that other people wrote: the npm package `@copilotkit/aimock`, in its good days and
//! with every fault it can be asked for. `make test` installs it.
//!
//! What it may answer is in `tests/aimock/fixtures.json`; what exactly the bytes are is its own affair.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

mod aimock;
mod answers;
mod faults;
mod rate_limit;
mod slowness;
mod support;
