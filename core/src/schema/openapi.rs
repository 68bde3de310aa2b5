//! The HTTP surface as an OpenAPI document, made from the table of operations and the types' schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::schema;
use crate::{
    operation::{OPERATIONS, Operation, Output, Subject},
    types::api_key::Scope,
};

const DEFINITIONS: &str = "#/$defs/";
const COMPONENTS: &str = "#/components/schemas/";

/// The document, in version 3.1 of OpenAPI. Paths that are passed on to providers are not in it: OpenAI describes them.
pub fn openapi() -> Value {
    let schema = placed(schema());
    let definitions = schema.get("$defs").cloned().unwrap_or_default();
    let shapes = schema.get("operations").and_then(Value::as_array).into_iter().flatten();
    let mut paths: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
    for (operation, shape) in OPERATIONS.iter().zip(shapes) {
        // What streams has the path of what does not.
        if let Some((method, path)) = operation.route.filter(|_| operation.output != Output::Stream) {
            let described = Described { operation, method, path, shape, definitions: &definitions }.to_json();
            paths.entry(path).or_default().insert(method.to_lowercase(), described);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "libgateway", "version": env!("CARGO_PKG_VERSION"), "license": {"name": "MIT OR Apache-2.0"}},
        "security": [{"bearer": []}, {"key": []}],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
            "responses": {"Error": {
                "description": "An error in OpenAI's shape.",
                "content": {"application/json": {"schema": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": {"type": "object", "required": ["message", "type", "param", "code"]}},
                }}},
            }},
        },
    })
}

/// What names the tenant.
const ONE_TENANT: &str = "The tenant, for an operator's key; other keys have their own.";
/// What may name it.
const ANY_TENANT: &str =
    "The tenant, for an operator's key, which reads all of them where nothing names one; other keys have their own.";

/// One operation at its path.
struct Described<'a> {
    operation: &'a Operation,
    method: &'a str,
    path: &'a str,
    /// What the schema says of it.
    shape: &'a Value,
    definitions: &'a Value,
}

impl<'a> Described<'a> {
    fn to_json(&self) -> Value {
        let Self { operation, shape, .. } = self;
        let mut parameters: Vec<Value> = self.in_path().map(in_path).collect();
        let (header, query) = match operation.subject {
            Subject::Traces => (Some(ANY_TENANT), Some(ANY_TENANT)),
            Subject::Tenant if operation.scope != Scope::Admin => (Some(ONE_TENANT), None),
            Subject::Tenant | Subject::Gateway => (None, None),
        };
        for (name, place, description) in [("x-gateway-tenant-id", "header", header), ("tenant_id", "query", query)] {
            parameters.extend(description.map(|description| {
                json!({"name": name, "in": place, "schema": {"type": "string"}, "description": description})
            }));
        }
        if self.method == "GET" && !operation.calls_model() {
            parameters.extend(self.in_query());
        }
        let mut described = Map::new();
        described.insert("operationId".to_owned(), operation.name.into());
        let needs = if operation.name == "health" {
            "Needs no key to say whether the gateway is well, and an operator's to say why not.".to_owned()
        } else {
            format!("Needs a key with the scope `{}`.", format!("{:?}", operation.scope).to_lowercase())
        };
        described.insert("description".to_owned(), needs.into());
        described.insert("parameters".to_owned(), parameters.into());
        if let Some(body) = self.body() {
            let body = json!({"required": true, "content": {"application/json": {"schema": body}}});
            described.insert("requestBody".to_owned(), body);
        }
        let output = shape.get("output").cloned().unwrap_or_default();
        let (status, good) = match (operation.name, operation.output) {
            ("health", _) => ("200", answer("application/json", &health())),
            ("stats", _) => ("200", answer("text/plain", &json!({"type": "string"}))),
            (_, Output::Nothing) => ("204", json!({"description": "Done."})),
            _ => ("200", answer("application/json", &output)),
        };
        let responses = BTreeMap::from([(status, good), ("default", json!({"$ref": "#/components/responses/Error"}))]);
        described.insert("responses".to_owned(), json!(responses));
        if operation.name == "health" {
            described.insert("security".to_owned(), json!([{}, {"bearer": []}, {"key": []}]));
        }
        described.into()
    }

    fn in_path(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }

    fn input(&self) -> Option<&'a Value> {
        let name = self.shape.pointer("/input/$ref")?.as_str()?.strip_prefix(COMPONENTS)?;
        self.definitions.get(name)
    }

    /// What is sent: a provider's request, or the input without what the path says.
    fn body(&self) -> Option<Value> {
        if !matches!(self.method, "POST" | "PUT" | "PATCH") {
            return None;
        }
        if self.operation.calls_model() {
            return Some(json!({"type": "object", "required": ["model"]}));
        }
        let mut input = self.input()?.clone();
        for name in self.in_path() {
            if let Some(fields) = input.get_mut("properties").and_then(Value::as_object_mut) {
                fields.remove(name);
            }
            if let Some(required) = input.get_mut("required").and_then(Value::as_array_mut) {
                required.retain(|required| required != name);
            }
        }
        Some(input)
    }

    /// The fields of the input as parameters of a query; what the path says is none.
    fn in_query(&self) -> Vec<Value> {
        let list = |key| self.input().and_then(|input| input.get(key));
        let required =
            |name: &str| list("required").and_then(Value::as_array).is_some_and(|all| all.contains(&name.into()));
        let fields = list("properties").and_then(Value::as_object).into_iter().flatten();
        fields
            .filter(|(name, _)| !self.in_path().any(|in_path| in_path == name.as_str()))
            .map(|(name, schema)| match name.as_str() {
                // `metadata.team=red`: OpenAPI has no way to say so, but an object's fields are close.
                "metadata" => json!({"name": name, "in": "query", "style": "form", "explode": false, "schema": schema, "description": "As `metadata.KEY=VALUE`."}),
                name => json!({"name": name, "in": "query", "required": required(name), "schema": schema}),
            })
            .collect()
    }
}

fn in_path(name: &str) -> Value {
    json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
}

fn answer(content_type: &str, schema: &Value) -> Value {
    json!({"description": "The answer.", "content": {content_type: {"schema": schema}}})
}

/// [`Health`](crate::Health) as those see it who are to know no reasons, and as operators do.
fn health() -> Value {
    let reasons =
        json!({"type": "array", "items": {"type": "string"}, "description": "What is wrong, for an operator's key."});
    let status = json!({"$ref": format!("{COMPONENTS}HealthStatus")});
    json!({"type": "object", "required": ["status"], "properties": {"status": status, "reasons": reasons}})
}

/// The same with its references to where OpenAPI has definitions.
fn placed(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                match (name.as_str(), value.as_str().and_then(|text| text.strip_prefix(DEFINITIONS))) {
                    ("$ref", Some(target)) => (name, format!("{COMPONENTS}{target}").into()),
                    _ => (name, placed(value)),
                }
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(placed).collect::<Vec<_>>().into(),
        other => other,
    }
}
