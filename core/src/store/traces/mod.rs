//! Traces: written in batches, listed in pages, read one by one with their encrypted content.

pub(super) mod columns;
pub(super) mod cursor;
pub(super) mod erase;
pub(super) mod filter;
pub(super) mod get;
pub(super) mod insert;
pub(super) mod page;
pub(super) mod record;
pub(super) mod reprice;
pub(super) mod rules;
pub(super) mod top;
