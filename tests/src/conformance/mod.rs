//! Runs the conformance fixtures through any language and says what differs. Knows the fixtures and the mock upstream; a
//! language is whatever implements [`Language`].

pub mod fixture;

mod judge;
mod run;
mod rust;

use std::{collections::BTreeSet, fs, time::Duration};

use serde_json::Value;

pub use self::rust::Rust;
use self::{fixture::Call, run::run};

/// How long one fixture may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long all of them may take, one after the other, on machines of every speed.
pub const DEADLINE: Duration = Duration::from_secs(300);

/// How a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The bytes as they come.
    Bytes,
    /// The data of its events.
    Events,
}

/// What came of a call.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What the caller got before the body.
    pub head: Option<Head>,
    /// The body; of a stream all that came.
    pub body: Vec<u8>,
    /// The events of a stream, where those were read.
    pub events: Option<Vec<Vec<u8>>>,
    /// The reply's trace.
    pub trace_id: Option<String>,
    /// How the call failed: the fields of `error` in a fixture, each of them there.
    pub error: Option<Value>,
}

/// The status and the headers that the caller gets.
#[derive(Debug)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
}

/// One language's way to an open gateway. What fails where nothing may is said in words.
#[expect(async_fn_in_trait, reason = "tests wait for it on one thread")]
pub trait Language {
    /// Creates a tenant, given as JSON, and sets its providers in order.
    async fn create_tenant(&self, tenant: &Value, providers: &[Value]) -> Result<(), String>;

    /// Makes a call, and reads its stream to the end. After an error nothing may come.
    async fn call(&self, tenant: &str, call: &Call, reading: Reading) -> Outcome;

    /// Waits until all traces are in the store.
    async fn flush(&self) -> Result<(), String>;

    /// The tenant's page of traces.
    async fn list_traces(&self, tenant: &str) -> Result<Value, String>;

    /// One trace with its content.
    async fn get_trace(&self, tenant: &str, trace_id: &str) -> Result<Value, String>;
}

/// Runs every fixture.
///
/// # Panics
///
/// When anything differs, with all that does.
pub async fn every_fixture_holds(language: &impl Language, on: &str) {
    let mut ran = BTreeSet::new();
    let mut failed = Vec::new();
    for source in fixture::sources() {
        let differences = tokio::time::timeout(PATIENCE, run(language, &source)).await;
        let differences = differences.unwrap_or_else(|_| vec![format!("it hangs: no end within {PATIENCE:?}")]);
        if !differences.is_empty() {
            failed.push(format!("{}.json\n    {}", source.name, differences.join("\n    ")));
        }
        ran.insert(format!("{}.json", source.name));
    }
    assert_eq!(ran, files(), "every file of the directory is run");
    let (count, all) = (failed.len(), ran.len());
    assert!(failed.is_empty(), "{count} of {all} fixtures differ on {on}:\n{}", failed.join("\n"));
}

/// What the directory has, seen apart from the runner's own look at it.
fn files() -> BTreeSet<String> {
    let entries = fs::read_dir(fixture::DIRECTORY).expect("the directory of fixtures");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
    names.filter(|name| name != "README.md").collect()
}
