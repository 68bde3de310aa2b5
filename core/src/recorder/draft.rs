//! One request under observation. It ends exactly once: by [`Draft::complete`], [`Draft::fail`], or by being dropped,
//! which means that the caller went away.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::time::timeout;

use super::{
    Shared,
    journal::{self, Intent},
};
use crate::{
    clock,
    config::Durability,
    content::BODY_LIMIT,
    crypto::DataKey,
    error::{Error, ErrorCode, Result},
    pricing::Overrides,
    provider::{
        Endpoint, Provider, Wire,
        digest::{StreamTap, TapLimits},
    },
    transport::sse::TooLarge,
    types::{
        ids::{TenantId, TraceId},
        request::CallOptions,
        tenant::Capture,
        time::Timestamp,
        trace::Attempt,
    },
};

/// One event of a stream, or an unstreamed answer to a request for one, may have so many bytes.
pub(crate) const EVENT_BYTES: usize = 16 << 20;

/// Whose trace it is, and the key it is encrypted under.
#[derive(Clone)]
pub(crate) struct Owner {
    pub(crate) tenant: TenantId,
    /// When the tenant was created: another one may have its id later.
    pub(crate) since: Timestamp,
    pub(crate) data_key: Arc<DataKey>,
    /// Its own prices; `None` where it has none.
    pub(crate) prices: Option<Arc<Overrides>>,
}

/// What is known when a request begins.
pub(crate) struct Begin {
    pub(crate) owner: Owner,
    pub(crate) api_key_id: Option<Arc<str>>,
    pub(crate) capture: Capture,
    pub(crate) endpoint: Endpoint,
    pub(crate) stream: bool,
    pub(crate) request: Bytes,
    pub(crate) options: CallOptions,
    /// When the caller called, on the monotonic clock.
    pub(crate) started: Instant,
}

/// Everything that was seen of a request.
pub(super) struct Observation {
    pub(super) id: TraceId,
    /// Which opening of the gateway it is of, and its number there.
    pub(super) instance: u64,
    pub(super) number: u64,
    pub(super) begin: Begin,
    pub(super) seen: Seen,
    pub(super) latency: Duration,
    pub(super) end: End,
}

/// What is learnt while the request runs.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) requested_model: Option<String>,
    pub(crate) deployment: Option<String>,
    /// The most output tokens that the request allowed.
    pub(crate) output_limit: Option<u64>,
    pub(crate) provider: Option<Arc<Provider>>,
    pub(crate) status_code: Option<u16>,
    pub(crate) upstream_request_id: Option<String>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) attempt_count: u32,
    pub(crate) ttfb: Option<Duration>,
    pub(crate) ttft: Option<Duration>,
    /// Time spent waiting for upstreams, or for the next attempt, before the answer began.
    pub(crate) waited: Duration,
    /// Time in the gateway itself: measured in the places where it works.
    pub(crate) overhead: Duration,
    pub(crate) answer: Answer,
}

/// What came back.
#[derive(Default)]
pub(crate) enum Answer {
    /// Nothing.
    #[default]
    None,
    /// A whole answer, or what an error carried.
    Body(Bytes),
    /// The answer to a request for a stream, when it is none.
    Growing(Vec<u8>),
    /// A stream, read beside its bytes.
    Stream(Box<StreamTap>),
    /// What is passed on whatever it is; its beginning is kept where it is text.
    Passed(Option<Vec<u8>>),
}

/// How a request ended.
#[derive(Clone, Copy)]
pub(super) enum End {
    Complete,
    Failed(ErrorCode),
    Dropped,
}

impl Answer {
    /// An empty answer to a request for a stream.
    pub(crate) fn streamed(wire: Wire, is_event_stream: bool) -> Self {
        let limits = TapLimits { event_bytes: EVENT_BYTES, content_bytes: BODY_LIMIT };
        if is_event_stream { Self::Stream(Box::new(StreamTap::new(wire, limits))) } else { Self::Growing(Vec::new()) }
    }

    /// An empty answer of any kind.
    pub(crate) fn passed(is_text: bool) -> Self {
        Self::Passed(is_text.then(Vec::new))
    }
}

impl Observation {
    /// The bytes it holds while it waits.
    pub(super) fn weight(&self) -> usize {
        const FIXED: usize = 1024;
        let answer = match &self.seen.answer {
            Answer::None => 0,
            Answer::Body(body) => body.len(),
            Answer::Growing(body) | Answer::Passed(Some(body)) => body.len(),
            Answer::Passed(None) => 0,
            Answer::Stream(tap) => tap.weight(),
        };
        FIXED + self.begin.request.len() + answer
    }
}

