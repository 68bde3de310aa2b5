//! Several providers that are asked at once: what is seen of each is kept apart, and becomes one trace, in the
//! providers' order.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use serde_json::{Map, Value};

use super::list::Models;
use crate::{
    error::{Error, ErrorCode, Result},
    provider::Provider,
    recorder::{Draft, Seen},
};

/// All of them. What was seen is noted on the draft when this is dropped, so also when the caller goes away.
pub(super) struct Asks<'a> {
    draft: &'a mut Draft,
    all: Vec<Ask>,
}

/// One of them.
pub(super) struct Ask {
    /// Its provider is the one to be asked; there is none where it could not be built.
    pub(super) seen: Seen,
    /// What came of it; `None` until it has ended, and for a provider that lists nothing.
    outcome: Option<Result<Bytes>>,
    made: Instant,
}

/// What came of all.
pub(super) struct Gathered {
    /// The one whose answer the trace shows.
    pub(super) provider: Arc<Provider>,
    pub(super) models: Vec<Map<String, Value>>,
}

/// How far an ask came. Of several the trace shows the last of those that came farthest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    NotBuilt,
    NotAnswered,
    Failed,
    Answered,
}

impl Ask {
    fn new(provider: Result<Arc<Provider>>) -> Self {
        let (provider, outcome) = match provider {
            Ok(provider) => (Some(provider), None),
            Err(error) => (None, Some(Err(error))),
        };
        Self { seen: Seen { provider, ..Seen::default() }, outcome, made: Instant::now() }
    }

    /// The provider, if it lists models.
    pub(super) fn begin(&mut self) -> Option<Arc<Provider>> {
        // Waiting for the turn is waiting for the upstreams of others.
        self.seen.waited = self.made.elapsed();
        self.seen.provider.clone().filter(|provider| provider.capabilities().models)
    }

    pub(super) fn end(&mut self, outcome: Result<Bytes>) {
        self.outcome = Some(outcome);
    }

    fn progress(&self) -> Progress {
        match (&self.outcome, &self.seen.provider) {
            (_, None) => Progress::NotBuilt,
            (None, _) => Progress::NotAnswered,
            (Some(Err(_)), _) => Progress::Failed,
            (Some(Ok(_)), _) => Progress::Answered,
        }
    }

    fn failure(&self) -> Option<&Error> {
        self.outcome.as_ref()?.as_ref().err()
    }
}

impl<'a> Asks<'a> {
    pub(super) fn new(draft: &'a mut Draft, providers: Vec<Result<Arc<Provider>>>) -> Self {
        Self { draft, all: providers.into_iter().map(Ask::new).collect() }
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Ask> {
        self.all.iter_mut()
    }

    /// What came of them, in the providers' order. Fails when nobody answered and nothing is configured either.
    pub(super) fn end(mut self) -> Result<Gathered> {
        let mut models = Models::default();
        for ask in &self.all {
            if let Some(error) = ask.failure() {
                tracing::warn!(provider = error.provider(), %error, "a provider did not list its models");
            }
            if let Some(provider) = &ask.seen.provider {
                models.configured(provider);
                if let Some(Ok(body)) = &ask.outcome {
                    models.listed(provider, body);
                }
            }
        }
        let models = models.into_data();
        let shown = self.shown();
        if shown.is_none_or(|ask| ask.progress() < Progress::Answered) {
            let failure = shown.and_then(Ask::failure).or_else(|| self.all.iter().rev().find_map(Ask::failure));
            if let (Some(failure), true) = (failure, models.is_empty()) {
                return Err(failure.clone());
            }
            // What is listed is what the configuration names: the status of a failure is not its.
            for Ask { seen, .. } in &mut self.all {
                (seen.status_code, seen.ttfb, seen.upstream_request_id) = (None, None, None);
            }
        }
        let provider = self.shown().and_then(|ask| ask.seen.provider.clone()).ok_or_else(|| {
            Error::new(ErrorCode::ProviderNotFound, "the tenant has no provider; add one with set_provider")
        })?;
        Ok(Gathered { provider, models })
    }

    /// The one whose answer the trace shows.
    fn shown(&self) -> Option<&Ask> {
        self.all.iter().max_by_key(|ask| ask.progress())
    }
}

impl Drop for Asks<'_> {
    fn drop(&mut self) {
        let shown = self.shown().map(|ask| {
            let Seen { provider, status_code, ttfb, upstream_request_id, .. } = &ask.seen;
            (provider.clone(), *status_code, *ttfb, upstream_request_id.clone())
        });
        let all = &mut self.all;
        self.draft.note(|seen| {
            if let Some(shown) = shown {
                (seen.provider, seen.status_code, seen.ttfb, seen.upstream_request_id) = shown;
            }
            for Ask { seen: one, .. } in all.iter_mut() {
                seen.attempt_count += one.attempt_count;
                seen.attempts.append(&mut one.attempts);
                // They wait at the same time: the longest wait is all of it.
                if one.waited > seen.waited {
                    (seen.waited, seen.overhead) = (one.waited, one.overhead);
                }
            }
            // One attempt in all that was answered is no news: the row says it all.
            if seen.attempt_count == 1 && seen.attempts.iter().all(|attempt| attempt.error_code.is_none()) {
                seen.attempts.clear();
            }
        });
    }
}
