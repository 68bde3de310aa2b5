//! Asks one provider until it answers, the attempts are spent or the time is over. The one owner of retries.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    Call,
    body::{self, BodyLimits},
    headers,
    notes::{Attempted, Notes},
    retry,
};
use crate::{
    clock,
    config::{Retry, Timeouts},
    error::{Error, ErrorCode, Result},
    provider::{Canned, Provider, Question, response_error},
    transport::{Body, Outgoing, Profile, Response, Transport},
};

/// How much of an error's body is read.
const ERROR_BODY_BYTES: usize = 1 << 20;
/// How long its end is waited for.
const ERROR_BODY_TIME: Duration = Duration::from_secs(5);

/// The attempts at one provider.
pub(super) struct Attempts<'a> {
    transport: &'a Transport,
    provider: &'a Provider,
    timeouts: Timeouts,
    retry: Retry,
    started: Instant,
    /// The end of the total timeout.
    deadline: Instant,
    /// A pause of this length is not waited for.
    longest_pause: Duration,
    /// Time spent waiting for the upstream, or for the next attempt, that is not noted yet.
    waited: Duration,
}

/// When a call began, and when it has to be over.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) started: Instant,
    pub(super) deadline: Instant,
}

impl Span {
    /// The span of a call: the total timeout is that of the provider that is asked first.
    pub(super) fn of(call: &Call, provider: &Provider, started: Instant) -> Self {
        let total_ms = call.request.options.timeout_ms.unwrap_or(u64::MAX).min(provider.timeouts.total_ms);
        Self { started, deadline: started + Duration::from_millis(total_ms) }
    }
}

/// How the answer is wanted.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    Whole { limit: usize },
    Stream,
}

/// A good answer.
pub(super) struct Answered {
    response: Response,
    whole: Bytes,
}

impl Answered {
    pub(super) fn into_whole(self) -> (Response, Bytes) {
        (self.response, self.whole)
    }

    pub(super) fn into_stream(self) -> Response {
        self.response
    }
}

impl<'a> Attempts<'a> {
    pub(super) fn new(transport: &'a Transport, provider: &'a Provider, span: Span) -> Self {
        let Span { started, deadline } = span;
        Self {
            transport,
            provider,
            timeouts: provider.timeouts,
            retry: provider.retry,
            started,
            deadline,
            longest_pause: Duration::MAX,
            waited: Duration::ZERO,
        }
    }

    /// Asks once: one request finds out how the provider is.
    pub(super) fn once(mut self) -> Self {
        self.retry.max_attempts = 1;
        self
    }

    /// Somebody else can be asked: a wait beyond `retry.max_ms` that the upstream asks for is not worth it.
    pub(super) fn replaceable(mut self) -> Self {
        self.longest_pause = Duration::from_millis(self.retry.max_ms.saturating_add(1));
        self
    }

    /// Asks, and asks again where that may help. Each attempt is noted.
    pub(super) async fn run<N: Notes>(
        mut self,
        notes: &mut N,
        question: Question<'_>,
        body: &Bytes,
        wanted: Wanted,
    ) -> Result<Answered> {
        let mut pause = Duration::ZERO;
        let provider = self.provider.name();
        let body = self.provider.body(question, body);
        for number in 1.. {
            let request = self.provider.request(question, body.clone())?;
            notes.note(|seen| {
                seen.attempt_count += 1;
                // What an earlier attempt was answered is not this one's.
                (seen.status_code, seen.ttfb, seen.upstream_request_id) = (None, None, None);
            });
            let asked = Instant::now();
            let outcome = match self.provider.canned(&request) {
                Some(canned) => self.read(response_of(canned), wanted).await,
                None => {
                    let profile = Profile::new(self.timeouts.connect_ms, self.provider.info.settings.http2);
                    let outgoing = Outgoing {
                        method: request.method,
                        uri: request.uri,
                        headers: request.headers,
                        body: request.body,
                        profile,
                    };
                    self.attempt(outgoing, notes, wanted).await
                }
            };
            let failure = match outcome {
                Ok(answered) => {
                    let status = answered.response.status.as_u16();
                    self.note(notes, &Attempted { provider, asked, pause, outcome: Ok(status) });
                    return Ok(answered);
                }
                Err(error) => error.with_provider(provider),
            };
            self.note(notes, &Attempted { provider, asked, pause, outcome: Err(&failure) });
            let worthwhile = retry::is_worthwhile(failure.code());
            let spent = |failure: Error| failure.with_retries_spent(number > 1 && worthwhile);
            if !worthwhile || number >= self.retry.max_attempts {
                return Err(spent(failure));
            }
            pause = retry::pause(self.retry, number, failure.retry_after(), retry::jitter());
            if pause >= self.longest_pause.min(self.deadline.saturating_duration_since(Instant::now())) {
                return Err(spent(failure));
            }
            tokio::time::sleep(pause).await;
            self.waited += pause;
        }
        Err(Error::new(ErrorCode::Internal, "the attempts ran out"))
    }

