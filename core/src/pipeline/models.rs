//! The models a tenant can call: what its providers list, and what its configuration names.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value, json};

use super::{
    Call, Pipeline, Reply,
    attempts::{Attempts, Wanted},
    failed,
};
use crate::{
    error::{Error, ErrorCode, Result},
    provider::{Envelope, Provider},
    recorder::{Answer, Draft},
    registry::ActiveTenant,
};

impl Pipeline {
    /// Asks every provider of the tenant that lists models, one after the other; one trace comes of it. Fails only
    /// when every one of them failed and the configuration names no model either.
    pub(crate) async fn list_models(&self, call: Call) -> Result<Reply> {
        let (tenant, mut draft) = self.begin(&call, false).await?;
        match self.collect_models(&tenant, &call, &mut draft).await {
            Ok(reply) => {
                draft.complete();
                Ok(reply)
            }
            Err(error) => Err(failed(draft, error)),
        }
    }

    async fn collect_models(&self, tenant: &ActiveTenant, call: &Call, draft: &mut Draft) -> Result<Reply> {
        call.request.options.validate()?;
        let _permit = self.limits.enter(&call.tenant, tenant.tenant.concurrency.unwrap_or(self.tenant_concurrency))?;
        let providers = match &call.request.options.provider {
            Some(name) => vec![self.registry.provider(tenant, Some(name))?],
            None => self.registry.all_providers(tenant)?,
        };
        let last = providers.last().ok_or_else(|| {
            Error::new(ErrorCode::ProviderNotFound, "the tenant has no provider; add one with set_provider")
        })?;
        let mut models = Models::default();
        let mut failure = None;
        for provider in &providers {
            draft.note(|seen| seen.provider = Some(provider.clone()));
            models.configured(provider);
            if provider.capabilities().models {
                match self.ask_for_models(provider, call, draft).await {
                    Ok(body) => models.listed(provider, &body),
                    Err(error) => {
                        tracing::warn!(provider = provider.name(), %error, "a provider did not list its models");
                        failure = Some(error);
                    }
                }
            }
        }
        if let Some(error) = failure
            && models.data.is_empty()
        {
            return Err(error);
        }
        let body = Bytes::from(json!({"object": "list", "data": models.data}).to_string());
        draft.note(|seen| seen.answer = Answer::Body(body.clone()));
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Ok(Reply { status: 200, headers, body, trace_id: draft.id(), provider: last.info.name.clone() })
    }

    async fn ask_for_models(
        &self,
        provider: &std::sync::Arc<Provider>,
        call: &Call,
        draft: &mut Draft,
    ) -> Result<Bytes> {
        let mut attempts = Attempts::new(&self.transport, provider, call, draft);
        let wanted = Wanted::Whole { limit: self.body_bytes };
        let (_, body) = attempts.run(draft, &Envelope::empty(), &Bytes::new(), wanted).await?.into_whole();
        Ok(body)
    }
}

/// Models found so far, each name once.
#[derive(Default)]
struct Models {
    names: BTreeSet<String>,
    data: Vec<Map<String, Value>>,
}

impl Models {
    /// The names a configuration gives; patterns are no names.
    fn configured(&mut self, provider: &Provider) {
        let settings = &provider.info.settings;
        let named = settings.models.iter().filter(|model| !model.contains('*'));
        for name in named.chain(settings.aliases.keys()).chain(settings.deployments.keys()) {
            let model = json!({"id": name, "object": "model", "created": 0, "owned_by": provider.name()});
            if let Value::Object(model) = model {
                self.add(model);
            }
        }
    }

    /// The models a provider lists, as it describes them.
    fn listed(&mut self, provider: &Provider, body: &[u8]) {
        #[derive(serde::Deserialize)]
        struct List {
            data: Vec<Map<String, Value>>,
        }
        match serde_json::from_slice::<List>(body) {
            Ok(list) => list.data.into_iter().for_each(|model| self.add(model)),
            Err(error) => tracing::warn!(provider = provider.name(), %error, "a provider's list of models is no list"),
        }
    }

    fn add(&mut self, model: Map<String, Value>) {
        if let Some(name) = model.get("id").and_then(Value::as_str)
            && self.names.insert(name.to_owned())
        {
            self.data.push(model);
        }
    }
}
