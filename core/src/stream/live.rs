//! What runs while a stream is open: it waits for bytes under the time limits, shows them to the tap and filters them.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::time::Sleep;

use super::filter::UsageFilter;
use crate::{
    error::{Error, ErrorCode, Result},
    limits::Permit,
    recorder::{Draft, Durable},
    transport::{Body, sse},
};

/// What there is until the stream ends.
pub(super) struct Live {
    pub(super) body: Body,
    pub(super) filter: Option<UsageFilter>,
    pub(super) watch: Watch,
    pub(super) idle: Duration,
    pub(super) total: Instant,
    /// Rings when nothing may have come for too long, or too early: setting it anew for each piece costs more than
    /// looking at the clock when it rings.
    pub(super) timer: Pin<Box<Sleep>>,
    /// Since when nothing is there for a caller who waits.
    pub(super) waiting_since: Option<Instant>,
    pub(super) _permit: Permit,
}

/// What is noted of a stream while it runs.
pub(super) struct Watch {
    draft: Draft,
    awaits_content: bool,
}

/// What one poll came to.
pub(super) enum Step {
    Chunk(Bytes),
    /// The upstream has ended; an event without a blank line behind it may be left.
    End(Option<Bytes>),
    Failed(Error),
}

impl Live {
    /// The answer was complete.
    pub(super) fn complete(self) -> Durable {
        self.watch.draft.complete()
    }

    /// It ended with this error, which now says which request it was.
    pub(super) fn fail(self, error: Error) -> (Error, Durable) {
        let error = error.with_request_id(self.watch.draft.request_id());
        let durable = self.watch.draft.fail(&error);
        (error, durable)
    }

    pub(super) fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        loop {
            let arrived = match self.body.poll_chunk(context) {
                Poll::Pending => return self.poll_timer(context),
                Poll::Ready(arrived) => arrived,
            };
            self.waiting_since = None;
            let worked = Instant::now();
            let step = match arrived {
                Some(Ok(_)) if worked >= self.total => Some(Step::Failed(Error::timed_out(ErrorCode::TotalTimeout))),
                Some(Ok(bytes)) => self.pass(bytes),
                Some(Err(error)) => Some(Step::Failed(error)),
                None => Some(Step::End(self.filter.as_mut().and_then(UsageFilter::finish))),
            };
            self.watch.draft.note(|seen| seen.overhead += worked.elapsed());
            if let Some(step) = step {
                return Poll::Ready(step);
            }
        }
    }

    /// Shows the bytes to the tap and passes them on; `None` while the filter waits for the rest of an event.
    fn pass(&mut self, bytes: Bytes) -> Option<Step> {
        let passed = self.watch.observe(&bytes).and_then(|()| match &mut self.filter {
            None => Ok(Some(bytes)),
            Some(filter) => filter.pass(&bytes),
        });
        match passed {
            Ok(passed) => passed.map(Step::Chunk),
            Err(too_large) => Some(Step::Failed(too_large.into())),
        }
    }

    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let end = self.total.min(since + self.idle);
        loop {
            std::task::ready!(self.timer.as_mut().poll(context));
            let now = Instant::now();
            if now >= self.total {
                return Poll::Ready(Step::Failed(Error::timed_out(ErrorCode::TotalTimeout)));
            }
            if now >= end {
                return Poll::Ready(Step::Failed(Error::timed_out(ErrorCode::IdleTimeout)));
            }
            self.timer.as_mut().reset(end.into());
        }
    }
}

impl Watch {
    pub(super) fn new(draft: Draft) -> Self {
        Self { draft, awaits_content: true }
    }

    fn observe(&mut self, bytes: &[u8]) -> Result<(), sse::TooLarge> {
        let has_content = self.draft.observe(bytes)?;
        if self.awaits_content && has_content {
            self.awaits_content = false;
            let elapsed = self.draft.started().elapsed();
            self.draft.note(|seen| seen.ttft = Some(elapsed));
        }
        Ok(())
    }
}