    /// One exchange with the upstream.
    async fn attempt<N: Notes>(&mut self, outgoing: Outgoing, notes: &mut N, wanted: Wanted) -> Result<Answered> {
        let asked = Instant::now();
        let first_byte = asked + Duration::from_millis(self.timeouts.first_byte_ms);
        let sent = self.transport.send(outgoing, first_byte.min(self.deadline).into()).await;
        self.waited += asked.elapsed();
        let response = match sent {
            Some(response) => response?,
            None if first_byte < self.deadline => return Err(Error::timed_out(ErrorCode::FirstByteTimeout)),
            None => return Err(Error::timed_out(ErrorCode::TotalTimeout)),
        };
        notes.note(|seen| {
            seen.ttfb = Some(self.started.elapsed());
            seen.status_code = Some(response.status.as_u16());
            seen.upstream_request_id = headers::request_id(&response.headers);
        });
        if response.status.is_success() { self.read(response, wanted).await } else { Err(self.refusal(response).await) }
    }

    async fn read(&mut self, mut response: Response, wanted: Wanted) -> Result<Answered> {
        let whole = match wanted {
            Wanted::Stream => Bytes::new(),
            Wanted::Whole { limit } => {
                let limits = BodyLimits {
                    idle: Duration::from_millis(self.timeouts.idle_ms),
                    deadline: self.deadline,
                    bytes: limit,
                };
                let (whole, outcome) = self.read_body(&mut response.body, limits).await;
                outcome.map(|()| whole)?
            }
        };
        Ok(Answered { response, whole })
    }

    /// The error of an answer that is none; its body is read as far as it comes, and not for long.
    async fn refusal(&mut self, mut response: Response) -> Error {
        let idle = ERROR_BODY_TIME.min(Duration::from_millis(self.timeouts.idle_ms));
        let deadline = self.deadline.min(Instant::now() + ERROR_BODY_TIME);
        let limits = BodyLimits { idle, deadline, bytes: ERROR_BODY_BYTES };
        let (body, _) = self.read_body(&mut response.body, limits).await;
        let body = self.provider.redact(body);
        response_error(response.status.as_u16(), &response.headers, body, clock::now().as_millis())
            .with_headers(headers::for_caller(&response.headers))
    }

    async fn read_body(&mut self, body: &mut Body, limits: BodyLimits) -> (Bytes, Result<()>) {
        let asked = Instant::now();
        let read = body::read(body, limits).await;
        self.waited += asked.elapsed();
        read
    }

    fn note<N: Notes>(&mut self, notes: &mut N, attempted: &Attempted<'_>) {
        let waited = std::mem::take(&mut self.waited);
        notes.note(|seen| {
            seen.waited += waited;
            seen.overhead = self.started.elapsed().saturating_sub(seen.waited);
            attempted.list(seen, N::FIRST_ANSWERS);
        });
    }
}

/// An answer that needed no network.
fn response_of(canned: Canned) -> Response {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(canned.content_type))]);
    Response { status: StatusCode::OK, headers, body: Body::Canned(canned.chunks.into()) }
}
