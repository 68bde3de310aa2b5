//! The built-in provider: plausible, deterministic answers for the usual
//! paths, echoing the model asked for. Never looks at a key.

mod chat;
mod embeddings;
mod error;
mod models;
mod responses;

use serde_json::Value;

use crate::http::{Asked, Request};
use crate::script::{Answer, Event, Sse};

pub(crate) use chat::{completion, completion_stream};
pub(crate) use error::error_body;

/// The tokens of every prompt, whatever it says.
const PROMPT_TOKENS: u64 = 11;
/// The time of every answer: 2023-11-14T22:13:20Z.
const CREATED: u64 = 1_700_000_000;
/// The model of an answer to a request that names none.
const DEFAULT_MODEL: &str = "gpt-4o-mini";

/// What an answer depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) asked: &'a Asked,
    pub(crate) seq: u64,
}

impl<'a> Context<'a> {
    pub(crate) fn new(request: &'a Request, seq: u64) -> Self {
        Self { method: &request.method, path: &request.path, asked: request.asked(), seq }
    }

    fn model(&self) -> &'a str {
        self.asked.model.as_deref().unwrap_or(DEFAULT_MODEL)
    }

    /// Azure's classic paths answer with content filter results.
    fn is_azure_deployment(&self) -> bool {
        self.path.contains("/openai/deployments/")
    }
}

/// What the persona says.
#[derive(Debug)]
pub(crate) enum Reply {
    Json(u16, Value),
    Events(Sse),
}

/// Answers a request the way a provider would.
pub(crate) fn reply(context: &Context<'_>) -> Reply {
    let path = context.path.split('?').next().unwrap_or_default();
    let is = |method: &str, end: &str| context.method == method && path.ends_with(end);
    if is("POST", "/chat/completions") {
        let answer = Answer::new(sentence(context));
        if context.asked.stream {
            Reply::Events(completion_stream(&answer, context))
        } else {
            Reply::Json(200, completion(&answer, context))
        }
    } else if is("POST", "/responses") {
        if context.asked.stream {
            Reply::Events(responses::stream(&sentence(context), context))
        } else {
            Reply::Json(200, responses::whole(&sentence(context), context))
        }
    } else if is("POST", "/embeddings") {
        Reply::Json(200, embeddings::list(context))
    } else if is("GET", "/models") {
        Reply::Json(200, models::list())
    } else if let (Some(id), "GET") = (models::id(path), context.method) {
        Reply::Json(200, models::one(id))
    } else {
        let message = format!("Invalid URL ({} {path})", context.method);
        Reply::Json(404, error_body(404, &message))
    }
}

/// The persona's one answer, a word at a time.
fn sentence(context: &Context<'_>) -> Vec<String> {
    format!("Hello! This is the mock upstream, answering as {}.", context.model())
        .split_inclusive(' ')
        .map(str::to_owned)
        .collect()
}

fn words(pieces: &[String]) -> u64 {
    let words = pieces.concat().split_whitespace().count();
    u64::try_from(words).unwrap_or(u64::MAX)
}

fn events(values: Vec<Value>) -> Sse {
    Sse::new(values.into_iter().map(Event::Data))
}
