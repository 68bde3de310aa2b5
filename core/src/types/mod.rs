//! Plain data that crosses the library's boundary: no behaviour beyond parsing and printing, no I/O.

pub(crate) mod analytics;
pub(crate) mod api_key;
pub(crate) mod export;
mod flat;
pub(crate) mod glob;
pub(crate) mod ids;
pub(crate) mod money;
pub(crate) mod page;
pub(crate) mod price;
pub(crate) mod provider;
pub(crate) mod request;
pub(crate) mod retention;
pub(crate) mod stats;
pub(crate) mod tenant;
pub(crate) mod time;
pub(crate) mod trace;
pub(crate) mod usage;
pub(crate) mod verify;
