//! Azure OpenAI and Microsoft Foundry, by their classic URLs (`/openai/deployments/{d}/…?api-version=`) and by the
//! `/openai/v1` ones.
//!
//! Source: "Azure OpenAI in Microsoft Foundry Models REST API reference" and "Azure OpenAI API version lifecycle".

use std::collections::BTreeMap;

use http::{HeaderName, Uri};

use super::{
    Adapter, Endpoint, Headers,
    base_url::{BaseUrl, encode_segment},
    kinds::{Access, Blueprint, incomplete},
    secret_header,
};
use crate::{
    error::{Error, ErrorCode, Result},
    types::provider::Capabilities,
};

/// One Azure resource.
#[derive(Debug)]
pub(super) struct Azure {
    resource: BaseUrl,
    api: Api,
    headers: Headers,
    deployments: BTreeMap<String, String>,
    deployment: Option<String>,
}

/// Which of Azure's two forms of URLs is spoken.
#[derive(Debug)]
enum Api {
    /// The deployment stands in the path, the version in the query.
    Classic(String),
    /// The deployment stands in the body's `model`.
    V1,
}

impl Azure {
    const DEFAULT_VERSION: &'static str = "2024-02-01";
    /// The first version whose streamed chats take `stream_options`.
    const STREAM_OPTIONS_SINCE: &'static str = "2024-09-01";
    /// The first version that has `/openai/responses`.
    const RESPONSES_SINCE: &'static str = "2025-03-01";

    pub(super) fn new(blueprint: &Blueprint<'_>) -> Result<Self> {
        let settings = &blueprint.info.settings;
        let (resource, pasted_v1) = BaseUrl::parse_azure(blueprint.base_url(None)?)?;
        resource.check(blueprint.policy)?;
        let api = match settings.api_version.as_deref() {
            Some("v1") => Api::V1,
            None if pasted_v1 => Api::V1,
            None => Api::Classic(Self::DEFAULT_VERSION.to_owned()),
            Some(version) if is_version(version) => Api::Classic(version.to_owned()),
            Some(version) => {
                return Err(incomplete(
                    "api_version",
                    format!("api_version {version:?} is neither v1 nor a date such as {}", Self::DEFAULT_VERSION),
                ));
            }
        };
        if settings.deployment.is_none() && settings.deployments.is_empty() {
            return Err(incomplete(
                "deployment",
                "deployment is missing; name one, or map models to deployments with deployments",
            ));
        }
        if let Some(name) = settings
            .deployments
            .values()
            .chain(&settings.deployment)
            .find(|name| matches!(name.as_str(), "" | "." | ".."))
        {
            return Err(incomplete("deployment", format!("deployment {name:?} is no name that a URL can carry")));
        }
        let mut headers = Headers::new();
        if let Some(key) = blueprint.key(&Access { built_in: None, needs_key: true })? {
            headers.push((HeaderName::from_static("api-key"), secret_header(key.expose())?));
        }
        Ok(Self {
            resource,
            api,
            headers,
            deployments: settings.deployments.clone(),
            deployment: settings.deployment.clone(),
        })
    }
}

impl Adapter for Azure {
    fn uri(&self, endpoint: Endpoint, model: &str) -> Result<Uri> {
        let path = endpoint.path();
        match (&self.api, endpoint) {
            (Api::V1, _) => self.resource.join(&format!("openai/v1/{path}")),
            (Api::Classic(version), Endpoint::Models | Endpoint::Responses | Endpoint::Other(_)) => {
                self.resource.join(&format!("openai/{path}?api-version={version}"))
            }
            (Api::Classic(version), Endpoint::Chat | Endpoint::Embeddings) => {
                let deployment = self.deployment(model)?;
                self.resource
                    .join(&format!("openai/deployments/{}/{path}?api-version={version}", encode_segment(deployment)))
            }
        }
    }

    fn other(&self, target: &str) -> Result<Uri> {
        match &self.api {
            Api::V1 => self.resource.join(&format!("openai/v1/{target}")),
            Api::Classic(_) => {
                let message = "Azure's classic URLs have a form of their own for each path; set api_version to v1";
                Err(Error::new(ErrorCode::UnsupportedOperation, message).with_param("api_version"))
            }
        }
    }

    fn deployment<'a>(&'a self, model: &'a str) -> Result<&'a str> {
        let deployment = self.deployments.get(model).or(self.deployment.as_ref());
        deployment.map(String::as_str).ok_or_else(|| {
            let message = format!("model {model:?} has no deployment; add it to deployments, or set deployment");
            Error::new(ErrorCode::ModelNotFound, message).with_param("model")
        })
    }

    fn body_model<'a>(&'a self, endpoint: Endpoint, model: &'a str) -> Option<&'a str> {
        match (&self.api, endpoint) {
            (Api::Classic(_), Endpoint::Chat | Endpoint::Embeddings) => None,
            _ => self.deployment(model).ok(),
        }
    }

    fn headers(&self) -> &Headers {
        &self.headers
    }

    fn capabilities(&self) -> Capabilities {
        let since = |first: &str| match &self.api {
            Api::V1 => true,
            Api::Classic(version) => version.as_str() >= first,
        };
        Capabilities {
            stream_options: since(Self::STREAM_OPTIONS_SINCE),
            embeddings: true,
            models: false,
            responses: since(Self::RESPONSES_SINCE),
        }
    }
}

/// Whether a text is `YYYY-MM-DD`, with or without a `-preview` behind it.
fn is_version(text: &str) -> bool {
    let date = text.strip_suffix("-preview").unwrap_or(text);
    date.len() == 10
        && date
            .bytes()
            .enumerate()
            .all(|(place, byte)| if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
}
