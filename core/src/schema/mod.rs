//! The JSON schema of everything that crosses the boundary to other languages, made from the types themselves. Only for
//! those who generate files from it.

mod openapi;

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

pub use self::openapi::openapi;
use crate::{
    config::Config,
    error::ErrorCode,
    http::ServeConfig,
    operation::{OPERATIONS, shapes},
    types::{
        analytics::Dimension,
        ids::{ProviderName, TenantId},
        money::PicoUsd,
        price::Ratio,
        provider::Secret,
        request::CallOptions,
        time::Timestamp,
    },
};

/// Every operation with the shapes of its arguments and its answer, the table of error codes, and the definitions.
///
/// What an operation of the subject `tenant` takes has `tenant_id` beside it. Where the shape of an input and of an output
/// differ, the input's name ends in `Input`.
pub fn schema() -> Value {
    let mut inputs = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let mut outputs = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let operations = shapes(&mut inputs, &mut outputs);
    let own = [
        ("config", inputs.subschema_for::<Config>()),
        ("options", inputs.subschema_for::<CallOptions>()),
        ("serve", inputs.subschema_for::<ServeConfig>()),
    ];
    let outputs = outputs.take_definitions(true);
    let mut inputs = inputs.take_definitions(true);
    // What is read is more than the fields say.
    if let Some(fallback) = inputs.get_mut("Fallback") {
        let description = fallback.get("description").cloned();
        let name = json!({"$ref": "#/$defs/ProviderName"});
        *fallback = json!({"description": description, "anyOf": [name, fallback.take()]});
    }
    let differs = |name: &str| outputs.get(name).is_some_and(|output| inputs.get(name) != Some(output));
    let input = |schema: Schema| renamed(schema.to_value(), &differs);
    let as_it_is = |_: &str| false;
    let mut definitions: BTreeMap<String, Value> =
        outputs.iter().map(|(name, definition)| (name.clone(), renamed(definition.clone(), &as_it_is))).collect();
    for (name, definition) in &inputs {
        let renamed_name = if differs(name) { format!("{name}Input") } else { name.clone() };
        definitions.insert(renamed_name, renamed(definition.clone(), &differs));
    }
    let described = |(operation, (taken, given)): (&crate::operation::Operation, (Schema, Option<Schema>))| {
        let (method, path) = operation.route.unzip();
        json!({
            "name": operation.name, "method": method, "path": path, "scope": operation.scope,
            "subject": format!("{:?}", operation.subject).to_lowercase(),
            "input": input(taken), "output": given,
        })
    };
    let operations: Vec<Value> = OPERATIONS.iter().zip(operations).map(described).collect();
    let codes = ErrorCode::ALL.iter().map(|code| {
        json!({"number": code.number(), "name": code.name(), "http_status": code.http_status(), "temporary": code.is_temporary()})
    });
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".to_owned(), "libgateway".into());
    for (name, own) in own {
        schema.insert(name.to_owned(), input(own));
    }
    schema.insert("operations".to_owned(), operations.into());
    schema.insert("error_codes".to_owned(), codes.collect::<Vec<_>>().into());
    schema.insert("$defs".to_owned(), definitions.into_iter().collect::<Map<_, _>>().into());
    Value::Object(schema)
}

/// The same, its references to what differs between input and output being to the input's.
fn renamed(value: Value, differs: &impl Fn(&str) -> bool) -> Value {
    const DEFINITIONS: &str = "#/$defs/";
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                match (name.as_str(), value.as_str().and_then(|text| text.strip_prefix(DEFINITIONS))) {
                    ("description", _) => (name, unlinked(&value)),
                    ("$ref", Some(target)) if differs(target) => (name, format!("{DEFINITIONS}{target}Input").into()),
                    _ => (name, renamed(value, differs)),
                }
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(|item| renamed(item, differs)).collect::<Vec<_>>().into(),
        other => other,
    }
}

/// A description without the links of Rust's documentation.
fn unlinked(description: &Value) -> Value {
    description.as_str().map_or(Value::Null, |text| text.replace("[`", "`").replace("`]", "`").into())
}

/// Types that are text with a form of its own.
macro_rules! text {
    ($($type:ty, $name:literal, $schema:tt;)+) => {
        $(impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        })+
    };
}

text! {
    TenantId, "TenantId", {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,64}$", "description": "A tenant, chosen by the host and immutable."};
    ProviderName, "ProviderName", {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,64}$", "description": "The name of a provider within its tenant."};
    Timestamp, "Timestamp", {"type": "string", "format": "date-time", "description": "RFC 3339, in answers in UTC with milliseconds."};
    PicoUsd, "Usd", {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,12})?$", "description": "An exact decimal amount of US dollars."};
    Dimension, "Dimension", {"type": "string", "pattern": "^(provider|model|status_class|api_key|error_code|user|session|metadata\\..+)$", "description": "What traces are told apart by; `metadata.` is followed by a key."};
    Ratio, "Ratio", {"type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,12}|/[0-9]+)?$", "description": "An exact number: whole, decimal, or a fraction; written as a fraction."};
    Secret, "Secret", {"type": "string", "description": "Never shown again."};
}

impl JsonSchema for ErrorCode {
    fn schema_name() -> Cow<'static, str> {
        "ErrorCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Self::ALL.iter().map(|code| code.name()).collect();
        json_schema!({"type": "string", "enum": names, "description": "What went wrong; codes are only ever added."})
    }
}
