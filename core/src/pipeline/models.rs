//! The models a tenant can call: what its providers list, and what its configuration names.

mod asks;
mod list;

use std::time::Instant;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, header};

use self::asks::{Ask, Asks, Gathered};
use super::{
    Call, Pipeline, Reply,
    attempts::{Attempts, Span, Wanted},
    failed,
};
use crate::{
    error::Result,
    provider::{Envelope, Question},
    recorder::{Answer, Draft},
    registry::ActiveTenant,
};

/// So many providers are asked at once, and no list of models is larger.
const AT_ONCE: usize = 32;
const LIST_BYTES: usize = 8 << 20;

impl Pipeline {
    /// Asks every provider of the tenant that lists models, all at once; one trace comes of it. Fails only when every
    /// one of them failed and the configuration names no model either.
    pub(crate) async fn list_models(&self, call: Call) -> Result<Reply> {
        let (tenant, mut draft) = self.begin(&call, false).await?;
        match self.collect_models(&tenant, &call, &mut draft).await {
            Ok(reply) => {
                draft.complete().reached().await;
                Ok(reply)
            }
            Err(error) => Err(failed(draft, error).await),
        }
    }

    async fn collect_models(&self, tenant: &ActiveTenant, call: &Call, draft: &mut Draft) -> Result<Reply> {
        call.request.options.validate()?;
        let _permit = self.limits.enter(&call.tenant, tenant.tenant.concurrency.unwrap_or(self.tenant_concurrency))?;
        let providers = match &call.request.options.provider {
            Some(name) => vec![self.registry.provider(tenant, Some(name))],
            None => self.registry.all_providers(tenant),
        };
        draft.intend();
        let started = draft.started();
        let mut asks = Asks::new(draft, providers);
        let all = stream::iter(asks.all());
        all.for_each_concurrent(AT_ONCE, |ask| self.ask_for_models(ask, call, started)).await;
        let Gathered { provider, models } = asks.end()?;
        let body = list::body(&models);
        draft.note(|seen| seen.answer = Answer::Body(body.clone()));
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Ok(Reply { status: 200, headers, body, trace_id: draft.id(), provider: provider.info.name.clone() })
    }

    async fn ask_for_models(&self, ask: &mut Ask, call: &Call, started: Instant) {
        let Some(provider) = ask.begin() else { return };
        let attempts = Attempts::new(&self.transport, &provider, Span::of(call, &provider, started));
        let wanted = Wanted::Whole { limit: self.body_bytes.min(LIST_BYTES) };
        let envelope = Envelope::empty();
        let question = Question::new(call.endpoint, &envelope);
        let answered = attempts.run(&mut ask.seen, question, &Bytes::new(), wanted).await;
        ask.end(answered.map(|answered| answered.into_whole().1));
    }
}
