//! OpenAI, and everything that speaks its dialect below one base URL with a bearer key.
//!
//! Source: the API reference of OpenAI, "Authentication" and the four endpoints of [`Endpoint`].

use http::{HeaderName, HeaderValue, Uri, header};
use url::Url;

use super::{
    Adapter, Endpoint, Headers,
    base_url::BaseUrl,
    compatible::{KeyNeed, Vendor},
    kinds::{Access, Blueprint, incomplete},
    secret_header,
};
use crate::{error::Result, types::provider::Capabilities};

/// Everything OpenAI itself offers.
const ALL: Capabilities = Capabilities { stream_options: true, embeddings: true, models: true, responses: true };

/// An endpoint in OpenAI's dialect.
#[derive(Debug)]
pub(super) struct OpenAi {
    base: BaseUrl,
    headers: Headers,
    capabilities: Capabilities,
}

impl OpenAi {
    const URL: &'static str = "https://api.openai.com/v1";

    /// OpenAI itself, or a proxy in front of it.
    pub(super) fn official(blueprint: &Blueprint<'_>) -> Result<Self> {
        let mut provider = Self::new(blueprint, &Access { built_in: Some(Self::URL), needs_key: true }, ALL)?;
        let settings = &blueprint.info.settings;
        for (field, header, value) in [
            ("organization", "openai-organization", &settings.organization),
            ("project", "openai-project", &settings.project),
        ] {
            if let Some(value) = value {
                let value = HeaderValue::from_str(value)
                    .map_err(|_| incomplete(field, format!("{field} has characters that no header may carry")))?;
                provider.headers.push((HeaderName::from_static(header), value));
            }
        }
        Ok(provider)
    }

    /// A vendor of the table, at its own address or at the configured one.
    pub(super) fn vendor(vendor: &Vendor, blueprint: &Blueprint<'_>) -> Result<Self> {
        let needs_key = matches!(vendor.key, KeyNeed::Required);
        Self::new(blueprint, &Access { built_in: Some(vendor.base_url), needs_key }, vendor.capabilities)
    }

    /// Any endpoint a tenant names; what it offers beyond chat, the tenant says.
    pub(super) fn custom(blueprint: &Blueprint<'_>) -> Result<Self> {
        let capabilities = blueprint.info.settings.capabilities.unwrap_or_default();
        Self::new(blueprint, &Access { built_in: None, needs_key: false }, capabilities)
    }

    fn new(blueprint: &Blueprint<'_>, access: &Access<'_>, capabilities: Capabilities) -> Result<Self> {
        let default_path = access
            .built_in
            .and_then(|url| Url::parse(url).ok())
            .map_or_else(|| "/v1".to_owned(), |url| url.path().trim_end_matches('/').to_owned());
        let base = BaseUrl::parse(blueprint.base_url(access.built_in)?, &default_path)?;
        base.check(blueprint.policy)?;
        let mut headers = Headers::new();
        if let Some(key) = blueprint.key(access)? {
            headers.reserve_exact(1);
            headers.push((header::AUTHORIZATION, secret_header(&format!("Bearer {}", key.expose()))?));
        }
        Ok(Self { base, headers, capabilities })
    }
}

impl Adapter for OpenAi {
    fn uri(&self, endpoint: Endpoint, _model: &str) -> Result<Uri> {
        self.base.join(endpoint.path())
    }

    fn other(&self, target: &str) -> Result<Uri> {
        self.base.join(target)
    }

    fn headers(&self) -> &Headers {
        &self.headers
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }
}
