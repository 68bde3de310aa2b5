//! How long a page of a list is.

use crate::error::{Error, Result};

/// The limit of a page: 50 when omitted, 1 to 200.
pub(crate) fn page_limit(limit: Option<u32>) -> Result<u32> {
    match limit.unwrap_or(50) {
        limit @ 1..=200 => Ok(limit),
        limit => Err(Error::invalid("limit", format!("limit is {limit}; it must be 1 to 200"))),
    }
}
