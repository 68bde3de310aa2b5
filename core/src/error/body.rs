//! Errors in OpenAI's shape, `{"error": {message, type, param, code}}`: what OpenAI's SDKs understand.

use serde_json::{Map, Value};

use super::{Error, ErrorCode};

impl Error {
    /// The error as a JSON body in OpenAI's shape. Where an upstream sent one of that shape its fields are kept; what it
    /// left out, the status and the code fill in.
    pub fn to_openai(&self) -> Value {
        let mut error = self.upstream_object().unwrap_or_default();
        let defaults = [
            ("message", Value::from(self.to_string())),
            ("type", Value::from(self.openai_type())),
            ("param", self.param().map_or(Value::Null, Value::from)),
            ("code", Value::from(self.code().name())),
        ];
        for (field, value) in defaults {
            error.entry(field).or_insert(value);
        }
        Value::Object(Map::from_iter([("error".to_owned(), Value::Object(error))]))
    }

    /// The upstream's own error object, where its words are the caller's business.
    fn upstream_object(&self) -> Option<Map<String, Value>> {
        let body: Value = serde_json::from_slice(self.body()?).ok()?;
        match body {
            Value::Object(mut body) => match body.remove("error")? {
                Value::Object(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }

    fn openai_type(&self) -> &'static str {
        match (self.code(), self.status()) {
            (ErrorCode::MissingApiKey | ErrorCode::InvalidApiKey, _) => "invalid_request_error",
            (_, 403) => "permission_error",
            (_, 404) => "not_found_error",
            (_, 429) => "rate_limit_error",
            (_, 500..) => "server_error",
            _ => "invalid_request_error",
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_upstreams_error_keeps_its_fields_and_gets_those_it_lacks() {
        let body = r#"{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded","innererror":{"a":1}}}"#;
        let error =
            Error::new(ErrorCode::UpstreamRejected, "too long").with_upstream_status(400).with_body(Bytes::from(body));
        assert_eq!(
            error.to_openai(),
            json!({"error": {"message": "too long", "type": "invalid_request_error", "param": null, "code": "context_length_exceeded", "innererror": {"a": 1}}})
        );
    }

    #[test]
    fn the_type_follows_the_status() {
        for (code, status, kind) in [
            (ErrorCode::UpstreamRejected, 403, "permission_error"),
            (ErrorCode::UpstreamRejected, 404, "not_found_error"),
            (ErrorCode::UpstreamRateLimited, 429, "rate_limit_error"),
            (ErrorCode::UpstreamFailed, 503, "server_error"),
            (ErrorCode::UpstreamRejected, 422, "invalid_request_error"),
            (ErrorCode::UpstreamAuthFailed, 401, "server_error"),
        ] {
            let error = Error::new(code, "x").with_upstream_status(status).with_body(Bytes::from_static(b"<html>"));
            assert_eq!(error.to_openai().pointer("/error/type"), Some(&json!(kind)), "{code} {status}");
        }
        let error = Error::invalid("limit", "limit is 0").to_openai();
        assert_eq!(
            error,
            json!({"error": {"message": "limit is 0", "type": "invalid_request_error", "param": "limit", "code": "invalid_field"}})
        );
    }
}
