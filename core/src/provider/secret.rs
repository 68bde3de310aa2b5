//! The credentials in a request, and what becomes of them in an answer.

use bytes::Bytes;
use http::HeaderValue;
use memchr::memmem;

use crate::error::{Error, ErrorCode, Result};

/// The body with something else in every place of the secret; what was put there is not searched again.
pub(super) fn blotted_out(body: Bytes, secret: &[u8]) -> Bytes {
    let mut rest = body.clone();
    let mut kept = Vec::new();
    while let Some(place) = memmem::find(&rest, secret).filter(|_| !secret.is_empty()) {
        kept.extend_from_slice(&rest.split_to(place));
        kept.extend_from_slice(SECRET);
        drop(rest.split_to(secret.len()));
    }
    if kept.is_empty() {
        return body;
    }
    kept.extend_from_slice(&rest);
    kept.into()
}

/// What stands in the place of a key that an upstream repeated.
const SECRET: &[u8] = b"[secret]";

/// A bearer credential that no debug output shows.
pub(super) fn secret_header(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::new(ErrorCode::InvalidProviderConfig, "api_key has characters that no header may carry")
            .with_param("api_key")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
