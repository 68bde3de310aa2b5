//! When to ask again, and after how long. Pure: time and chance are passed in.

use std::time::Duration;

use crate::{
    config::Retry,
    error::{Error, ErrorCode},
};

/// Whether another attempt may succeed: after connection errors, 408, 409, 429 and 5xx. A timeout of an answer is not
/// among them: the upstream may still be at work.
pub(super) const fn is_worthwhile(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::UpstreamRateLimited
            | ErrorCode::UpstreamFailed
            | ErrorCode::UpstreamUnreachable
            | ErrorCode::UpstreamDnsFailed
            | ErrorCode::UpstreamDisconnected
            | ErrorCode::ConnectTimeout
    )
}

/// Whether another provider may succeed: where another attempt may, and where the upstream was too slow, refused its
/// own key, does not have the model, or does not speak HTTP. What the caller did wrong is wrong everywhere.
pub(super) fn is_worthwhile_elsewhere(error: &Error) -> bool {
    match error.code() {
        ErrorCode::UpstreamRejected => matches!(error.upstream_status(), Some(403 | 404)),
        ErrorCode::UpstreamAuthFailed
        | ErrorCode::UpstreamTlsFailed
        | ErrorCode::UpstreamInvalidResponse
        | ErrorCode::FirstByteTimeout => true,
        code => is_worthwhile(code),
    }
}

/// Whether a failure says something of the provider, and nothing of what was asked of it.
pub(super) fn is_the_providers_fault(error: &Error) -> bool {
    match error.code() {
        ErrorCode::UpstreamRejected => false,
        ErrorCode::IdleTimeout => true,
        _ => is_worthwhile_elsewhere(error),
    }
}

/// The pause after so many attempts: doubling, jittered down to a half, and never shorter than what the upstream
/// asked for.
pub(super) fn pause(retry: Retry, attempts: u32, asked_for: Option<Duration>, jitter: f64) -> Duration {
    let doubled = retry.base_ms.saturating_mul(1_u64.checked_shl(attempts.saturating_sub(1)).unwrap_or(u64::MAX));
    let longest = Duration::from_millis(doubled.min(retry.max_ms));
    longest.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0).max(asked_for.unwrap_or_default())
}

/// A number from 0 to 1.
pub(super) fn jitter() -> f64 {
    let mut byte = [0_u8; 1];
    // Without randomness the pause is the longest one.
    let drawn = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut byte);
    drawn.map_or(1.0, |()| f64::from(byte[0]) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry { max_attempts: 10, base_ms: 100, max_ms: 1_000 };

    #[test]
    fn pauses_double_up_to_the_longest_and_are_jittered_down_to_a_half() {
        for (attempts, longest) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1_000), (60, 1_000), (200, 1_000)] {
            assert_eq!(pause(RETRY, attempts, None, 1.0), Duration::from_millis(longest));
            assert_eq!(pause(RETRY, attempts, None, 0.0), Duration::from_millis(longest / 2));
        }
    }

    #[test]
    fn what_the_upstream_asks_for_is_a_floor() {
        assert_eq!(pause(RETRY, 1, Some(Duration::from_secs(30)), 0.5), Duration::from_secs(30));
        assert_eq!(pause(RETRY, 1, Some(Duration::from_millis(1)), 1.0), Duration::from_millis(100));
    }
}
