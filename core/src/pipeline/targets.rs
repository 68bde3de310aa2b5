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

/// What one of them answered.
pub(super) struct Answer {
    pub(super) answered: Answered,
    pub(super) provider: Arc<Provider>,
    /// When the call has to be over.
    pub(super) deadline: Instant,
}

impl<'a> Targets<'a> {
    /// Asks one after the other until one answers, or fails in a way that no other would not.
    pub(super) async fn ask(&self, draft: &mut Draft, wanted: Wanted) -> Result<Answer> {
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
            let provider = target.provider.as_ref();
            let mut attempts = Attempts::new(&self.pipeline.transport, provider, span);
            if self.has_more(place) {
                attempts = attempts.replaceable();
            }
            if place > 0 {
                let deployment = provider.deployment(target.question.model)?.to_owned();
                draft.note(|seen| (seen.provider, seen.deployment) = (Some(Arc::clone(provider)), Some(deployment)));
            }
            let error = match attempts.run(draft, target.question, self.body, wanted).await {
                Ok(answered) => {
                    return Ok(Answer { answered, provider: Arc::clone(provider), deadline: span.deadline });
                }
                // Who has asked several providers in vain has asked again.
                Err(error) if failed.is_some() => error.with_retries_spent(true),
                Err(error) => error,
            };
            if !retry::is_worthwhile_elsewhere(&error) || Instant::now() >= span.deadline {
                return Err(error);
            }
            failed = Some(error);
        }
        Err(failed.unwrap_or_else(|| Error::new(ErrorCode::Internal, "no provider was asked")))
    }

    /// Where the caller chose the provider, nobody else is asked.
    fn fallbacks(&self) -> &'a [Fallback] {
        let chosen = self.call.provider.is_some() || self.call.request.options.provider.is_some();
        if chosen { &[] } else { &self.first.info.settings.fallbacks }
    }

    /// The one in that place, if it can be asked.
    fn target(&self, place: usize) -> Result<Target<'a>> {
        let question = Question::new(self.call.endpoint, self.envelope);
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

    fn pass_over(&self, draft: &mut Draft, place: usize, why: ErrorCode) {
        let fallback = place.checked_sub(1).and_then(|place| self.fallbacks().get(place));
        let provider = fallback.map_or(&self.first.info.name, |fallback| &fallback.provider);
        draft.note(|seen| seen.attempts.push(notes::passed_over(provider.as_str(), why)));
    }
}
