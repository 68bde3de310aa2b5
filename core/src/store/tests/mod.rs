//! Behaviour of the store, on a SQLite file, in memory and on PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stderr,
    clippy::exit,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod contention;
pub(crate) mod control;
mod corpus;
mod filters;
mod instances;
mod months;
mod paging;
mod parity;
mod processes;
mod retention;
mod rollups;
mod schema;
mod speed;
pub(crate) mod support;
mod traces;
