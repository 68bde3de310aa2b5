//! The one place that reads the wall clock. Durations never come from here: they come from `Instant`.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::types::time::Timestamp;

/// The wall-clock time, to the millisecond.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
