//! The two who are compared: a program in C in a process of its own, and this one in Rust.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use libgateway::{Config, Gateway, TenantHandle};
use libgateway_tests::MASTER_KEY;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::upstream::{question, share_one_processor};

/// Nanoseconds of CPU of one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cpu {
    /// Of the thread that makes the calls.
    pub(crate) caller: f64,
    /// Of all threads, until every trace is in the store.
    pub(crate) process: f64,
}

pub(crate) trait Contender {
    /// Makes so many calls one after the other.
    fn round(&mut self, what: &str, calls: usize) -> Cpu;
}

pub(crate) struct InRust {
    runtime: Runtime,
    gateway: Gateway,
    acme: TenantHandle,
    _directory: TempDir,
}

impl InRust {
    pub(crate) fn open(url: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let config = Config::from_json(&config(directory.path()).to_string()).expect("a configuration");
        let gateway = runtime.block_on(Gateway::open(config)).expect("a gateway");
        let tenant = serde_json::from_value(tenant(url)).expect("a tenant");
        runtime.block_on(gateway.create_tenant(tenant)).expect("a tenant");
        let acme = gateway.tenant("acme").expect("a handle");
        share_one_processor("-pc", std::process::id());
        Self { runtime, gateway, acme, _directory: directory }
    }

    async fn call(&self, what: &str, body: &bytes::Bytes) {
        if what == "stream" {
            let mut stream = self.acme.chat_stream(body.clone()).await.expect("a stream");
            let mut bytes = 0;
            while let Some(event) = stream.next_event().await {
                bytes += event.expect("an event").len();
            }
            assert!(bytes > 0);
        } else {
            let reply = self.acme.chat(body.clone()).await.expect("an answer");
            assert!(!reply.body.is_empty());
        }
    }
}

impl Contender for InRust {
    fn round(&mut self, what: &str, calls: usize) -> Cpu {
        let body = bytes::Bytes::from(question(what == "stream"));
        let (caller, process) = (nanos("/proc/thread-self/schedstat"), of_all_threads());
        // A program that waits for each call, as the one in C does: all in one future would not be the same call.
        for _ in 0..calls {
            self.runtime.block_on(self.call(what, &body));
        }
        let caller = nanos("/proc/thread-self/schedstat") - caller;
        self.runtime.block_on(self.gateway.flush(Duration::from_secs(60))).expect("a flush");
        Cpu { caller, process: of_all_threads() - process }
    }
}

fn of_all_threads() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").expect("/proc").flatten();
    tasks.map(|task| nanos(&task.path().join("schedstat").display().to_string())).sum()
}

/// The time on a processor, as the kernel counts it for a thread.
fn nanos(file: &str) -> f64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default()
}

pub(crate) struct InC {
    child: Child,
    output: BufReader<ChildStdout>,
    _directory: TempDir,
}

impl InC {
    pub(crate) fn open(url: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let program = build(directory.path());
        let mut child = Command::new(program)
            .args([config(directory.path()).to_string(), tenant(url).to_string(), question(false), question(true)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program in C");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("its first line");
        assert_eq!(line.trim(), "ready");
        share_one_processor("-pc", child.id());
        Self { child, output, _directory: directory }
    }
}

impl Contender for InC {
    fn round(&mut self, what: &str, calls: usize) -> Cpu {
        let input = self.child.stdin.as_mut().expect("its input");
        writeln!(input, "{what} {calls}").and_then(|()| input.flush()).expect("a program that listens");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("its answer");
        let mut numbers = line.split_whitespace().map(|number| number.parse().expect("a number"));
        Cpu { caller: numbers.next().expect("two numbers"), process: numbers.next().expect("two numbers") }
    }
}

impl Drop for InC {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

fn config(directory: &Path) -> Value {
    let store = format!("sqlite:{}", directory.join("bench.db").display());
    json!({"store": store, "master_key": MASTER_KEY, "network": {"private": "allow"}})
}

fn tenant(url: &str) -> Value {
    json!({"id": "acme", "provider": {"kind": "openai", "api_key": "sk-bench", "base_url": format!("{url}/v1")}})
}

/// The library of this profile. Cargo builds no `cdylib` for benchmarks by itself.
pub(crate) fn library() -> PathBuf {
    let test = std::env::current_exe().expect("this program");
    test.parent().and_then(Path::parent).expect("the directory of the profile").join("libgateway.so")
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

pub(crate) fn build_library() {
    let mut cargo = Command::new(env!("CARGO"));
    // As `make install` builds it: the whole workspace has features that no C program gets.
    succeed(cargo.args(["build", "--release", "--quiet", "--package", "libgateway-ffi"]).current_dir(root()));
}

fn build(directory: &Path) -> PathBuf {
    let root = root();
    let program = directory.join("contender");
    // The loader looks for the name that the library has in itself.
    std::os::unix::fs::symlink(library(), directory.join("libgateway.so.1")).expect("a link");
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program).arg(root.join("ffi/benches/contender.c"));
    compiler.arg(format!("-I{}", root.join("include").display())).arg(directory.join("libgateway.so.1"));
    succeed(compiler.arg(format!("-Wl,-rpath,{}", directory.display())));
    program
}

fn succeed(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}
