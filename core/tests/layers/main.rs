//! A module imports from its own layer and those below, never from above.
//!
//! Reads the source as text, so a path counts wherever it stands. Code under
//! `#[cfg(test)]` is free.

mod source;

use std::{error::Error, fs, path::Path};

/// The modules of the crate, lowest layer first. A new module gets its place
/// here; `a::b` places a part of `a` apart from the rest of it.
const LAYERS: [&[&str]; 9] = [
    &["error", "types"],
    &[
        "breaker",
        "cache",
        "clock",
        "config",
        "content",
        "crypto",
        "export",
        "network",
        "pricing",
        "rollup",
        "tasks",
        "transport::sse",
    ],
    &["provider", "spool", "store", "transport"],
    &["analytics", "auth", "limits", "recorder", "registry", "traces"],
    &["fuzzing", "pipeline", "stream"],
    &["gateway"],
    &["operation"],
    &["http", "schema"],
    &["bindings"],
];

/// The layer whose modules do not know one another.
const STRANGERS: usize = 3;

/// What one module has to itself.
const RESERVED: [(&str, &str); 2] = [("sqlx", "store"), ("std::env", "config")];

#[test]
fn modules_import_from_lower_layers_only() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut crossings = Vec::new();
    for file in source::files(&root)? {
        let module = file.strip_prefix(&root)?.with_extension("").to_string_lossy().replace(['/', '\\'], "::");
        crossings.extend(violations(&module, &fs::read_to_string(&file)?));
    }
    assert!(crossings.is_empty(), "the layers are crossed:\n{}", crossings.join("\n"));
    Ok(())
}

#[test]
fn a_violation_is_caught_wherever_it_hides() {
    for (module, code) in [
        ("store::mod", "use crate::gateway::Gateway;"),
        ("store::mod", "use crate::{error::{Error, Result},\n    pipeline::{self, Attempt as Try},\n};"),
        ("store::sqlite", "fn f() -> super::super::http::Reply { todo!() }"),
        ("auth", "use crate::registry::Registry;"),
        ("auth", "use super::registry::Registry;"),
        ("auth", "#[cfg(test)] mod tests { const OPEN: char = '{'; } use crate::http::Reply;"),
        ("auth", "use std::{env, fmt};"),
        ("transport::sse", "use crate::transport::http::Client;"),
        ("types::ids", "use crate::Gateway;"),
        ("analytics::mod", "type Row = sqlx::sqlite::SqliteRow;"),
        ("novelty", ""),
    ] {
        assert!(!violations(module, code).is_empty(), "{module} may not say {code}");
    }
}

#[test]
fn what_is_allowed_passes() {
    for (module, code) in [
        ("gateway", "use crate::{pipeline::Pipeline, error::Error};"),
        ("transport::http", "use crate::{transport::sse::Decoder, provider::{self, Provider}};"),
        ("auth", "// crate::http\nconst A: &str = \"crate::http\"; #[cfg(test)] use crate::http::Reply;"),
        ("auth", "use super::error::Error; const VERSION: &str = env!(\"CARGO_PKG_VERSION\");"),
        ("store::mod", "fn f(query: sqlx::AssertSqlSafe<String>) {}"),
        ("config", "use std::{env, fmt};"),
    ] {
        assert_eq!(violations(module, code), [""; 0], "{module} may say {code}");
    }
}

/// What a module imports against the rules; `file` is the path of its file, as
/// in `store::mod` or `store::sqlite`.
fn violations(file: &str, text: &str) -> Vec<String> {
    let module = file.strip_suffix("::mod").unwrap_or(file);
    if module == "lib" || module.split("::").any(|part| part == "tests") {
        return Vec::new();
    }
    let Some(own) = place_of(module) else {
        return vec![format!("{file}: the module has no layer; add it to LAYERS in core/tests/layers/main.rs")];
    };
    source::paths(text)
        .iter()
        .filter_map(|path| violation(module, own, path))
        .map(|why| format!("{file}: {why}"))
        .collect()
}

fn violation(module: &str, (layer, name): (usize, &str), path: &str) -> Option<String> {
    if let Some((what, owner)) = RESERVED.iter().find(|(what, _)| is_within(path, what)) {
        return (name != *owner).then(|| format!("{path}: only {owner} uses {what}"));
    }
    let target = inside_crate(module, path)?;
    match place_of(&target) {
        Some((other, _)) if other > layer => Some(format!("{path} is in a higher layer")),
        Some((STRANGERS, other)) if layer == STRANGERS && other != name => {
            Some(format!("{path} is in the same layer, whose modules do not know one another"))
        }
        Some(_) => None,
        None => Some(format!("{path} is in no module of LAYERS; import it from the module that defines it")),
    }
}

/// The row of `LAYERS` that a module path belongs to, and its layer.
fn place_of(path: &str) -> Option<(usize, &'static str)> {
    let rows = LAYERS.iter().enumerate().flat_map(|(layer, names)| names.iter().map(move |name| (layer, *name)));
    rows.filter(|(_, name)| is_within(path, name)).max_by_key(|(_, name)| name.len())
}

fn is_within(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The path as seen from the root of the crate; `None` when it leads outside.
fn inside_crate(module: &str, path: &str) -> Option<String> {
    if let Some(path) = path.strip_prefix("crate::") {
        return Some(path.to_owned());
    }
    let (mut base, mut rest) = (module, path.strip_prefix("super::")?);
    loop {
        base = base.rsplit_once("::").map_or("", |(parent, _)| parent);
        match rest.strip_prefix("super::") {
            Some(further) => rest = further,
            None if base.is_empty() => return Some(rest.to_owned()),
            None => return Some(format!("{base}::{rest}")),
        }
    }
}
