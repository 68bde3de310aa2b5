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
    /// Rings when nothing has come for too long; armed only while nothing is there.
    pub(super) timer: Pin<Box<Sleep>>,
    pub(super) armed: bool,
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
            self.armed = false;
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
        let idle_end = Instant::now() + self.idle;
        if !self.armed {
            self.timer.as_mut().reset(idle_end.min(self.total).into());
            self.armed = true;
        }
        std::task::ready!(self.timer.as_mut().poll(context));
        Poll::Ready(Step::Failed(if Instant::now() >= self.total {
            Error::timed_out(ErrorCode::TotalTimeout)
        } else {
            Error::timed_out(ErrorCode::IdleTimeout)
        }))
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
