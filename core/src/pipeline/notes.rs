//! Where it is noted what became of each attempt.

use std::time::{Duration, Instant};

use crate::{
    error::{Error, ErrorCode},
    recorder::{Draft, Seen},
    types::trace::Attempt,
};

/// Where attempts are noted.
pub(super) trait Notes {
    /// Whether a first attempt that is answered is listed, too. Of one provider that is no news: the row says it all.
    const FIRST_ANSWERS: bool;

    fn note(&mut self, note: impl FnOnce(&mut Seen));
}

impl Notes for Draft {
    const FIRST_ANSWERS: bool = false;

    fn note(&mut self, note: impl FnOnce(&mut Seen)) {
        self.note(note);
    }
}

/// What is seen of one provider among several that are asked at once.
impl Notes for Seen {
    const FIRST_ANSWERS: bool = true;

    fn note(&mut self, note: impl FnOnce(&mut Seen)) {
        note(self);
    }
}

/// One attempt that has ended.
pub(super) struct Attempted<'a> {
    pub(super) provider: &'a str,
    pub(super) asked: Instant,
    /// How long it was waited before it was asked.
    pub(super) pause: Duration,
    pub(super) outcome: Result<u16, &'a Error>,
}

impl Attempted<'_> {
    /// Lists it. A first attempt that is answered is listed only where `always` is said.
    pub(super) fn list(&self, seen: &mut Seen, always: bool) {
        let (status_code, error_code) = match self.outcome {
            Ok(status) => (Some(status), None),
            Err(error) => (error.upstream_status(), Some(error.code())),
        };
        if always || error_code.is_some() || !seen.attempts.is_empty() {
            seen.attempts.push(Attempt {
                provider: self.provider.to_owned(),
                status_code,
                error_code,
                duration_ms: millis(self.asked.elapsed()),
                delay_ms: millis(self.pause),
            });
        }
    }
}

/// A provider that was not asked, and why.
pub(super) fn passed_over(provider: &str, why: ErrorCode) -> Attempt {
    Attempt { provider: provider.to_owned(), status_code: None, error_code: Some(why), duration_ms: 0.0, delay_ms: 0.0 }
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
