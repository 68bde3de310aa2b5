//! JSON lines: one document a line.

use bytes::Bytes;
use serde::Serialize;

use crate::error::{Error, ErrorCode, Result};

pub(super) fn lines<T: Serialize>(rows: &[T]) -> Result<Bytes> {
    let mut lines = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut lines, row)
            .map_err(|error| Error::new(ErrorCode::Internal, "a row cannot be written as JSON").with_source(error))?;
        lines.push(b'\n');
    }
    Ok(lines.into())
}
