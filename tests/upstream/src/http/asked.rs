//! What a request asks for: the few fields of its JSON body that an answer
//! depends on. Never fails: a body it cannot read asks for nothing.

use serde::Deserialize;
use serde_json::Value;

/// The fields of a request that an answer depends on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// `model` of the body or, without one, the deployment in an Azure path.
    pub(crate) model: Option<String>,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
    /// `input` of an embeddings request.
    pub(crate) input: Value,
    pub(crate) dimensions: Option<u64>,
    pub(crate) base64: bool,
}

impl Asked {
    pub(crate) fn parse(path: &str, body: &[u8]) -> Self {
        let fields: Fields = serde_json::from_slice(body).unwrap_or_default();
        Self {
            model: fields.model.as_str().map(str::to_owned).or_else(|| deployment(path)),
            stream: fields.stream == Value::Bool(true),
            include_usage: fields.stream_options.get("include_usage") == Some(&Value::Bool(true)),
            dimensions: fields.dimensions.as_u64(),
            base64: fields.encoding_format == "base64",
            input: fields.input,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    model: Value,
    stream: Value,
    stream_options: Value,
    input: Value,
    dimensions: Value,
    encoding_format: Value,
}

fn deployment(path: &str) -> Option<String> {
    let (_, rest) = path.split_once("/openai/deployments/")?;
    let name = rest.split(['/', '?']).next()?;
    (!name.is_empty()).then(|| percent_decoded(name))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let mut rest = bytes.clone();
        match (byte, rest.next().and_then(hex), rest.next().and_then(hex)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(high * 16 + low);
                bytes = rest;
            }
            _ => decoded.push(byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_azure_path_names_the_model_when_the_body_does_not() {
        let path = "/openai/deployments/my%20gpt%2F4/chat/completions?api-version=1";
        let asked = Asked::parse(path, br#"{"stream":true}"#);
        assert_eq!(asked.model.as_deref(), Some("my gpt/4"));
        assert!(asked.stream && !asked.include_usage);
        let asked = Asked::parse(path, br#"{"model":"other"}"#);
        assert_eq!(asked.model.as_deref(), Some("other"));
    }

    #[test]
    fn a_body_that_is_not_json_asks_for_nothing() {
        assert!(Asked::parse("/v1/files", b"\xff\xfe").model.is_none());
    }
}
