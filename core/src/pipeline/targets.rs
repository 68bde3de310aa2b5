//! Whom to ask, in which order: the provider that serves the model, and where it fails in a way that another may not,
//! its fallbacks. The one owner of that choice; how often each is asked is the attempts' business.

use std::{borrow::Cow, sync::Arc, time::Instant};

use bytes::Bytes;

use super::{
    Call, Pipeline,
    attempts::{Answered, Attempts, Span, Wanted},
    notes, retry,
};
use crate::{
    breaker::Admission,
    error::{Error, ErrorCode, Result},
    provider::{Envelope, Provider, Question},
    recorder::Draft,
    registry::ActiveTenant,
    types::provider::Fallback,
};

/// Those that may be asked for one request.
pub(super) struct Targets<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) tenant: &'a ActiveTenant,
    pub(super) call: &'a Call,
    /// The provider that is asked first.
    pub(super) first: &'a Arc<Provider>,
    pub(super) envelope: &'a Envelope,
    pub(super) body: &'a Bytes,
}

/// One of them.
struct Target<'a> {
    provider: Cow<'a, Arc<Provider>>,
    question: Question<'a>,
}

/// When one of them is asked.
struct Turn {
    place: usize,
    /// Whether somebody can be asked after it.
    has_more: bool,
    span: Span,
    wanted: Wanted,
}

/// What one of them answered.
pub(super) struct Answer<'a> {
    pub(super) answered: Answered,
    pub(super) provider: Cow<'a, Arc<Provider>>,
    /// When the call has to be over.
    pub(super) deadline: Instant,
}

impl<'a> Targets<'a> {
    /// Asks one after the other until one answers, or fails in a way that no other would not.
    pub(super) async fn ask(&self, draft: &mut Draft, wanted: Wanted) -> Result<Answer<'a>> {
        let span = Span::of(self.call, self.first, draft.started());
        let mut failed: Option<Error> = None;
        for place in 0..=self.fallbacks().len() {
            let target = match self.target(place) {
                Ok(target) => target,
                Err(error) => {
                    self.pass_over(draft, place, error.code());
                    continue;
                }
            };
            let turn = Turn { place, has_more: self.has_more(place), span, wanted };
            let error = match self.ask_one(draft, &target, &turn).await {
                None => {
                    self.pass_over(draft, place, ErrorCode::CircuitOpen);
                    continue;
                }
                Some(Ok(answered)) => {
                    return Ok(Answer { answered, provider: target.provider, deadline: span.deadline });
                }
                // Who has asked several providers in vain has asked again.
                Some(Err(error)) if failed.is_some() => error.with_retries_spent(true),
                Some(Err(error)) => error,
            };
            if !retry::is_worthwhile_elsewhere(&error) || Instant::now() >= span.deadline {
                return Err(error);
            }
            failed = Some(error);
        }
        Err(failed.unwrap_or_else(|| Error::new(ErrorCode::Internal, "no provider was asked")))
    }

    /// Asks one of them and tells its breaker what came of it; `None` where that is open, and somebody else is left.
    async fn ask_one(&self, draft: &mut Draft, target: &Target<'_>, turn: &Turn) -> Option<Result<Answered>> {
        let provider = target.provider.as_ref();
        let admission = if turn.has_more { provider.breaker.admit(Instant::now()) } else { Admission::Open };
        let attempts = Attempts::new(&self.pipeline.transport, provider, turn.span);
        let attempts = match admission {
            // What it does is not known, and so not whether it may be done twice.
            _ if self.call.passing.is_some() => attempts.once(),
            _ if !turn.has_more => attempts,
            Admission::Open => return None,
            Admission::Probe(_) => attempts.once(),
            Admission::Closed => attempts.replaceable(),
        };
        if turn.place > 0 {
            let deployment = provider.deployment(target.question.model).ok().map(str::to_owned);
            draft.note(|seen| (seen.provider, seen.deployment) = (Some(Arc::clone(provider)), deployment));
        }
        let outcome = attempts.run(draft, target.question, self.body, turn.wanted).await;
        match &outcome {
            Ok(_) => provider.breaker.succeeded(),
            Err(error) if retry::is_the_providers_fault(error) || self.had_all_the_time(turn, error) => {
                provider.breaker.failed(&admission, Instant::now());
            }
            Err(_) => {}
        }
        Some(outcome)
    }

    /// Where the caller chose the provider, nobody else is asked; nor for what is passed on, which may be kept there.
    fn fallbacks(&self) -> &'a [Fallback] {
        let chosen = self.call.provider.is_some() || self.call.request.options.provider.is_some();
        if chosen || self.call.passing.is_some() { &[] } else { &self.first.info.settings.fallbacks }
    }

    /// The one in that place, if it can be asked.
    fn target(&self, place: usize) -> Result<Target<'a>> {
        let passing = self.call.passing.as_ref();
        let question = Question { passing, ..Question::new(self.call.endpoint, self.envelope) };
        let Some(fallback) = place.checked_sub(1).and_then(|place| self.fallbacks().get(place)) else {
            return Ok(Target { provider: Cow::Borrowed(self.first), question });
        };
        let provider = self.pipeline.registry.provider(self.tenant, Some(&fallback.provider))?;
        provider.check_offers(question.endpoint)?;
        let model = fallback.model.as_deref().unwrap_or(question.model);
        provider.deployment(model)?;
        Ok(Target { provider: Cow::Owned(provider), question: Question { model, ..question } })
    }

    /// Whether anybody can be asked after the one in that place.
    fn has_more(&self, place: usize) -> bool {
        (place + 1..=self.fallbacks().len()).any(|place| self.target(place).is_ok())
    }

    /// Whether a total timeout is the provider's fault: where neither the caller nor another provider took of its time.
    fn had_all_the_time(&self, turn: &Turn, error: &Error) -> bool {
        error.code() == ErrorCode::TotalTimeout && turn.place == 0 && self.call.request.options.timeout_ms.is_none()
    }

    fn pass_over(&self, draft: &mut Draft, place: usize, why: ErrorCode) {
        let fallback = place.checked_sub(1).and_then(|place| self.fallbacks().get(place));
        let provider = fallback.map_or(&self.first.info.name, |fallback| &fallback.provider);
        draft.note(|seen| seen.attempts.push(notes::passed_over(provider.as_str(), why)));
    }
}
