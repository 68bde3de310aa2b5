//! The examples, built in the two ways that a user may choose, and run.

use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use upstream::Upstream;

use crate::{
    install::{is_given, prefix, root},
    program::{Program, Under, output, rpath, run, sources},
};

const EXAMPLES: [&str; 6] = ["chat", "errors", "poll", "stream", "tenants", "traces"];

/// Runs an example against the mock upstream; what it printed.
fn answer(name: &str, command: &mut Command) -> String {
    let upstream = Upstream::start().expect("a mock upstream");
    let output = output(command.env("GATEWAY_UPSTREAM", upstream.url()));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && error.is_empty(), "{name}: {}\n{error}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// What must be among what an example prints.
fn expect(name: &str, printed: &str) {
    let parts: &[&str] = match name {
        "chat" => &["\"object\":\"chat.completion\"", "answered by openai, trace 0"],
        "stream" => &["\"chat.completion.chunk\"", "\"finish_reason\":\"stop\""],
        "tenants" => &["\"name\":\"spare\"", "Acme Corp.", "HTTP status: 200", "HTTP status: 401", "invalid_api_key"],
        "traces" => &[
            "\"user_id\":\"bob\"",
            "\ngpt-4o-mini                     1        0",
            "\"total_requests\":2",
            "\"persisted\":2",
        ],
        "poll" => &["stream 0: ", "stream 3: "],
        "errors" => &["110 invalid_config", "create the tenant first", "101 invalid_json", "gateway is NULL"],
        _ => panic!("nothing is expected of {name}"),
    };
    for part in parts {
        assert!(printed.contains(part), "{name} has not printed {part:?}:\n{printed}");
    }
}

#[test]
fn every_example_is_run() {
    assert_eq!(sources("examples", "c"), EXAMPLES);
}

#[test]
fn examples_work_under_sanitizers() {
    for name in EXAMPLES {
        let program = Program::build(&format!("examples/{name}.c"), Under::Sanitizers);
        expect(name, &answer(name, &mut program.command()));
    }
}

fn lose_no_memory(names: &[&str]) {
    for name in names {
        let program = Program::build(&format!("examples/{name}.c"), Under::Valgrind);
        expect(name, &answer(name, &mut program.command()));
    }
}

#[test]
fn examples_lose_no_memory() {
    lose_no_memory(&["poll", "tenants"]);
}

#[test]
#[ignore = "valgrind takes minutes: make test-memory"]
fn no_example_loses_memory() {
    lose_no_memory(&EXAMPLES);
}

/// What the manual begins with.
#[test]
fn the_first_program_of_the_readme_works() {
    let readme = std::fs::read_to_string(root().join("ffi/README.md")).expect("the manual");
    let program = readme.split("```c\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a program");
    let directory = TempDir::new().expect("a directory");
    let source = directory.path().join("first.c");
    std::fs::write(&source, program).expect("a file");
    let printed = Program::build(source.to_str().expect("a path"), Under::Sanitizers).run(&[]);
    assert!(printed.contains("\"object\":\"chat.completion\""), "{printed}");
}

#[test]
fn without_an_upstream_the_mock_answers() {
    let printed = Program::build("examples/chat.c", Under::Nothing).run(&[]);
    expect("chat", &printed.replace("answered by mock", "answered by openai"));
    let reply: Value = serde_json::from_str(printed.lines().next().expect("a line")).expect("JSON");
    assert!(reply["choices"][0]["message"]["content"].is_string());
}

#[test]
fn examples_are_built_by_cmake() {
    let build = TempDir::new().expect("a directory");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(root().join("ffi/examples")).arg("-B").arg(build.path());
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix().display()));
    // What watches a library that was given has to be in the program.
    let watched = if is_given() { "-fsanitize=address" } else { "" };
    configure.arg(format!("-DCMAKE_EXE_LINKER_FLAGS={} {watched}", rpath()));
    run(&mut configure);
    run(Command::new("cmake").arg("--build").arg(build.path()));
    for name in EXAMPLES {
        assert!(build.path().join(name).is_file(), "{name} is not built");
    }
    expect("stream", &answer("stream", &mut Command::new(build.path().join("stream"))));
}

#[test]
fn cmake_refuses_another_version() {
    let build = TempDir::new().expect("a directory");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(root().join("ffi/examples")).arg("-B").arg(build.path());
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix().display())).arg("-DGATEWAY_VERSION=99.0");
    let refused = output(&mut configure);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("99.0"));
}
