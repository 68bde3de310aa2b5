//! Every operation of the table exists in every language; what is missing where is said in one go.
//!
//! The sources are looked at, so that no language has to be installed for it. That what they declare is also there, and
//! answers, is what the tests of each language show.

use std::{error::Error, fs, path::Path};

use libgateway::{OPERATIONS, Operation};

/// What C reaches through `gateway_call` alone, so that the ABI does not grow with the operations.
const BY_NAME_IN_C: &[&str] = &[
    "analytics_breakdown",
    "analytics_comparison",
    "top_traces",
    "analytics_tenants",
    "export_to_file",
    "rebuild_rollups",
    "erase_tenant",
    "create_admin_key",
    "list_admin_keys",
    "revoke_admin_key",
    "rewrap_data_keys",
    "reprice",
    "load_prices",
    "backup",
    "list_dead_letters",
    "verify",
];

struct Language {
    name: &'static str,
    sources: &'static [&'static str],
    /// What its sources say where it has the operation, up to the end of the name; `None` where it need not.
    declaration: fn(&Operation) -> Option<String>,
}

const LANGUAGES: &[Language] = &[
    Language { name: "Rust", sources: &["core/src/gateway"], declaration: |it| Some(format!("fn {}", it.name)) },
    Language {
        name: "C",
        sources: &["include/gateway.h"],
        declaration: |it| (!BY_NAME_IN_C.contains(&it.name)).then(|| format!(" *gateway_{}", it.name)),
    },
    Language {
        name: "Python",
        sources: &["python/libgateway/_operations.py", "python/libgateway/_gateway.py"],
        declaration: |it| Some(format!("def {}", it.name)),
    },
    Language {
        name: "asyncio",
        sources: &["python/libgateway/_async_operations.py", "python/libgateway/_gateway.py"],
        declaration: |it| Some(format!("def {}", it.name)),
    },
    Language {
        name: "Node",
        sources: &["node/types.d.ts"],
        declaration: |it| Some(format!("\n    {}", in_camel_case(it.name))),
    },
    Language {
        name: "HTTP",
        sources: &["include/gateway.openapi.json"],
        // A stream has the route of what it streams.
        declaration: |it| it.route.map(|_| format!("\"operationId\": \"{}", it.name.trim_end_matches("_stream"))),
    },
];

#[test]
fn every_operation_exists_in_every_language() -> Result<(), Box<dyn Error>> {
    let mut missing = Vec::new();
    for language in LANGUAGES {
        let sources = language.sources.iter().map(|source| read(source)).collect::<Result<String, _>>()?;
        for operation in OPERATIONS {
            if !(language.declaration)(operation).is_none_or(|declaration| has(&sources, &declaration)) {
                missing.push(format!("{} has no {}", language.name, operation.name));
            }
        }
    }
    assert!(missing.is_empty(), "CONTRIBUTING.md says what an operation needs where:\n{}", missing.join("\n"));
    Ok(())
}

#[test]
fn what_c_calls_by_name_is_an_operation_without_a_function() -> Result<(), Box<dyn Error>> {
    let header = read("include/gateway.h")?;
    assert!(header.contains(" *gateway_call("), "what has no function is called by its name");
    for name in BY_NAME_IN_C {
        assert!(OPERATIONS.iter().any(|operation| operation.name == *name), "{name} is no operation");
        assert!(!header.contains(&format!("gateway_{name}(")), "{name} has a function");
    }
    Ok(())
}

/// Whether the sources declare exactly that: neither a longer name, nor only a mention.
fn has(sources: &str, declaration: &str) -> bool {
    sources.split(declaration).skip(1).any(|rest| rest.starts_with(['(', '<', '"']))
}

/// A file, or all files of a folder.
fn read(source: &str) -> Result<String, std::io::Error> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(source);
    if !path.is_dir() {
        return fs::read_to_string(path);
    }
    let mut files = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.retain(|file| file.is_file());
    files.iter().map(fs::read_to_string).collect()
}

fn in_camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| {
        let (initial, rest) = word.split_at(1);
        camel + &initial.to_uppercase() + rest
    })
}
