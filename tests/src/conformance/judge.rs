//! Compares what came of a fixture with what it expects. Each difference is named by the field's path.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use upstream::Recorded;

use super::{
    Head, Language, Outcome,
    fixture::{Expect, ExpectedReply, ExpectedRequest, Text},
};
use crate::compare;

/// What differs.
#[derive(Default)]
pub(super) struct Differences(pub(super) Vec<String>);

/// Headers of a message, their names in lower case.
struct Headers<'a> {
    path: &'a str,
    actual: &'a [(String, String)],
}

impl Differences {
    pub(super) fn add(&mut self, difference: impl Into<String>) {
        self.0.push(difference.into());
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, path: &str, expected: &T, actual: &T) {
        if expected != actual {
            self.add(format!("{path}: expected {expected:?}, got {actual:?}"));
        }
    }

    /// What the upstream was asked.
    pub(super) fn requests(&mut self, expected: &[ExpectedRequest], actual: &[Recorded]) {
        if expected.len() != actual.len() {
            let paths: Vec<_> = actual.iter().map(|request| &request.path).collect();
            self.add(format!("upstream_requests: expected {}, got {}: {paths:?}", expected.len(), actual.len()));
        }
        for (at, (expected, actual)) in expected.iter().zip(actual).enumerate() {
            self.request(&format!("upstream_requests[{at}]"), expected, actual);
        }
    }

    fn request(&mut self, path: &str, expected: &ExpectedRequest, actual: &Recorded) {
        if let Some(method) = &expected.method {
            self.same(&format!("{path}.method"), method, &actual.method);
        }
        if let Some(expected) = &expected.path {
            self.same(&format!("{path}.path"), expected, &actual.path);
        }
        let headers: Vec<_> =
            actual.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        self.headers(&Headers { path, actual: &headers }, &expected.headers, &expected.no_headers);
        if let Some(names) = &expected.header_names {
            let mut present: Vec<_> = headers.iter().map(|(name, _)| name.clone()).collect();
            present.sort();
            self.same(&format!("{path}.header_names"), names, &present);
        }
        self.body(path, expected.body.as_ref(), &actual.body);
        if let Some(Text(text)) = &expected.body_text {
            self.0.extend(compare::text(&format!("{path}.body_text"), text.as_bytes(), &actual.body));
        }
    }

    /// What the caller got.
    pub(super) fn outcome(&mut self, expected: &Expect, actual: &Outcome) {
        match (&expected.reply, &actual.head) {
            (Some(expected), Some(head)) => self.reply(expected, head, actual),
            (None, None) => {}
            (Some(_), None) => self.add("reply: there is none"),
            (None, Some(head)) => self.add(format!("reply: not expected, got status {}", head.status)),
        }
        match (&expected.error, &actual.error) {
            (Some(expected), Some(error)) => self.error(expected.clone(), error),
            (None, None) => {}
            (Some(_), None) => self.add("error: there is none"),
            (None, Some(error)) => self.add(format!("error: not expected, got {error}")),
        }
    }

    fn reply(&mut self, expected: &ExpectedReply, head: &Head, actual: &Outcome) {
        if let Some(status) = expected.status {
            self.same("reply.status", &status, &head.status);
        }
        let headers = Headers { path: "reply", actual: &head.headers };
        self.headers(&headers, &expected.headers, &expected.no_headers);
        if let Some(events) = &actual.events {
            return self.events(expected.events.as_deref().unwrap_or_default(), events);
        }
        self.body("reply", expected.body.as_ref(), &actual.body);
        if let Some(Text(text)) = &expected.body_text {
            self.0.extend(compare::text("reply.body_text", text.as_bytes(), &actual.body));
        }
        if let Some(Text(start)) = &expected.body_starts_with {
            let body = actual.body.get(..start.len()).unwrap_or(&actual.body);
            self.0.extend(compare::text("reply.body_starts_with", start.as_bytes(), body));
        }
    }

    /// A text is compared as it is, anything else with the event read as JSON.
    fn events(&mut self, expected: &[Value], actual: &[Vec<u8>]) {
        let read = |(at, event): (usize, &Vec<u8>)| match expected.get(at) {
            Some(expected) if !expected.is_string() => serde_json::from_slice(event).unwrap_or_default(),
            _ => Value::from(String::from_utf8_lossy(event)),
        };
        let actual = actual.iter().enumerate().map(read).collect();
        self.0.extend(compare::equal("reply.events", &json!(expected), &Value::Array(actual)));
    }

    fn error(&mut self, mut expected: Map<String, Value>, actual: &Value) {
        let message = actual["message"].as_str().unwrap_or_default();
        for (key, wanted) in [("message_contains", true), ("message_lacks", false)] {
            let Some(part) = expected.remove(key) else { continue };
            if part.as_str().is_none_or(|part| message.contains(part) != wanted) {
                self.add(format!("error.{key}: {part}, got {message:?}"));
            }
        }
        self.0.extend(compare::subset("error", &Value::Object(expected), actual));
    }

    /// The tenant's one trace. Its row says the same in the list, which never has content.
    pub(super) async fn trace(
        &mut self,
        language: &impl Language,
        expected: &Map<String, Value>,
        tenant: &str,
        id: Option<&str>,
    ) {
        let page = match language.list_traces(tenant).await {
            Ok(page) => page,
            Err(error) => return self.add(format!("trace: the list cannot be read: {error}")),
        };
        let rows = page["traces"].as_array().map(Vec::as_slice).unwrap_or_default();
        let [row] = rows else { return self.add(format!("trace: expected exactly one, got {}", rows.len())) };
        let row_id = row["id"].as_str().unwrap_or_default();
        self.same("trace.id", &id.unwrap_or(row_id), &row_id);
        for key in ["request", "response", "attempts"] {
            self.same(&format!("list_traces: {key}"), &None, &row.get(key));
        }
        let detail = match language.get_trace(tenant, row_id).await {
            Ok(detail) => detail,
            Err(error) => return self.add(format!("trace: it cannot be read: {error}")),
        };
        self.0.extend(compare::subset("get_trace and list_traces differ", row, &detail));
        self.0.extend(compare::subset("trace", &Value::Object(expected.clone()), &detail));
    }

    fn body(&mut self, path: &str, expected: Option<&Value>, actual: &[u8]) {
        let Some(expected) = expected else { return };
        match serde_json::from_slice(actual) {
            Ok(actual) => self.0.extend(compare::equal(&format!("{path}.body"), expected, &actual)),
            Err(error) => self.add(format!("{path}.body: it is no JSON: {error}")),
        }
    }

    fn headers(&mut self, headers: &Headers<'_>, expected: &BTreeMap<String, String>, absent: &[String]) {
        let expected = expected.iter().map(|(name, value)| (name, Some(value)));
        for (name, value) in expected.chain(absent.iter().map(|name| (name, None))) {
            let actual = headers.actual.iter().find(|(listed, _)| listed == name).map(|(_, value)| value);
            self.same(&format!("{}.headers.{name}", headers.path), &value, &actual);
        }
    }
}
