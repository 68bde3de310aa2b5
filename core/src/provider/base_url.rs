//! Base URLs: parsed and checked when a provider is written, joined with an endpoint's path when it is called.

use http::Uri;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use crate::{
    error::{Error, ErrorCode, Result},
    network::AddressPolicy,
};

/// Everything that has a meaning in a path segment.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A checked base URL without query, fragment, credentials and trailing slash.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl(Box<str>);

impl BaseUrl {
    /// Parses what a tenant configured. A URL without a path takes `default_path` (`/v1`).
    pub(crate) fn parse(text: &str, default_path: &str) -> Result<Self> {
        let url = Self::checked(text)?;
        let origin = url.origin().ascii_serialization();
        match url.path().trim_end_matches('/') {
            "" => Ok(Self(format!("{origin}{default_path}").into())),
            path => Ok(Self(format!("{origin}{path}").into())),
        }
    }

    /// Parses an Azure resource: what stands before `/openai`, so that a pasted endpoint works too.
    /// Also says whether the pasted URL was one of the `/openai/v1` kind.
    pub(crate) fn parse_azure(text: &str) -> Result<(Self, bool)> {
        let base = Self::parse(text, "")?;
        let origin =
            base.0.find("://").and_then(|scheme| base.0.get(scheme + 3..)?.find('/').map(|slash| scheme + 3 + slash));
        let (origin, path) = base.0.split_at_checked(origin.unwrap_or(base.0.len())).unwrap_or((&base.0, ""));
        match path.split_once("/openai") {
            Some((prefix, rest)) if rest.is_empty() || rest.starts_with('/') => {
                Ok((Self(format!("{origin}{prefix}").into()), rest == "/v1" || rest.starts_with("/v1/")))
            }
            _ => Ok((base, false)),
        }
    }

    /// The URL of a path below the base, such as `chat/completions`.
    pub(crate) fn join(&self, path: &str) -> Result<Uri> {
        Uri::from_maybe_shared(format!("{}/{path}", self.0).into_bytes())
            .map_err(|error| Error::new(ErrorCode::Internal, "a provider's URL cannot be joined").with_source(error))
    }

    /// Refuses an address that the policy denies.
    pub(crate) fn check(&self, policy: AddressPolicy) -> Result<()> {
        policy.check_url(&Self::checked(&self.0)?)
    }

    fn checked(text: &str) -> Result<Url> {
        let refuse = |message: String| Error::new(ErrorCode::InvalidProviderConfig, message).with_param("base_url");
        let url = Url::parse(text.trim())
            .map_err(|error| refuse(format!("base_url is no URL ({error}); write it as https://host/path")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse(format!("base_url has the scheme {}; only https and http are spoken", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("base_url carries credentials; put the key into api_key".to_owned()));
        }
        if url.host().is_none() || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("base_url must be a host and a path, without query and fragment".to_owned()));
        }
        Ok(url)
    }
}

/// One segment of a path, such as a deployment's name.
pub(crate) fn encode_segment(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, SEGMENT)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn base_urls_join_whatever_way_they_are_written() {
        for (base, default_path, expected) in [
            ("https://api.openai.com", "/v1", "https://api.openai.com/v1/chat/completions"),
            ("https://api.openai.com/", "/v1", "https://api.openai.com/v1/chat/completions"),
            ("https://api.openai.com/v1", "/v1", "https://api.openai.com/v1/chat/completions"),
            ("https://api.openai.com/v1//", "/v1", "https://api.openai.com/v1/chat/completions"),
            ("https://api.groq.com", "/openai/v1", "https://api.groq.com/openai/v1/chat/completions"),
            ("http://proxy.internal:8080/llm/v1/", "/v1", "http://proxy.internal:8080/llm/v1/chat/completions"),
            ("https://host/v1beta/openai", "/v1", "https://host/v1beta/openai/chat/completions"),
            ("HTTPS://HOST:443/v1", "/v1", "https://host/v1/chat/completions"),
            (" https://[2001:4860::1]/v1 ", "/v1", "https://[2001:4860::1]/v1/chat/completions"),
        ] {
            assert_eq!(
                BaseUrl::parse(base, default_path).unwrap().join("chat/completions").unwrap().to_string(),
                expected,
                "{base}"
            );
        }
    }

    #[test]
    fn a_pasted_azure_endpoint_is_cut_to_its_resource() {
        for (base, resource, v1) in [
            ("https://r.openai.azure.com", "https://r.openai.azure.com", false),
            ("https://r.openai.azure.com/openai/v1/", "https://r.openai.azure.com", true),
            ("https://r.openai.azure.com/openai/deployments/d/chat", "https://r.openai.azure.com", false),
            ("https://openai.contoso.com/openai/v1", "https://openai.contoso.com", true),
            ("https://openai.contoso.com", "https://openai.contoso.com", false),
            ("https://apim.contoso.com/llm/openai", "https://apim.contoso.com/llm", false),
            ("https://apim.contoso.com/openai-eu", "https://apim.contoso.com/openai-eu", false),
        ] {
            let (parsed, is_v1) = BaseUrl::parse_azure(base).unwrap();
            assert_eq!((&*parsed.0, is_v1), (resource, v1), "{base}");
        }
    }

    #[test]
    fn base_urls_with_credentials_queries_or_odd_schemes_are_refused() {
        for base in [
            "https://user:pass@host/v1",
            "https://user@host",
            "ftp://host",
            "file:///etc/passwd",
            "https://host/v1?key=1",
            "https://host#x",
            "host/v1",
            "",
            "https://",
        ] {
            assert_eq!(BaseUrl::parse(base, "/v1").unwrap_err().param(), Some("base_url"), "{base}");
        }
    }
}