/// A request under observation.
pub(crate) struct Draft {
    shared: Arc<Shared>,
    /// `None` once it has ended.
    open: Option<Box<Observation>>,
    started: Instant,
    id: TraceId,
}

impl Draft {
    pub(super) fn new(shared: Arc<Shared>, begin: Begin) -> Result<Self> {
        shared.queue.announce()?;
        let started = begin.started;
        // The wall clock is read once, and set back to when the caller called.
        let created_at = clock::now().plus_millis(-i64::try_from(started.elapsed().as_millis()).unwrap_or_default());
        let id = TraceId::new(created_at);
        let (instance, number) = (shared.ledger.instance, shared.ledger.accept());
        let (seen, latency, end) = (Seen::default(), Duration::ZERO, End::Dropped);
        let observation = Observation { id, instance, number, begin, seen, latency, end };
        Ok(Self { shared, open: Some(Box::new(observation)), started, id })
    }

    pub(crate) fn id(&self) -> TraceId {
        self.id
    }

    /// The caller's own id of the request, else the trace's.
    pub(crate) fn request_id(&self) -> String {
        let own = self.open.as_ref().and_then(|observation| observation.begin.options.request_id.clone());
        own.unwrap_or_else(|| self.id.to_string())
    }

    /// When the caller called.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// An upstream is about to be asked: from here on not even the end of the process loses the request. Where the
    /// spool's disk fails, it says so in its status; the request goes on.
    pub(crate) fn intend(&self) {
        if let (Some(spool), Some(observation)) = (&self.shared.spool, &self.open)
            && let Ok(intent) = journal::write(&Intent::of(observation))
        {
            drop(spool.intend(self.id, &intent));
        }
    }

    /// Notes what was learnt.
    pub(crate) fn note(&mut self, note: impl FnOnce(&mut Seen)) {
        if let Some(observation) = &mut self.open {
            note(&mut observation.seen);
        }
    }

    /// Takes a copy of the next bytes of a streamed answer; says whether content has been seen in it.
    pub(crate) fn observe(&mut self, bytes: &[u8]) -> Result<bool, TooLarge> {
        match self.open.as_mut().map(|observation| &mut observation.seen.answer) {
            Some(Answer::Stream(tap)) => tap.push(bytes).map(|()| tap.has_content()),
            Some(Answer::Growing(body)) if body.len() + bytes.len() > EVENT_BYTES => {
                Err(TooLarge { limit: EVENT_BYTES })
            }
            Some(Answer::Growing(body)) => {
                body.extend_from_slice(bytes);
                Ok(true)
            }
            Some(Answer::Passed(Some(body))) => {
                // One byte more than is kept: so it is seen that something was cut.
                let room = (BODY_LIMIT + 1).saturating_sub(body.len());
                body.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The request ended well, as far as the bytes tell.
    pub(crate) fn complete(mut self) -> Durable {
        self.end(End::Complete)
    }

    /// The request ended with an error.
    pub(crate) fn fail(mut self, error: &Error) -> Durable {
        if let (Some(observation), Some(body)) = (&mut self.open, error.body()) {
            observation.seen.answer = Answer::Body(body.clone());
        }
        self.end(End::Failed(error.code()))
    }

    fn end(&mut self, end: End) -> Durable {
        let Some(mut observation) = self.open.take() else { return Durable(None) };
        observation.latency = self.started.elapsed();
        observation.end = end;
        let number = self.shared.record(observation);
        let waits = self.shared.durability == Durability::Sync;
        Durable(number.filter(|_| waits).map(|number| (Arc::clone(&self.shared), number)))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        drop(self.end(End::Dropped));
    }
}

/// A trace that the caller wants to be on disk: with [`Durability::Sync`]. Otherwise there is nothing to wait for.
#[must_use = "with durability: sync a call ends when its trace is on disk"]
pub(crate) struct Durable(Option<(Arc<Shared>, u64)>);

impl Durable {
    /// Whether there is anything to wait for.
    pub(crate) fn is_pending(&self) -> bool {
        self.0.is_some()
    }

    /// How long a disk may take.
    const PATIENCE: Duration = Duration::from_secs(10);

    /// Waits until the trace is on disk, or the disk has failed or takes too long: then the recorder says so.
    pub(crate) async fn reached(self) {
        if let Some((shared, number)) = self.0 {
            let (mut durable, mut failed) = (shared.durable.subscribe(), shared.disk_failed.subscribe());
            let reached = async {
                // The senders live as long as what we hold: there is no error.
                tokio::select! {
                    _ = durable.wait_for(|durable| *durable >= number) => {}
                    _ = failed.wait_for(|failed| *failed) => {}
                }
            };
            if timeout(Self::PATIENCE, reached).await.is_err() {
                tracing::warn!("the disk of the spool does not answer; a call ends without it");
            }
        }
    }
}
