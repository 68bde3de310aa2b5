//! What a request says beside its body: the key, the options of a call, and the arguments in the query.

use http::HeaderMap;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::{
    error::{Error, Result},
    operation::Arguments,
    types::request::CallOptions,
};

/// What begins the headers that are the gateway's and no provider's.
const OWN: &str = "x-gateway-";
/// Names the tenant for an operator's key, which has none.
pub(super) const TENANT: &str = "x-gateway-tenant-id";
/// Begins the headers with one pair of metadata each.
const METADATA: &str = "metadata-";

/// Arguments in a query whose values are numbers.
const NUMBERS: [&str; 5] = ["limit", "status_code", "window_hours", "bucket_minutes", "timeout_ms"];
/// Arguments that are lists: `distributions=latency,ttft`.
const LISTS: [&str; 1] = ["distributions"];

/// The API key: a bearer token, or `x-api-key`.
pub(super) fn api_key(headers: &HeaderMap) -> Option<&str> {
    let bearer = text(headers, "authorization").and_then(|value| {
        let (scheme, secret) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
    });
    bearer.or_else(|| text(headers, "x-api-key").map(str::trim)).filter(|secret| !secret.is_empty())
}

/// The options of a call: `x-gateway-user-id`, `x-gateway-metadata-<key>` and so on, and `x-request-id`.
pub(super) fn call_options(headers: &HeaderMap) -> Result<CallOptions> {
    let mut arguments = Map::new();
    let mut metadata = Map::new();
    for (name, value) in headers {
        let Some(own) = name.as_str().strip_prefix(OWN).filter(|_| name != TENANT) else { continue };
        let value = String::from_utf8(value.as_bytes().to_vec())
            .map_err(|_| Error::invalid(name.as_str(), format!("the header {name} is not UTF-8")))?;
        match own.strip_prefix(METADATA) {
            Some(key) => metadata.insert(key.to_owned(), Value::String(value)),
            None => {
                let key = own.replace('-', "_");
                let value = typed(&key, value);
                arguments.insert(key, value)
            }
        };
    }
    if let Some(id) = text(headers, "x-request-id").filter(|id| !id.is_empty()) {
        arguments.insert("request_id".to_owned(), id.into());
    }
    if !metadata.is_empty() {
        arguments.insert("metadata".to_owned(), Value::Object(metadata));
    }
    if arguments.is_empty() {
        return Ok(CallOptions::default());
    }
    Arguments::from(arguments).rest().map_err(|error| match error.param() {
        Some(param) => {
            let header = format!("{OWN}{}", param.replace('_', "-"));
            Error::invalid(header.clone(), format!("the header {header}: {error}"))
        }
        None => error,
    })
}

/// The arguments in a query: `limit=10&metadata.team=red`. A `+` is a space, as forms have it.
pub(super) fn query(query: &str) -> Result<Arguments> {
    let mut arguments = Map::new();
    let mut metadata = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        let replaced = match name.strip_prefix("metadata.") {
            Some(key) => metadata.insert(key.to_owned(), Value::String(value)),
            None => {
                let key = argument(&name).to_owned();
                let value = typed(&key, value);
                arguments.insert(key, value)
            }
        };
        if replaced.is_some() {
            return Err(Error::invalid(name.clone(), format!("{name} is given twice")));
        }
    }
    if !metadata.is_empty() {
        arguments.insert("metadata".to_owned(), Value::Object(metadata));
    }
    Ok(Arguments::from(arguments))
}

/// A query's own, shorter name of an argument.
fn argument(name: &str) -> &str {
    match name {
        "window" => "window_hours",
        "bucket" => "bucket_minutes",
        name => name,
    }
}

/// Text as what the argument takes; what is no number there is refused where the argument is read.
fn typed(name: &str, value: String) -> Value {
    if LISTS.contains(&name) {
        return value.split(',').map(Value::from).collect();
    }
    match value.parse::<u64>() {
        Ok(number) if NUMBERS.contains(&name) => number.into(),
        _ => Value::String(value),
    }
}

fn decoded(text: &str) -> Result<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Error::invalid("query", format!("{text:?} in the query is not UTF-8")))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{
        analytics::{BreakdownQuery, Metric},
        trace::TraceQuery,
    };

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_key_comes_as_a_bearer_token_or_by_its_own_header() {
        for (pairs, key) in [
            (&[("authorization", "Bearer gwk_a")][..], Some("gwk_a")),
            (&[("authorization", "bEARER  gwk_a ")], Some("gwk_a")),
            (&[("x-api-key", "gwk_a")], Some("gwk_a")),
            (&[("authorization", "Basic eA=="), ("x-api-key", "gwk_a")], Some("gwk_a")),
            (&[("authorization", "Bearer ")], None),
            (&[("authorization", "gwk_a")], None),
            (&[], None),
        ] {
            assert_eq!(api_key(&headers(pairs)), key, "{pairs:?}");
        }
    }

    #[test]
    fn options_come_in_headers_of_the_gateways_own() {
        let options = call_options(&headers(&[
            ("x-gateway-timeout-ms", "1500"),
            ("x-gateway-user-id", "42"),
            ("x-gateway-metadata-team", "red"),
            ("x-gateway-capture", "metadata"),
            ("x-gateway-tenant-id", "acme"),
            ("x-request-id", "r-1"),
            ("x-stainless-lang", "python"),
        ]))
        .unwrap();
        assert_eq!((options.timeout_ms, options.user_id.as_deref()), (Some(1_500), Some("42")));
        assert_eq!((options.metadata["team"].as_str(), options.request_id.as_deref()), ("red", Some("r-1")));
        for (name, value) in [("x-gateway-timeout-ms", "soon"), ("x-gateway-capture", "all"), ("x-gateway-users", "u")]
        {
            let error = call_options(&headers(&[(name, value)])).unwrap_err();
            assert_eq!(error.param(), Some(name), "{error}");
        }
    }

    #[test]
    fn a_query_is_read_as_the_arguments_are() {
        let read: TraceQuery =
            query("limit=10&model=gpt%2D4o&user_id=7&metadata.team=a+b&status_class=ok").unwrap().rest().unwrap();
        assert_eq!((read.limit, read.filter.model.as_deref()), (Some(10), Some("gpt-4o")));
        assert_eq!((read.filter.user_id.as_deref(), read.filter.metadata["team"].as_str()), (Some("7"), "a b"));
        for (text, param) in
            [("limit=ten", "limit"), ("limti=1", "limti"), ("limit=-1", "limit"), ("cursor=%ff", "query")]
        {
            let error = query(text).and_then(Arguments::rest::<TraceQuery>).unwrap_err();
            assert_eq!(error.param(), Some(param), "{text}: {error}");
        }
        assert_eq!(query("limit=1&limit=2").unwrap_err().param(), Some("limit"));
        let read: BreakdownQuery =
            query("by=metadata.team&distributions=ttft,latency&window=48").unwrap().rest().unwrap();
        assert_eq!((read.by.to_string(), read.query.window_hours), ("metadata.team".to_owned(), Some(48)));
        assert_eq!(read.query.distributions, [Metric::Ttft, Metric::Latency]);
        let error = query("by=metadata.").and_then(Arguments::rest::<BreakdownQuery>).unwrap_err();
        assert_eq!(error.param(), Some("by"), "{error}");
    }
}
