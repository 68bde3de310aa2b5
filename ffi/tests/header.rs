//! The header: it stands alone in every standard it is meant for, and says all that the library exports.

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
};

use crate::{
    install::{library, prefix, root},
    program::run,
};

#[test]
fn the_header_stands_alone() {
    for (compiler, language, standard) in [
        ("cc", "c", "c99"),
        ("cc", "c", "c11"),
        ("cc", "c", "c17"),
        ("c++", "c++", "c++11"),
        ("c++", "c++", "c++17"),
        ("c++", "c++", "c++20"),
    ] {
        let header = prefix().join("include/gateway.h");
        let mut command = Command::new(compiler);
        command.args(["-x", language, &format!("-std={standard}"), "-fsyntax-only"]);
        command.args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wno-pragma-once-outside-header"]);
        run(command.arg(header).stdin(Stdio::null()));
    }
}

/// The functions that are declared.
fn declared() -> BTreeSet<String> {
    let header = fs::read_to_string(root().join("include/gateway.h")).unwrap();
    let code: String = header.lines().filter(|line| !line.trim_start().starts_with('*')).collect::<Vec<_>>().join("\n");
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("gateway_") {
        let name: String = code[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if code[at + name.len()..].starts_with('(') {
            names.insert(name);
        }
    }
    names
}

/// The symbols that are exported.
fn exported() -> BTreeSet<String> {
    let symbols = run(Command::new("nm").args(["--dynamic", "--defined-only", "--format=posix"]).arg(library()));
    symbols.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// Removing a name from the list breaks programs; adding one is for good.
#[test]
fn exactly_the_functions_of_the_list_are_exported_and_declared() {
    let file = root().join("ffi/symbols.txt");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        let lines: String = declared().iter().map(|name| format!("{name}\n")).collect();
        fs::write(&file, lines).unwrap();
    }
    let list = fs::read_to_string(&file).unwrap_or_default();
    let listed: BTreeSet<String> = list.lines().map(str::to_owned).collect();
    assert_eq!(declared(), listed, "include/gateway.h and ffi/symbols.txt");
    assert_eq!(exported(), listed, "libgateway.so and ffi/symbols.txt");
}

#[test]
fn every_function_has_a_test_of_its_nulls() {
    let tests = fs::read_to_string(root().join("ffi/tests/null.c")).unwrap();
    let untested: Vec<_> = declared().into_iter().filter(|name| !tests.contains(&format!("{name}("))).collect();
    assert!(untested.is_empty(), "ffi/tests/null.c does not call {untested:?}");
}

#[test]
fn every_function_says_what_it_does() {
    let header = fs::read_to_string(root().join("include/gateway.h")).unwrap();
    let lines: Vec<&str> = header.lines().collect();
    for name in declared() {
        let declares = |line: &&str| !line.starts_with(" *") && line.contains(&format!("{name}("));
        let at = lines.iter().position(declares).unwrap();
        let before = lines[..at].iter().rev().find(|line| **line != "GATEWAY_MUST_USE");
        assert_eq!(before, Some(&" */"), "{name} has no comment");
    }
}
