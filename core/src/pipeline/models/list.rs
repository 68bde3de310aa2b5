//! A list of models in the format of OpenAI's `GET /v1/models`.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::provider::Provider;

/// Models found so far, each name once.
#[derive(Default)]
pub(super) struct Models {
    names: BTreeSet<String>,
    data: Vec<Map<String, Value>>,
}

impl Models {
    /// The names a configuration gives; patterns are no names.
    pub(super) fn configured(&mut self, provider: &Provider) {
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
    pub(super) fn listed(&mut self, provider: &Provider, body: &[u8]) {
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

    pub(super) fn into_data(self) -> Vec<Map<String, Value>> {
        self.data
    }
}

/// The list as it is answered.
pub(super) fn body(models: &[Map<String, Value>]) -> Bytes {
    Bytes::from(json!({"object": "list", "data": models}).to_string())
}
