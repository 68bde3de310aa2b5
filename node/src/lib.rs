//! The compiled half of the Node package, behind `lib/native.js`; its interface is that file's business alone.
//!
//! Translates between JavaScript and the core, and holds no rule of its own. It never throws and never rejects: what goes
//! wrong comes back as data, of which `lib/error.js` makes an error with a useful stack.
#![allow(missing_debug_implementations, reason = "JavaScript prints its objects itself")]
#![allow(clippy::needless_pass_by_value, reason = "JavaScript's values are converted, not borrowed")]

pub mod channel;
pub mod data;
pub mod gateway;
pub mod log;
pub mod server;
pub mod stream;

use libgateway::{ErrorCode, OPERATIONS, Output};
use napi_derive::napi;
use serde_json::json;

/// The version of the addon that was loaded, as `MAJOR.MINOR.PATCH`.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The table of operations as JSON: their names, and which of them stream.
#[napi]
pub fn operations() -> String {
    let shown = |operation: &libgateway::Operation| json!({"name": operation.name, "streams": operation.output == Output::Stream});
    serde_json::Value::from_iter(OPERATIONS.iter().map(shown)).to_string()
}

/// The error codes as JSON.
#[napi]
pub fn error_codes() -> String {
    let shown = |code: &ErrorCode| json!({"name": code.name(), "number": code.number(), "status": code.http_status()});
    serde_json::Value::from_iter(ErrorCode::ALL.iter().map(shown)).to_string()
}
