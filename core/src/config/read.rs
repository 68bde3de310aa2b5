//! Reads a configuration from JSON or from the environment, the latter only in [`Config::from_env`].

use serde_json::{Map, Value};

use super::Config;
use crate::{
    error::{Error, ErrorCode, Result},
    types::provider::ProviderConfig,
};

impl Config {
    /// Keys whose environment variables hold plain text; those of the others hold JSON.
    const TEXT_KEYS: [&str; 6] = ["store", "master_key", "migrate", "durability", "spool_dir", "capture"];
    const JSON_KEYS: [&str; 11] = [
        "master_keys",
        "retention",
        "prices",
        "providers",
        "timeouts",
        "retry",
        "breaker",
        "network",
        "limits",
        "recorder",
        "stale_limit_ms",
    ];

    /// Reads `GATEWAY_STORE`, `GATEWAY_MASTER_KEY` and so on (structured keys as JSON), and makes the provider
    /// `openai` of `OPENAI_API_KEY` where no provider of that kind is configured.
    #[expect(clippy::disallowed_methods, reason = "this is the one place, and only when it is called")]
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut keys = Map::new();
        for key in Self::TEXT_KEYS.into_iter().chain(Self::JSON_KEYS) {
            let name = format!("GATEWAY_{}", key.to_uppercase());
            let Some(text) = variable(&name) else { continue };
            let value = if Self::TEXT_KEYS.contains(&key) {
                Value::String(text)
            } else {
                serde_json::from_str(&text)
                    .map_err(|error| Error::config(key, format!("{name} is not JSON: {error}")))?
            };
            keys.insert(key.to_owned(), value);
        }
        let mut config: Self = serde_json::from_value(Value::Object(keys))
            .map_err(|error| Error::new(ErrorCode::InvalidConfig, format!("the environment: {error}")))?;
        if let (Some(key), false) =
            (variable("OPENAI_API_KEY"), config.providers.iter().any(|provider| provider.kind == "openai"))
        {
            config.providers.push(ProviderConfig {
                kind: "openai".to_owned(),
                api_key: Some(key.into()),
                ..ProviderConfig::default()
            });
        }
        Ok(config)
    }

    /// Reads a JSON object.
    pub fn from_json(text: &str) -> Result<Self> {
        // Serde would take a list too, value by value.
        if !text.trim_start().starts_with('{') {
            return Err(Error::new(ErrorCode::InvalidConfig, "the configuration: not a JSON object"));
        }
        serde_json::from_str(text).map_err(|error| {
            let message = format!("the configuration: {error}");
            Error::new(ErrorCode::InvalidConfig, message)
        })
    }
}
