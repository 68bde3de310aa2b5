//! Whom to ask instead of a provider that fails.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::types::ids::ProviderName;

/// Another provider of the tenant, and what to ask it for. In JSON a bare string is the provider's name.
///
/// Fields are added in minor versions: make it of a name with `into()`, or read it from JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Fallback {
    /// Its name. One that does not exist when it is needed is passed over.
    pub provider: ProviderName,
    /// The model to ask it for, which its own aliases and deployments then apply to; the caller's when omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl Fallback {
    /// The same provider, asked for this model.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }
}

impl From<ProviderName> for Fallback {
    fn from(provider: ProviderName) -> Self {
        Self { provider, model: None }
    }
}

impl<'de> Deserialize<'de> for Fallback {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrFields)
    }
}

/// Reads either form, and says of each what is wrong with it.
struct NameOrFields;

impl<'de> Visitor<'de> for NameOrFields {
    type Value = Fallback;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a provider, or an object with provider and model")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Fallback, E> {
        name.parse::<ProviderName>().map(Fallback::from).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fallback, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            provider: ProviderName,
            model: Option<String>,
        }
        let Fields { provider, model } = Fields::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Fallback { provider, model })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_name_stands_for_the_provider_alone() {
        let read: Vec<Fallback> =
            serde_json::from_str(r#"["backup", {"provider": "backup"}, {"provider": "b", "model": "m"}]"#).unwrap();
        assert_eq!(read.first(), read.get(1));
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            r#"[{"provider":"backup"},{"provider":"backup"},{"provider":"b","model":"m"}]"#
        );
    }

    #[test]
    fn what_is_no_target_is_refused_with_its_reason() {
        for (text, named) in [
            (r#"{"provider": "b", "models": ["m"]}"#, "models"),
            (r#"{"model": "m"}"#, "provider"),
            (r#""no name""#, "no name"),
            ("1", "the name of a provider"),
        ] {
            let error = serde_json::from_str::<Fallback>(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
