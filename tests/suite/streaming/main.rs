//! What a stream does while it runs: how it ends early, who waits for whom, what it holds in memory, what is timed.
//!
//! The bytes of single answers are the conformance fixtures' business.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

/// Makes a test on SQLite, with a deadline, of each `async fn`: for what the store has no part in.
macro_rules! sqlite_tests {
    ($($(#[$attribute:meta])* async fn $name:ident() $body:block)+) => {
        $(
            $(#[$attribute])*
            #[test]
            fn $name() {
                libgateway_tests::run(|| async $body);
            }
        )+
    };
}

mod abandoned;
mod back_pressure;
mod cancellation;
mod concurrency;
mod descriptors;
mod limits;
mod memory;
mod rebuilding;
mod runtimes;
mod support;
mod tap;
mod timeouts;
mod timing;
