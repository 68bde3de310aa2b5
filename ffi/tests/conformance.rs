//! Every fixture through the C library: an agent in C does what it is told, and the runner of all languages judges.

use std::{
    cell::RefCell,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use libgateway_tests::{
    Backend, FreshStore, MASTER_KEY,
    conformance::{DEADLINE, Head, Language, Outcome, Reading, every_fixture_holds, fixture::Call},
    run_within,
};
use serde_json::{Map, Value, json};

use crate::program::{Program, Under};

#[test]
fn every_fixture_holds_on_sqlite() {
    run_within(DEADLINE, || holds(Backend::Sqlite, "short", Under::Sanitizers));
}

#[test]
fn every_fixture_holds_on_postgres() {
    run_within(DEADLINE, || holds(Backend::Postgres, "start", Under::Sanitizers));
}

#[test]
#[ignore = "valgrind takes minutes: make test-memory"]
fn every_fixture_holds_and_loses_no_memory() {
    run_within(DEADLINE * 10, || holds(Backend::Sqlite, "send", Under::Valgrind));
}

async fn holds(backend: Backend, way: &str, under: Under) {
    let store = backend.fresh();
    let agent = Agent::start(&store, way, under);
    every_fixture_holds(&agent, &format!("{} through C ({way})", backend.name())).await;
    agent.end();
}

/// The program, with a gateway open.
struct Agent {
    child: RefCell<Child>,
    input: RefCell<ChildStdin>,
    output: RefCell<BufReader<ChildStdout>>,
    _program: Program,
}

impl Agent {
    fn start(store: &FreshStore, way: &str, under: Under) -> Self {
        let program = Program::build("tests/agent.c", under);
        let mut command = program.command();
        let mut child = command.arg(way).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the agent");
        let input = RefCell::new(child.stdin.take().expect("its input"));
        let output = RefCell::new(BufReader::new(child.stdout.take().expect("its output")));
        let agent = Self { child: RefCell::new(child), input, output, _program: program };
        let opened = agent.ask(&[b"open", config(store).to_string().as_bytes()]);
        assert_eq!(
            opened,
            [b"ok"],
            "{:?}",
            opened.iter().map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>()
        );
        agent
    }

    /// Sends a message and reads the answer.
    fn ask(&self, message: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut bytes = format!("{}\n", message.len()).into_bytes();
        for field in message {
            bytes.extend_from_slice(format!("{}\n", field.len()).as_bytes());
            bytes.extend_from_slice(field);
        }
        let mut input = self.input.borrow_mut();
        input.write_all(&bytes).and_then(|()| input.flush()).expect("an agent that listens");
        let mut output = self.output.borrow_mut();
        let mut number = || {
            let mut line = String::new();
            output.read_line(&mut line).expect("an agent that answers");
            line.trim_end().parse::<usize>().unwrap_or_else(|_| panic!("no number, the agent has ended: {line:?}"))
        };
        let count = number();
        (0..count)
            .map(|_| {
                let mut line = String::new();
                output.read_line(&mut line).expect("a length");
                let mut field = vec![0; line.trim_end().parse().expect("a length")];
                output.read_exact(&mut field).expect("a field");
                field
            })
            .collect()
    }

    /// An operation that calls no model.
    fn call(&self, operation: &str, arguments: &Value) -> Result<Value, String> {
        let answer = self.ask(&[b"call", operation.as_bytes(), arguments.to_string().as_bytes()]);
        match answer.iter().map(Vec::as_slice).collect::<Vec<_>>()[..] {
            [b"ok", json] => serde_json::from_slice(json).map_err(|error| error.to_string()),
            [b"error", name, message] => {
                Err(format!("{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(message)))
            }
            _ => Err("no answer that is known".to_owned()),
        }
    }

    /// Ends it, which it must do well: with all traces stored and nothing leaked.
    fn end(self) {
        drop(self.input);
        let status = self.child.into_inner().wait().expect("an end");
        assert!(status.success(), "the agent has ended badly: {status}");
    }
}

fn config(store: &FreshStore) -> Value {
    let mut config = json!({
        "store": store.url(),
        "master_key": MASTER_KEY,
        "network": {"private": "allow"},
        "timeouts": {"connect_ms": 2000, "first_byte_ms": 10000, "idle_ms": 10000, "total_ms": 30000},
        "retry": {"max_attempts": 3, "base_ms": 1, "max_ms": 5},
        "recorder": {"flush_ms": 10},
    });
    if store.directory().is_none() {
        config["spool_dir"] = json!(store.spool_dir());
    }
    config
}

impl Language for Agent {
    async fn create_tenant(&self, tenant: &Value, providers: &[Value]) -> Result<(), String> {
        self.call("create_tenant", tenant)?;
        for provider in providers {
            let mut arguments = provider.clone();
            arguments["tenant_id"] = tenant["id"].clone();
            self.call("set_provider", &arguments)?;
        }
        Ok(())
    }

    async fn call(&self, tenant: &str, call: &Call, reading: Reading) -> Outcome {
        let reading = match reading {
            Reading::Bytes => "bytes",
            Reading::Events => "events",
        };
        let options = call.options.to_string();
        outcome(self.ask(&[
            b"model",
            call.operation.name().as_bytes(),
            tenant.as_bytes(),
            reading.as_bytes(),
            &call.body_bytes(),
            options.as_bytes(),
        ]))
    }

    async fn flush(&self) -> Result<(), String> {
        self.call("flush", &json!({"timeout_ms": 30_000})).map(drop)
    }

    async fn list_traces(&self, tenant: &str) -> Result<Value, String> {
        self.call("list_traces", &json!({"tenant_id": tenant}))
    }

    async fn get_trace(&self, tenant: &str, trace_id: &str) -> Result<Value, String> {
        self.call("get_trace", &json!({"tenant_id": tenant, "trace_id": trace_id}))
    }
}

/// Puts together what the agent says in keys and values.
fn outcome(answer: Vec<Vec<u8>>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut error = Map::new();
    let mut fields = answer.into_iter();
    let mut header = String::new();
    while let (Some(key), Some(value)) = (fields.next(), fields.next()) {
        let text = String::from_utf8_lossy(&value).into_owned();
        let head = outcome.head.get_or_insert(Head { status: 0, headers: Vec::new() });
        match std::str::from_utf8(&key).expect("a key") {
            "status" => head.status = text.parse().expect("a status"),
            "header" => header = text,
            "value" => head.headers.push((std::mem::take(&mut header), text)),
            "trace_id" => outcome.trace_id = Some(text),
            "provider" => {}
            "body" => outcome.body.extend_from_slice(&value),
            "event" => outcome.events.get_or_insert_default().push(value),
            key => {
                let key = key.strip_prefix("error.").unwrap_or_else(|| panic!("the agent says {key}"));
                error.insert(key.to_owned(), error_field(key, &text));
            }
        }
    }
    outcome.head = outcome.head.filter(|head| head.status != 0);
    if !error.is_empty() {
        for key in ["param", "retry_after_ms", "provider", "request_id", "body_text"] {
            error.entry(key).or_insert(Value::Null);
        }
        outcome.error = Some(Value::Object(error));
    }
    outcome
}

fn error_field(key: &str, text: &str) -> Value {
    match key {
        "number" | "status" | "retry_after_ms" => json!(text.parse::<u64>().expect("a number")),
        "retries_spent" => json!(text == "1"),
        _ => json!(text),
    }
}
