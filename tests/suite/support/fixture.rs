//! The format of a conformance fixture, as `fixtures/README.md` describes it. Reads files; runs nothing.

use std::{collections::BTreeMap, fs, path::PathBuf};

use libgateway::{CallOptions, NewTenant, ProviderConfig};
use serde::Deserialize;
use serde_json::{Map, Value};
use upstream::Scripts;

/// Where the fixtures are.
const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

/// A file that has not been read as JSON yet, since its placeholders depend on the run.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// One call and everything that must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) tenant: NewTenant,
    pub(crate) providers: Option<Vec<ProviderConfig>>,
    pub(crate) call: Call,
    #[serde(default)]
    pub(crate) upstream: Scripts,
    pub(crate) expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    pub(crate) operation: CallOperation,
    pub(crate) body: Option<Value>,
    pub(crate) body_text: Option<Text>,
    #[serde(default)]
    pub(crate) options: CallOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallOperation {
    Chat,
    ChatStream,
    Responses,
    ResponsesStream,
    Embeddings,
    ListModels,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) upstream_requests: Vec<ExpectedRequest>,
    pub(crate) reply: Option<ExpectedReply>,
    pub(crate) error: Option<Map<String, Value>>,
    pub(crate) trace: Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ExpectedRequest {
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) no_headers: Vec<String>,
    pub(crate) header_names: Option<Vec<String>>,
    pub(crate) body: Option<Value>,
    pub(crate) body_text: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ExpectedReply {
    pub(crate) status: Option<u16>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) no_headers: Vec<String>,
    pub(crate) body: Option<Value>,
    pub(crate) body_text: Option<Text>,
    pub(crate) body_starts_with: Option<Text>,
    pub(crate) events: Option<Vec<Value>>,
}

/// Exact text; in a file a string, or a list of strings that are joined.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Lines")]
pub(crate) struct Text(pub(crate) String);

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

impl CallOperation {
    pub(crate) const fn is_stream(self) -> bool {
        matches!(self, Self::ChatStream | Self::ResponsesStream)
    }
}

/// Every file of the directory but its README, by name.
pub(crate) fn sources() -> Vec<Source> {
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
    pub(crate) fn parse(&self, upstream_url: &str) -> Result<Fixture, String> {
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
        if self.tenant.id.is_some() || self.tenant.provider.is_some() {
            return says("tenant.id and tenant.provider are the runner's");
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
