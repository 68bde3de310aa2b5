//! Embeddings: small, deterministic vectors, one per input.
//! <https://platform.openai.com/docs/api-reference/embeddings>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Context, PROMPT_TOKENS};

const DIMENSIONS: u64 = 8;

/// The list of embeddings for the request's `input`.
pub(crate) fn list(context: &Context<'_>) -> Value {
    let dimensions = context.asked.dimensions.unwrap_or(DIMENSIONS).min(65_536);
    let data: Vec<Value> = (0..inputs(&context.asked.input))
        .map(|index| {
            let vector: Vec<f32> = (0..dimensions).map(|at| component(index, at)).collect();
            let embedding = if context.asked.base64 {
                let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
                json!(STANDARD.encode(bytes))
            } else {
                json!(vector)
            };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    json!({
        "object": "list",
        "data": data,
        "model": context.model(),
        "usage": {"prompt_tokens": PROMPT_TOKENS, "total_tokens": PROMPT_TOKENS},
    })
}

/// A string or a list of tokens is one input; a list of those is several.
fn inputs(input: &Value) -> u64 {
    match input {
        Value::Array(list) if !list.iter().all(Value::is_number) => u64::try_from(list.len()).unwrap_or(u64::MAX),
        _ => 1,
    }
}

/// A multiple of 1/128 in [0, 1), exact in binary.
fn component(index: u64, at: u64) -> f32 {
    let value = (index.wrapping_mul(31) ^ at.wrapping_mul(7)) % 128;
    f32::from(u8::try_from(value).unwrap_or(0)) / 128.0
}
