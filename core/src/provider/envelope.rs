//! The few top-level fields of a request that the gateway decides by, and the splices that change them. The rest of
//! the body is never parsed, copied field by field or written anew.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use serde::{
    Deserialize,
    de::{self, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::error::{Error, ErrorCode, Result};

/// Where a value stands in the body.
type Span = std::ops::Range<usize>;

/// What was read of a request's body.
#[derive(Debug)]
pub(crate) struct Envelope {
    model: Option<(String, Span)>,
    stream: bool,
    /// Where `"stream": true` is to be written, for a caller who asks for a stream by the method it calls.
    make_stream: Option<Span>,
    usage: UsageOption,
    /// The most output tokens that the request allows.
    output_limit: Option<u64>,
    /// Where a first field can be inserted.
    start: usize,
}

/// What the request says of `stream_options.include_usage`.
#[derive(Debug)]
enum UsageOption {
    /// The caller wants the usage chunk.
    Wanted,
    /// There is no `stream_options`.
    NoOptions,
    /// The value of `stream_options` is to be replaced by this text.
    Replace(Span, String),
}

/// What to change in a body.
#[derive(Debug, Default)]
pub(crate) struct Splices<'a> {
    /// The value of `model`.
    pub(crate) model: Option<&'a str>,
    /// `stream_options.include_usage` becomes true.
    pub(crate) include_usage: bool,
}

/// The fields that are looked at; all others are skipped.
#[derive(Default)]
struct Fields<'a> {
    model: Option<&'a RawValue>,
    stream: Option<&'a RawValue>,
    stream_options: Option<&'a RawValue>,
    /// The tokens of one choice, and how many choices there are to be.
    max_tokens: Option<u64>,
    choices: Option<u64>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Model,
    Stream,
    StreamOptions,
    MaxTokens,
    MaxCompletionTokens,
    MaxOutputTokens,
    N,
    #[serde(other)]
    Other,
}

