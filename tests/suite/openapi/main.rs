//! The HTTP surface against its own OpenAPI document: Schemathesis sends what the document allows and what it does not, and
//! looks at every answer. `make test-openapi` installs it and runs this.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::{process::Command, time::Duration};

use libgateway::{NewApiKey, ServeConfig};
use libgateway_tests::{Backend, TENANT, TestGateway, run_within};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../include/gateway.openapi.json");

/// Where the program is.
const PROGRAM: &str = "LIBGATEWAY_TEST_SCHEMATHESIS";

#[test]
fn answers_are_what_the_document_says_and_never_a_fault_of_the_server() {
    let program = std::env::var(PROGRAM).unwrap_or_else(|_| panic!("{PROGRAM} is not set; run make test-openapi"));
    run_within(Duration::from_secs(800), move || async move {
        let test = TestGateway::open(Backend::Sqlite).await;
        let key = test.gateway.create_admin_key(NewApiKey::default()).await.unwrap();
        let config = ServeConfig { address: ([127, 0, 0, 1], 0).into(), ..ServeConfig::default() };
        let server = test.gateway.serve(config).await.unwrap();
        // What it notes for its next run goes with this one.
        let notes = tempfile::tempdir().unwrap();
        let mut schemathesis = Command::new(program);
        schemathesis.current_dir(notes.path());
        schemathesis.args(["run", DOCUMENT, "--url", &format!("http://{}", server.address())]);
        schemathesis.args(["-H", &format!("authorization: Bearer {}", key.secret.expose())]);
        schemathesis.args(["-H", &format!("x-gateway-tenant-id: {TENANT}")]);
        let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
        // One seed: a change that breaks nothing is not to fail by chance.
        schemathesis.args(["--checks", checks, "--phases", "coverage,fuzzing", "--max-examples", "15", "--seed", "1"]);
        let outcome = tokio::task::spawn_blocking(move || schemathesis.output()).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&outcome.stdout);
        assert!(outcome.status.success(), "{said}\n{}", String::from_utf8_lossy(&outcome.stderr));
        assert!(said.contains("generated"), "it sends something: {said}");
        server.shutdown(Duration::from_secs(5)).await;
    });
}
