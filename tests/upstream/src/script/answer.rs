//! The content of a chat completion, whole or streamed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The content of a chat completion. In JSON a string or a list of strings
/// stands for an answer with nothing but its content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Shape")]
#[non_exhaustive]
pub struct Answer {
    /// The text. A stream sends one chunk per piece.
    pub content: Vec<String>,
    /// The model the answer names; the one the request asks for without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The usage object; 11 prompt tokens and one completion token per word
    /// (per piece, in a stream) without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Value>,
    /// When a stream ends with a chunk of usage.
    pub include_usage: IncludeUsage,
    /// Why the answer ended; `stop` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
}

impl Answer {
    /// An answer of these pieces.
    pub fn new<P: Into<String>>(pieces: impl IntoIterator<Item = P>) -> Self {
        Self { content: pieces.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

/// When a stream ends with a chunk of usage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncludeUsage {
    /// When the request has `stream_options.include_usage: true`.
    #[default]
    Asked,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Shape {
    Text(String),
    Pieces(Vec<String>),
    Full(Full),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Full {
    content: Pieces,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Option<Value>,
    #[serde(default)]
    include_usage: IncludeUsage,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Pieces {
    One(String),
    Many(Vec<String>),
}

impl From<Shape> for Answer {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Text(text) => Self::new([text]),
            Shape::Pieces(pieces) => Self::new(pieces),
            Shape::Full(full) => Self {
                content: match full.content {
                    Pieces::One(text) => vec![text],
                    Pieces::Many(pieces) => pieces,
                },
                model: full.model,
                usage: full.usage,
                include_usage: full.include_usage,
                finish_reason: full.finish_reason,
            },
        }
    }
}
