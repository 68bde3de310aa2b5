//! The compiled half of the Node package.
//!
//! Translates between JavaScript and the core; holds no rule of its own.

use napi_derive::napi;

/// The version of the addon that was loaded, as `MAJOR.MINOR.PATCH`.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
