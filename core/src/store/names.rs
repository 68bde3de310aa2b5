//! Enumerations as the text that is stored: the same names as in JSON.

use serde::{Serialize, de::DeserializeOwned};

use super::row::corrupt;
use crate::error::{Error, ErrorCode, Result};

/// The name of a fieldless variant.
pub(super) fn name_of<T: Serialize>(value: T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(Error::new(ErrorCode::Internal, "a value without a name cannot be stored")),
    }
}

/// The variant of that name.
pub(super) fn of_name<T: DeserializeOwned>(name: String) -> Result<T> {
    let unreadable = corrupt(&format!("the name {name:?}"));
    serde_json::from_value(serde_json::Value::String(name)).map_err(|_| unreadable)
}

/// A value as JSON text.
pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::new(ErrorCode::Internal, format!("a value cannot be stored: {error}")))
}

/// A value of JSON text.
pub(super) fn of_json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| corrupt(what))
}
