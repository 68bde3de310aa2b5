//! Turns the body of a script into bytes, in the pieces they naturally have:
//! one per event of a stream, one for anything else. Never cuts or frames.

use bytes::Bytes;
use serde_json::Value;

use crate::persona::{self, Context, Reply};
use crate::script::{Body, Event, IncludeUsage, Repeat, Script, Sse};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// The same bytes, so many times in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) bytes: Bytes,
    pub(crate) times: u64,
}

impl Run {
    pub(crate) fn once(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), times: 1 }
    }
}

/// A body as bytes.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) runs: Vec<Run>,
    pub(crate) kind: Kind,
}

/// What a body is, for the defaults of framing and splitting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Document,
    Events,
    Repeat,
    Raw,
}

/// Whether the body is the same whatever is asked, so that one rendering
/// serves every request.
pub(crate) fn is_constant(script: &Script) -> bool {
    match &script.body {
        Body::Persona => script.status >= 400 || script.before_headers.is_some(),
        // Azure's paths change the form, the sequence number the id: an answer
        // with a model of its own gives both up for speed.
        Body::Chat(answer) => answer.model.is_some(),
        Body::Stream(answer) => answer.model.is_some() && answer.include_usage != IncludeUsage::Asked,
        _ => true,
    }
}

/// Renders the body of a script as the answer to what `context` asks.
pub(crate) fn render(script: &Script, context: &Context<'_>) -> Rendered {
    let rendered = match &script.body {
        Body::Persona if script.status >= 400 => {
            let message = format!("The mock upstream answers {}.", script.status);
            document(&persona::error_body(script.status, &message))
        }
        Body::Persona => return persona_reply(script.status, context),
        Body::Json(value) => document(value),
        Body::Text(text) => whole(Kind::Document, text.clone().into()),
        Body::Base64(bytes) => whole(Kind::Document, bytes.0.clone()),
        Body::Raw(blob) => whole(Kind::Raw, blob.0.clone()),
        Body::Repeat(repeat) => repeated(repeat),
        Body::Sse(sse) => events(sse),
        Body::Chat(answer) => document(&persona::completion(answer, context)),
        Body::Stream(answer) => events(&persona::completion_stream(answer, context)),
    };
    Rendered { status: script.status, ..rendered }
}

fn persona_reply(status: u16, context: &Context<'_>) -> Rendered {
    match persona::reply(context) {
        Reply::Json(found, value) => Rendered { status: if found == 200 { status } else { found }, ..document(&value) },
        Reply::Events(sse) => Rendered { status, ..events(&sse) },
    }
}

fn whole(kind: Kind, bytes: Bytes) -> Rendered {
    Rendered { status: 200, content_type: JSON, runs: vec![Run::once(bytes)], kind }
}

fn document(value: &Value) -> Rendered {
    whole(Kind::Document, value.to_string().into())
}

fn repeated(repeat: &Repeat) -> Rendered {
    let chunks = Run { bytes: repeat.chunk.0.clone(), times: repeat.times };
    Rendered {
        status: 200,
        content_type: JSON,
        runs: vec![Run::once(repeat.before.0.clone()), chunks, Run::once(repeat.after.0.clone())],
        kind: Kind::Repeat,
    }
}

fn events(sse: &Sse) -> Rendered {
    let mut runs: Vec<Run> = sse.events.iter().map(|event| Run::once(event_text(event, sse))).collect();
    if sse.done {
        let end = sse.line_end.as_str();
        runs.push(Run::once(format!("data: [DONE]{end}{end}")));
    }
    Rendered { status: 200, content_type: EVENTS, runs, kind: Kind::Events }
}

fn event_text(event: &Event, sse: &Sse) -> String {
    let end = sse.line_end.as_str();
    match event {
        Event::Raw(text) => text.clone(),
        Event::Data(value) => match value.get("type").and_then(Value::as_str) {
            Some(name) if sse.named => format!("event: {name}{end}data: {value}{end}{end}"),
            _ => format!("data: {value}{end}{end}"),
        },
    }
}
