#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use std::{collections::BTreeSet, fs, path::Path};

use super::*;

/// Public methods that are no operation, and why.
const NO_OPERATION: [(&str, &str, &str); 13] = [
    ("Gateway", "open", "makes the gateway that operations work on"),
    ("Gateway", "open_with", "the same, with code of the host's own"),
    ("Gateway", "migration_sql", "text about a store that is not open"),
    ("Gateway", "tenant", "a handle: over HTTP the path names the tenant"),
    ("Gateway", "tenant_of", "a handle: over HTTP the key names the tenant"),
    ("Gateway", "all_tenants", "a handle: called by name, `tenants` stands in the place of `tenant_id`"),
    ("Gateway", "authenticate", "what every operation over HTTP begins with"),
    ("TenantHandle", "id", "describes the handle"),
    ("TenantHandle", "export", "read piece by piece; export_to_file is the operation"),
    ("TenantHandle", "export_to_file_with", "the same, with code of the host's own"),
    ("ProviderHandle", "tenant_id", "describes the handle"),
    ("ProviderHandle", "info", "describes the handle; it is what get_provider_for_tenant answers"),
    ("ProviderHandle", "capabilities", "describes the handle"),
];

#[test]
fn names_are_unique_and_only_streaming_shares_a_route() {
    let names: BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
    assert_eq!(names.len(), OPERATIONS.len());
    for operation in OPERATIONS {
        let same = OPERATIONS.iter().filter(|other| other.route.is_some() && other.route == operation.route);
        let outputs: Vec<_> = same.map(|other| other.output).collect();
        assert!(outputs.len() <= 1 || outputs == [Output::Json, Output::Stream], "{}", operation.name);
    }
}

#[test]
fn every_operation_has_a_method_and_every_method_an_operation() {
    let methods = methods_of_the_gateway();
    let mut problems = Vec::new();
    for (handle, subjects) in [
        ("Gateway", &[Subject::Gateway][..]),
        ("TenantHandle", &[Subject::Tenant, Subject::Traces]),
        ("TraceReader", &[Subject::Traces]),
    ] {
        let rows = OPERATIONS.iter().filter(|operation| subjects.contains(&operation.subject));
        let rows: BTreeSet<_> = rows.map(|operation| operation.name.to_owned()).collect();
        let methods = operations_of(&methods, handle);
        for name in methods.difference(&rows) {
            problems.push(format!(
                "{handle}::{name} has no row of subject {subjects:?} in operation.rs; add one, or name it in NO_OPERATION with the reason"
            ));
        }
        for name in rows.difference(&methods) {
            problems.push(format!("the operation {name} has no public method {handle}::{name} in core/src/gateway/"));
        }
    }
    // A provider's handle is a tenant's with the provider chosen: what calls a provider's models is on both.
    let calls = OPERATIONS.iter().filter(|operation| {
        operation.scope == Scope::Infer && operation.input == "ModelCall" && operation.name != "list_models"
    });
    let calls: BTreeSet<_> = calls.map(|operation| operation.name.to_owned()).collect();
    for name in calls.symmetric_difference(&operations_of(&methods, "ProviderHandle")) {
        problems.push(format!("{name} is either no call of a model, or not on ProviderHandle"));
    }
    for (handle, name, _) in NO_OPERATION {
        if !methods.contains(&(handle.to_owned(), name.to_owned())) {
            problems.push(format!("NO_OPERATION names {handle}::{name}, which is gone; remove it there"));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// The public methods of a handle that are operations.
fn operations_of(methods: &BTreeSet<(String, String)>, handle: &str) -> BTreeSet<String> {
    let is_operation =
        |name: &str| !NO_OPERATION.iter().any(|(owner, excepted, _)| (*owner, *excepted) == (handle, name));
    let of_handle = methods.iter().filter(|(owner, name)| owner == handle && is_operation(name));
    of_handle.map(|(_, name)| name.clone()).collect()
}

/// Each type and the name of each public method, as the sources of `gateway` have them.
fn methods_of_the_gateway() -> BTreeSet<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gateway");
    let mut found = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let mut owner = None;
        // rustfmt decides where an implementation begins and ends, and how far its methods are indented.
        for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            if let Some(named) = line.strip_prefix("impl ") {
                owner = named.strip_suffix(" {").map(str::to_owned);
            } else if line == "}" {
                owner = None;
            }
            let method = line.strip_prefix("    pub async fn ").or_else(|| line.strip_prefix("    pub fn "));
            if let (Some(owner), Some(method)) = (&owner, method) {
                let name = method.split(['(', '<']).next().unwrap_or_default();
                found.insert((owner.clone(), name.to_owned()));
            }
        }
    }
    found
}
