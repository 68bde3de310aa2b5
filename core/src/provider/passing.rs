//! Requests to paths of OpenAI's that the gateway has no operation for: they are passed on as they are, and so is what
//! comes back. Which paths these are, and whose they may be, is decided here.

use http::{HeaderMap, HeaderName, Method, header};
use serde::Deserialize;

use super::envelope::is_model;
use crate::error::{Error, ErrorCode, Result};

/// A request that is passed on as it is.
#[derive(Debug)]
pub(crate) struct Passing {
    pub(crate) family: &'static Family,
    pub(crate) method: Method,
    /// The path below the version segment, with its query.
    pub(crate) target: String,
    /// What a provider is told of the caller's headers.
    pub(crate) headers: HeaderMap,
}

/// The paths that begin with one segment.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// What is made there is kept by the provider: whoever has the same key can read it.
    keeps: bool,
}

/// Source: OpenAI's API reference. `chat`, `models` and `responses` are for the paths below those of operations.
const FAMILIES: &[Family] = &[
    Family { name: "assistants", keeps: true },
    Family { name: "audio", keeps: false },
    Family { name: "batches", keeps: true },
    Family { name: "chat", keeps: true },
    Family { name: "completions", keeps: false },
    Family { name: "containers", keeps: true },
    Family { name: "conversations", keeps: true },
    Family { name: "evals", keeps: true },
    Family { name: "files", keeps: true },
    Family { name: "fine_tuning", keeps: true },
    Family { name: "images", keeps: false },
    Family { name: "models", keeps: true },
    Family { name: "moderations", keeps: false },
    Family { name: "responses", keeps: true },
    Family { name: "threads", keeps: true },
    Family { name: "uploads", keeps: true },
    Family { name: "vector_stores", keeps: true },
    Family { name: "videos", keeps: true },
];

/// Of a caller's headers a provider sees these.
const ALLOWED: [HeaderName; 3] = [header::CONTENT_TYPE, header::ACCEPT, HeaderName::from_static("openai-beta")];

impl Passing {
    /// The request, where its path is one that is passed on.
    pub(crate) fn of(head: &http::request::Parts) -> Option<Self> {
        let below = head.uri.path().strip_prefix("/v1/")?;
        let mut segments = below.split('/');
        let first = segments.next()?;
        let family = FAMILIES.iter().find(|family| family.name == first)?;
        // Whatever a server upstream makes of dots and encoded slashes, it is to be the path that was looked at.
        if !segments.all(is_plain) || !matches!(head.method, Method::GET | Method::POST | Method::DELETE) {
            return None;
        }
        let query = head.uri.query().map_or_else(String::new, |query| format!("?{query}"));
        let headers =
            ALLOWED.into_iter().filter_map(|name| head.headers.get(&name).cloned().map(|value| (name, value)));
        Some(Self {
            family,
            method: head.method.clone(),
            target: format!("{below}{query}"),
            headers: headers.collect(),
        })
    }

    /// Refuses what would show one tenant another's: with a key that tenants share, only what the provider does not keep.
    pub(crate) fn check_owner(&self, is_shared: bool) -> Result<()> {
        if is_shared && (self.family.keeps || self.method != Method::POST) {
            let message = format!(
                "what is kept under {} would be shared with other tenants; give the tenant a provider of its own",
                self.family.name
            );
            return Err(Error::new(ErrorCode::UnsupportedOperation, message));
        }
        Ok(())
    }

    /// The model that the body names, where it is JSON and names one.
    pub(crate) fn model(&self, body: &[u8]) -> Option<String> {
        #[derive(Deserialize)]
        struct Named {
            model: String,
        }
        let named = self.has_text().then(|| serde_json::from_slice::<Named>(body).ok()).flatten();
        named.map(|named| named.model).filter(|model| is_model(model))
    }

    /// Whether the request's body is text that a trace can keep.
    pub(crate) fn has_text(&self) -> bool {
        is_text(&self.headers)
    }
}

/// Whether a message with these headers has a body that a trace can keep: JSON, events and other text.
pub(crate) fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.starts_with("text/") || essence == "application/json" || essence.ends_with("+json")
}

fn is_plain(segment: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use http::Request;

    use super::*;

    fn passing(method: &str, uri: &str) -> Option<Passing> {
        let request = Request::builder().method(method).uri(uri).header("cookie", "a=b").header("openai-beta", "x");
        Passing::of(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn openais_other_paths_are_passed_on_with_their_query() {
        let files = passing("GET", "/v1/files/file-1/content?after=a%2Fb").unwrap();
        assert_eq!((files.family.name, files.target.as_str()), ("files", "files/file-1/content?after=a%2Fb"));
        assert_eq!(files.headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["openai-beta"]);
        for path in ["/v1/traces/x", "/v1/admin/tenants", "/v2/files", "/files", "/v1/unheard_of", "/v1/"] {
            assert!(passing("GET", path).is_none(), "{path}");
        }
    }

    #[test]
    fn paths_that_a_server_could_read_otherwise_are_none() {
        for path in [
            "/v1/files/../traces",
            "/v1/files/%2e%2e/x",
            "/v1/files//x",
            "/v1/files/a%2Fb",
            "/v1/files/a\\b",
            "/v1/files/",
        ] {
            assert!(passing("GET", path).is_none(), "{path}");
        }
        assert!(passing("CONNECT", "/v1/files").is_none());
    }

    #[test]
    fn what_a_provider_keeps_needs_a_provider_of_ones_own() {
        for (method, path, shared) in [
            ("POST", "/v1/moderations", true),
            ("POST", "/v1/audio/speech", true),
            ("GET", "/v1/audio/voices", false),
            ("POST", "/v1/files", false),
            ("GET", "/v1/files", false),
            ("GET", "/v1/responses/resp_1", false),
        ] {
            let passing = passing(method, path).unwrap();
            assert_eq!(passing.check_owner(true).is_ok(), shared, "{method} {path}");
            assert!(passing.check_owner(false).is_ok());
        }
    }
}
