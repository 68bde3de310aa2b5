//! The format of a conformance fixture, as `fixtures/README.md` describes it. Reads files; runs nothing.

use std::{collections::BTreeMap, fs, path::PathBuf};

use libgateway::{CallOptions, NewTenant, ProviderConfig};
use serde::Deserialize;
use serde_json::{Map, Value};
use upstream::Scripts;

/// Where the fixtures are.
pub(super) const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

/// A file that has not been read as JSON yet, since its placeholders depend on the run.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's name without `.json`.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// One call and everything that must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    pub(super) name: String,
    pub(super) description: String,
    #[serde(default = "nothing")]
    pub(super) tenant: Value,
    pub(super) providers: Option<Vec<Value>>,
    pub(super) call: Call,
    #[serde(default)]
    pub(super) upstream: Scripts,
    pub(super) expect: Expect,
}

/// The call of a fixture.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// What is called.
    pub operation: CallOperation,
    pub(super) body: Option<Value>,
    pub(super) body_text: Option<Text>,
    /// The call's options.
    #[serde(default = "nothing")]
    pub options: Value,
}

/// The operations that call a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOperation {
    /// A whole chat completion.
    Chat,
    /// A chat completion in pieces.
    ChatStream,
    /// A whole response.
    Responses,
    /// A response in pieces.
    ResponsesStream,
    /// Embeddings.
    Embeddings,
    /// The list of models.
    ListModels,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    pub(super) upstream_requests: Vec<ExpectedRequest>,
    pub(super) reply: Option<ExpectedReply>,
    pub(super) error: Option<Map<String, Value>>,
    pub(super) trace: Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ExpectedRequest {
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) no_headers: Vec<String>,
    pub(super) header_names: Option<Vec<String>>,
    pub(super) body: Option<Value>,
    pub(super) body_text: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ExpectedReply {
    pub(super) status: Option<u16>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) no_headers: Vec<String>,
    pub(super) body: Option<Value>,
    pub(super) body_text: Option<Text>,
    pub(super) body_starts_with: Option<Text>,
    pub(super) events: Option<Vec<Value>>,
}

/// Exact text; in a file a string, or a list of strings that are joined.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Lines")]
pub(super) struct Text(pub(super) String);

#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    One(String),
    Many(Vec<String>),
}

impl From<Lines> for Text {
    fn from(lines: Lines) -> Self {
        match lines {
            Lines::One(text) => Self(text),
            Lines::Many(texts) => Self(texts.concat()),
        }
    }
}

fn nothing() -> Value {
    Value::Object(Map::new())
}

impl Call {
    /// The body as a caller has it: exact text, or JSON.
    pub fn body_bytes(&self) -> Vec<u8> {
        let text = self.body_text.as_ref().map(|text| text.0.clone());
        text.or_else(|| self.body.as_ref().map(Value::to_string)).unwrap_or_default().into_bytes()
    }
}

impl CallOperation {
    /// The name in every language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::ChatStream => "chat_stream",
            Self::Responses => "responses",
            Self::ResponsesStream => "responses_stream",
            Self::Embeddings => "embeddings",
            Self::ListModels => "list_models",
        }
    }

    /// Whether the answer comes in pieces.
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::ChatStream | Self::ResponsesStream)
    }
}

/// Every file of the directory but its README, by name.
pub fn sources() -> Vec<Source> {
    let mut sources: Vec<Source> = fs::read_dir(DIRECTORY)
        .expect("the directory of fixtures")
        .map(|entry| entry.expect("an entry of the directory").path())
        .filter(|path| path.file_name().is_none_or(|name| name != "README.md"))
        .map(|path| source(&path))
        .collect();
    sources.sort_by(|left, right| left.name.cmp(&right.name));
    sources
}

fn source(path: &PathBuf) -> Source {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json"));
    let name = name.unwrap_or_else(|| panic!("{} is no fixture: its name must end in .json", path.display()));
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}.json cannot be read: {error}"));
    Source { name: name.to_owned(), text }
}

impl Source {
    /// Fills the placeholders in and reads the fixture, or says what is wrong with the file.
    pub fn parse(&self, upstream_url: &str) -> Result<Fixture, String> {
        let text = fill(&self.text.replace("{upstream}", upstream_url));
        let fixture: Fixture = serde_json::from_str(&text).map_err(|error| format!("malformed: {error}"))?;
        match fixture.problem(&self.name) {
            Some(problem) => Err(format!("malformed: {problem}")),
            None => Ok(fixture),
        }
    }
}

/// Puts `N` times the letter A in the place of `{A*N}`.
fn fill(text: &str) -> String {
    const OPEN: &str = "{A*";
    let mut parts = text.split(OPEN);
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let count = part.split_once('}').and_then(|(count, rest)| Some((count.parse().ok()?, rest)));
        match count {
            Some((count, rest)) => {
                filled.extend(std::iter::repeat_n('A', count));
                filled.push_str(rest);
            }
            None => filled.extend([OPEN, part]),
        }
    }
    filled
}

impl Fixture {
    /// Whether its stream is to be read by events, too.
    pub(super) fn lists_events(&self) -> bool {
        self.expect.reply.as_ref().is_some_and(|reply| reply.events.is_some())
    }

    /// What no type says.
    fn problem(&self, file: &str) -> Option<String> {
        let Self { call, expect, .. } = self;
        let bodies = usize::from(call.body.is_some()) + usize::from(call.body_text.is_some());
        let is_stream = call.operation.is_stream();
        let reply = expect.reply.as_ref();
        let says = |problem: &str| Some(problem.to_owned());
        if self.name != file {
            return Some(format!("name is {:?}, and the file {file}.json", self.name));
        }
        if self.description.is_empty() {
            return says("description is empty");
        }
        match NewTenant::deserialize(&self.tenant) {
            Err(error) => return Some(format!("tenant: {error}")),
            Ok(tenant) if tenant.id.is_some() || tenant.provider.is_some() => {
                return says("tenant.id and tenant.provider are the runner's");
            }
            Ok(_) => {}
        }
        if let Some(error) = self.providers.iter().flatten().find_map(|given| ProviderConfig::deserialize(given).err())
        {
            return Some(format!("providers: {error}"));
        }
        if let Err(error) = CallOptions::deserialize(&call.options) {
            return Some(format!("call.options: {error}"));
        }
        if bodies != usize::from(call.operation != CallOperation::ListModels) {
            return says("call needs body or body_text, and list_models neither");
        }
        if expect.reply.is_none() && expect.error.is_none() {
            return says("expect needs reply or error");
        }
        if expect.reply.is_some() && expect.error.is_some() && !is_stream {
            return says("only a stream can have both a reply and an error");
        }
        if expect.error.as_ref().is_some_and(|error| !error.contains_key("code")) {
            return says("expect.error has no code");
        }
        if !is_stream && reply.is_some_and(|reply| reply.events.is_some()) {
            return says("only a stream has events");
        }
        if expect.trace.is_empty() {
            return says("expect.trace is empty");
        }
        None
    }
}