/// Duplicates of the first three are errors: the gateway decides by them. Of a limit the last one counts.
impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Fields::default();
                while let Some(field) = map.next_key()? {
                    let (name, place) = match field {
                        Field::Model => ("model", &mut fields.model),
                        Field::Stream => ("stream", &mut fields.stream),
                        Field::StreamOptions => ("stream_options", &mut fields.stream_options),
                        Field::MaxTokens | Field::MaxCompletionTokens | Field::MaxOutputTokens => {
                            fields.max_tokens = number(map.next_value()?).or(fields.max_tokens);
                            continue;
                        }
                        Field::N => {
                            fields.choices = number(map.next_value()?);
                            continue;
                        }
                        Field::Other => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    if place.is_some() {
                        return Err(de::Error::duplicate_field(name));
                    }
                    *place = Some(map.next_value()?);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// What is no number is the provider's to refuse.
fn number(value: &RawValue) -> Option<u64> {
    value.get().parse().ok()
}

impl<'a> Fields<'a> {
    /// The fields, and where the object begins. What is no object is refused before it is read.
    fn read(body: &'a [u8]) -> Result<(Self, usize)> {
        let start = body.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or_default();
        match body.get(start) {
            Some(b'{') => {
                serde_json::from_slice(body).map(|fields| (fields, start + 1)).map_err(|error| unreadable(&error))
            }
            _ => Err(Error::new(ErrorCode::InvalidJson, "the request must be a JSON object")),
        }
    }
}

impl Envelope {
    /// Reads a body that must name a model; `ask_for_stream` makes it ask for a stream.
    pub(crate) fn read(body: &[u8], ask_for_stream: bool) -> Result<Self> {
        let (fields, start) = Fields::read(body)?;
        let model = fields.model.filter(|model| model.get() != "null").ok_or_else(|| {
            Error::new(ErrorCode::MissingField, "model is missing; name the model to call").with_param("model")
        })?;
        let name: Cow<'_, str> =
            serde_json::from_str(model.get()).map_err(|_| Error::invalid("model", "model must be a string"))?;
        if !is_model(&name) {
            return Err(Error::invalid("model", "model must have 1 to 256 characters, none of them NUL"));
        }
        let (stream, place) = match fields.stream.map(RawValue::get) {
            None => (false, start..start),
            Some(value @ ("false" | "null")) => (false, span(body, value)),
            Some("true") => (true, start..start),
            Some(_) => return Err(Error::invalid("stream", "stream must be true or false")),
        };
        let make_stream = (ask_for_stream && !stream).then_some(place);
        let usage = fields.stream_options.map_or(Ok(UsageOption::NoOptions), |options| usage_option(body, options))?;
        Ok(Self {
            model: Some((name.into_owned(), span(body, model.get()))),
            stream: stream || ask_for_stream,
            make_stream,
            usage,
            output_limit: fields.max_tokens.map(|limit| limit.saturating_mul(fields.choices.unwrap_or(1).max(1))),
            start,
        })
    }

    /// The envelope of a request without a body.
    pub(crate) fn empty() -> Self {
        Self { model: None, stream: false, make_stream: None, usage: UsageOption::Wanted, output_limit: None, start: 0 }
    }

    /// The model asked for.
    pub(crate) fn model(&self) -> Option<&str> {
        self.model.as_ref().map(|(name, _)| name.as_str())
    }

    /// Whether the answer is to be streamed.
    pub(crate) fn stream(&self) -> bool {
        self.stream
    }

    /// The most output tokens that the request allows, of all choices together.
    pub(crate) fn output_limit(&self) -> Option<u64> {
        self.output_limit
    }

    /// Whether usage comes only if the gateway asks for it.
    pub(crate) fn wants_usage_added(&self) -> bool {
        self.stream && !matches!(self.usage, UsageOption::Wanted)
    }

    /// The body with the splices applied; the same bytes when there are none.
    pub(crate) fn splice(&self, body: &Bytes, splices: &Splices<'_>) -> Bytes {
        let mut edits: Vec<(Span, Cow<'_, str>)> = Vec::new();
        if let (Some(model), Some((_, span))) = (splices.model, &self.model) {
            edits.push((span.clone(), serde_json::Value::from(model).to_string().into()));
        }
        if splices.include_usage {
            match &self.usage {
                UsageOption::Wanted => {}
                UsageOption::NoOptions => {
                    edits.push((self.start..self.start, r#""stream_options":{"include_usage":true},"#.into()));
                }
                UsageOption::Replace(span, text) => edits.push((span.clone(), text.as_str().into())),
            }
        }
        if let Some(span) = &self.make_stream {
            edits.push((span.clone(), if span.is_empty() { r#""stream":true,"# } else { "true" }.into()));
        }
        if edits.is_empty() {
            return body.clone();
        }
        edits.sort_by_key(|(span, _)| span.start);
        let added: usize = edits.iter().map(|(_, text)| text.len()).sum();
        let mut out = Vec::with_capacity(body.len() + added);
        let mut rest = 0;
        for (span, text) in &edits {
            out.extend_from_slice(body.get(rest..span.start).unwrap_or_default());
            out.extend_from_slice(text.as_bytes());
            rest = span.end;
        }
        out.extend_from_slice(body.get(rest..).unwrap_or_default());
        out.into()
    }
}

/// Whether a text may be the name of a model.
pub(super) fn is_model(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= 256 && !name.contains('\0')
}

/// What `stream_options` says, and what it must become.
fn usage_option(body: &[u8], options: &RawValue) -> Result<UsageOption> {
    #[derive(Deserialize)]
    struct Options<'a> {
        #[serde(borrow)]
        include_usage: Option<&'a RawValue>,
    }
    let place = span(body, options.get());
    let replaced = |text: String| UsageOption::Replace(place.clone(), text);
    if options.get() == "null" {
        return Ok(replaced(r#"{"include_usage":true}"#.to_owned()));
    }
    let invalid = || {
        Error::invalid(
            "stream_options",
            "stream_options must be an object, and include_usage in it true or false, once",
        )
    };
    let parsed: Options<'_> = serde_json::from_str(options.get()).map_err(|_| invalid())?;
    let text = options.get();
    match parsed.include_usage.map(|value| (value.get(), span(text.as_bytes(), value.get()))) {
        Some(("true", _)) => Ok(UsageOption::Wanted),
        Some(("false" | "null", span)) => {
            let (before, after) =
                (text.get(..span.start).unwrap_or_default(), text.get(span.end..).unwrap_or_default());
            Ok(replaced(format!("{before}true{after}")))
        }
        Some(_) => Err(invalid()),
        None => {
            let inside = text.get(1..).unwrap_or_default();
            let comma = if inside.trim_start().starts_with('}') { "" } else { "," };
            Ok(replaced(format!(r#"{{"include_usage":true{comma}{inside}"#)))
        }
    }
}

/// Where `part`, which was borrowed from `whole`, stands in it.
fn span(whole: &[u8], part: &str) -> Span {
    let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    start..start + part.len()
}

fn unreadable(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    if let Some(field) = text.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next()) {
        let message = format!("{field} appears twice; the gateway and the provider might each take another one");
        return Error::new(ErrorCode::DuplicateField, message).with_param(field);
    }
    Error::new(ErrorCode::InvalidJson, format!("the request is no JSON object: {text}"))
}

#[cfg(test)]
mod tests;
