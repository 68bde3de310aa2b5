//! A streamed answer: bytes go to the caller as they come, a copy goes to the tap. Dropping it cancels upstream. It
//! never waits for a reader: what the caller does not read, the upstream is not asked for.

mod filter;
mod live;

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use tokio::time::sleep_until;

use self::{
    filter::UsageFilter,
    live::{Live, Step, Watch},
};
use crate::{
    error::{Error, ErrorCode, Result},
    limits::Permit,
    recorder::{Answer, Draft, Durable, EVENT_BYTES},
    transport::{Body, sse},
    types::ids::{ProviderName, TraceId},
};

/// A stream whose head has arrived.
pub(crate) struct Opened {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) is_event_stream: bool,
    pub(crate) body: Body,
    /// What its bytes are read into.
    pub(crate) answer: Answer,
    /// The gateway asked for a usage chunk that the caller did not ask for.
    pub(crate) hide_usage: bool,
    pub(crate) idle_ms: u64,
    pub(crate) total: Instant,
    pub(crate) provider: ProviderName,
    pub(crate) permit: Permit,
}

/// The wait for the disk.
type Waiting = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// A streamed answer, as the upstream's bytes in the pieces they arrive in.
///
/// It ends after the upstream's last byte, or after one error. Dropping it closes the upstream's connection, and the
/// trace says `cancelled` unless the answer was complete.
pub struct ReplyStream {
    status: u16,
    headers: HeaderMap,
    trace_id: TraceId,
    provider: ProviderName,
    is_event_stream: bool,
    live: Option<Live>,
    /// With `durability: sync`, the end that is held back, and what it waits for.
    ending: Option<(Option<Result<Bytes>>, Waiting)>,
    events: sse::Framer,
}

impl ReplyStream {
    pub(crate) fn new(opened: Opened, mut draft: Draft) -> Self {
        draft.note(|seen| seen.answer = opened.answer);
        let trace_id = draft.id();
        let idle = Duration::from_millis(opened.idle_ms);
        let live = Live {
            body: opened.body,
            filter: (opened.hide_usage && opened.is_event_stream).then(|| UsageFilter::new(EVENT_BYTES)),
            watch: Watch::new(draft),
            idle,
            total: opened.total,
            timer: Box::pin(sleep_until(opened.total.min(Instant::now() + idle).into())),
            waiting_since: None,
            _permit: opened.permit,
        };
        Self {
            status: opened.status,
            headers: opened.headers,
            trace_id,
            provider: opened.provider,
            is_event_stream: opened.is_event_stream,
            live: Some(live),
            ending: None,
            events: sse::Framer::new(EVENT_BYTES),
        }
    }

    /// The upstream's status, 200 to 299.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The upstream's headers that are the caller's business: content type, rate limits, request ids.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The trace of this request; it is recorded when the stream ends.
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// Who answers.
    pub fn provider(&self) -> &ProviderName {
        &self.provider
    }

    /// The next piece of the answer; `None` at its end.
    pub async fn next_chunk(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The data of the next event, `[DONE]` and comments left out; `None` at the end. Do not mix it with
    /// [`ReplyStream::next_chunk`]: each takes what the other then misses.
    ///
    /// Fails with `upstream_invalid_response` when the provider answered with something else than events.
    pub async fn next_event(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|context| self.poll_next_event(context)).await
    }
}

impl ReplyStream {
    pub(crate) fn poll_next_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if !self.is_event_stream {
            if let Some(live) = self.live.take() {
                let message = "the provider's answer is no stream of events; read it with next_chunk";
                let error = Error::new(ErrorCode::UpstreamInvalidResponse, message);
                let (error, durable) = live.fail(error.with_provider(self.provider.as_str()));
                self.ending = Some((Some(Err(error)), Box::pin(durable.reached())));
            }
            return self.poll_end(context);
        }
        loop {
            match self.events.next_frame() {
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
                Ok(Some(frame)) => {
                    if let Some(data) = event_data(frame) {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Ok(None) => match std::task::ready!(Pin::new(&mut *self).poll_next(context)) {
                    Some(Ok(chunk)) => self.events.push(&chunk),
                    Some(Err(error)) => {
                        // Nothing follows an error: what has come of the event it cut is none.
                        self.events = sse::Framer::new(EVENT_BYTES);
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => return Poll::Ready(self.events.finish().and_then(event_data).map(Ok)),
                },
            }
        }
    }
}

impl ReplyStream {
    /// The last item, as soon as the trace is as durable as it is to be.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if let Some((_, waiting)) = &mut self.ending {
            std::task::ready!(waiting.as_mut().poll(context));
        }
        Poll::Ready(self.ending.take().and_then(|(last, _)| last))
    }
}

impl Stream for ReplyStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(live) = &mut self.live else { return self.poll_end(context) };
        let step = std::task::ready!(live.poll_step(context));
        let (last, durable) = match step {
            Step::Chunk(bytes) => return Poll::Ready(Some(Ok(bytes))),
            Step::End(last) => (last.map(Ok), self.live.take().map(Live::complete)),
            Step::Failed(error) => {
                let error = error.with_provider(self.provider.as_str());
                match self.live.take().map(|live| live.fail(error)) {
                    Some((error, durable)) => (Some(Err(error)), Some(durable)),
                    None => (None, None),
                }
            }
        };
        match durable.filter(Durable::is_pending) {
            None => Poll::Ready(last),
            Some(durable) => {
                self.ending = Some((last, Box::pin(durable.reached())));
                self.poll_end(context)
            }
        }
    }
}

/// The data of a frame; `None` for comments and `[DONE]`.
fn event_data(frame: &[u8]) -> Option<Bytes> {
    let data = sse::Event::parse(frame).data;
    (!data.is_empty() && *data != *b"[DONE]").then(|| Bytes::copy_from_slice(&data))
}

impl fmt::Debug for ReplyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyStream")
            .field("status", &self.status)
            .field("trace_id", &self.trace_id)
            .field("ended", &self.live.is_none())
            .finish_non_exhaustive()
    }
}
