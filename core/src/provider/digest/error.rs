//! Errors that come inside an answer whose status was a success.

use super::json;

/// Bytes of a message that are kept.
const MESSAGE_BYTES: usize = 512;

/// What a provider says went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AnswerError {
    /// The message, cut to a few hundred bytes; empty when there is none.
    pub(crate) message: String,
    /// The `type` of the error.
    pub(crate) kind: Option<String>,
    /// The `code` of the error; a number is given as its digits.
    pub(crate) code: Option<String>,
}

impl AnswerError {
    /// Reads the value of an `error` field, or the data of an error event: an object, a string, or any text.
    pub(super) fn read(mut data: &str) -> Self {
        let mut error = Self::default();
        let mut inner = None;
        let mut is_object = json::fields(data, |key, value| match key {
            "error" if !json::is_blank(value) => inner = Some(value),
            _ => error.field(key, value),
        });
        if let (Some(inner), true) = (inner, error.message.is_empty()) {
            error = Self::default();
            // One level only: nesting is the sender's choice.
            is_object = json::fields(inner, |key, value| error.field(key, value));
            data = inner;
        }
        if !is_object {
            error.message = short(serde_json::from_str(data).unwrap_or_else(|_| data.to_owned()));
        }
        error
    }

    fn field(&mut self, key: &str, value: &str) {
        match key {
            "message" | "detail" if self.message.is_empty() => self.message = message(value),
            "type" => self.kind = json::label(value),
            "code" => self.code = code(value),
            _ => {}
        }
    }
}

fn message(value: &str) -> String {
    match serde_json::from_str::<String>(value) {
        Ok(message) => short(message),
        Err(_) if json::is_null(value) => String::new(),
        Err(_) => short(value.to_owned()),
    }
}

fn code(value: &str) -> Option<String> {
    json::label(value).or_else(|| value.parse::<i64>().ok().map(|number| number.to_string()))
}

fn short(mut message: String) -> String {
    message.truncate(message.floor_char_boundary(MESSAGE_BYTES));
    message
}
