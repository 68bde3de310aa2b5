//! The list of models.
//! <https://platform.openai.com/docs/api-reference/models>

use serde_json::{Value, json};

use super::CREATED;

const MODELS: [&str; 3] = ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"];

/// All models.
pub(crate) fn list() -> Value {
    let data: Vec<Value> = MODELS.into_iter().map(one).collect();
    json!({"object": "list", "data": data})
}

/// One model, whatever its name.
pub(crate) fn one(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": CREATED, "owned_by": "upstream"})
}

/// The name in a path that ends in `/models/{name}`.
pub(crate) fn id(path: &str) -> Option<&str> {
    let (_, id) = path.rsplit_once("/models/")?;
    (!id.is_empty()).then_some(id)
}
