//! Tenants, their providers and keys, and what keeps them apart: from outside, on every database and with other
//! processes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    reason = "tests"
)]

mod api_keys;
mod backup;
mod canaries;
mod config;
mod encryption;
mod erasure;
mod footprint;
mod list_models;
mod processes;
mod provider_choice;
mod provider_keys;
mod provider_refusals;
mod redaction;
mod registry;
mod rotation;
mod schema;
mod store_away;
mod support;
mod tenants;
mod volume;
