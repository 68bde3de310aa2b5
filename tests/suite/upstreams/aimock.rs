//! One aimock, in a process of its own on a port of its own. It reaches no network: `offline.cjs` sees to that.

use std::{io::ErrorKind, path::Path, time::Duration};

use libgateway_tests::foreign::{Foreign, ask};
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/aimock");
const PROGRAM: &str = "node_modules/@copilotkit/aimock/dist/cli.js";
/// How long it may take to start, on a busy machine too.
const START: Duration = Duration::from_secs(30);
const LISTENING: &str = "aimock server listening on ";

/// A running aimock. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Aimock {
    server: Foreign,
    url: String,
}

impl Aimock {
    /// Starts one with these options beside the usual ones, and waits until it answers.
    pub(crate) async fn start(options: &[&str]) -> Self {
        assert!(
            Path::new(FOLDER).join(PROGRAM).exists(),
            "aimock is not installed; `make test` installs it into tests/aimock/node_modules"
        );
        let mut node = Foreign::command("node");
        node.current_dir(FOLDER).args(["--require", "./offline.cjs", PROGRAM]);
        node.args(["--host", "127.0.0.1", "--port", "0", "--chunk-size", "7"]);
        node.args(["--fixtures", "fixtures.json", "--strict", "--validate-on-load"]).args(options);
        let mut server = match Foreign::spawn(&mut node) {
            Ok(server) => server,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("node is missing; `make test` says which one it needs")
            }
            Err(error) => panic!("node cannot be run: {error}"),
        };
        let url = server
            .wait(START, async |said| {
                let url = said.lines().find_map(|line| Some(line.split_once(LISTENING)?.1.to_owned()))?;
                ask(&url, "/health").await.map(|_| url)
            })
            .await;
        Self { server, url }
    }

    /// The base URL of its OpenAI dialect.
    pub(crate) fn base_url(&self) -> String {
        format!("{}/v1", self.url)
    }

    /// How often this path was asked for, as it counts itself.
    pub(crate) async fn asked(&self, path: &str) -> usize {
        let journal = ask(&self.url, &format!("/__aimock/journal?path={path}")).await.expect("its journal");
        serde_json::from_str::<Vec<Value>>(&journal).expect("a list").len()
    }

    /// What it has printed.
    pub(crate) fn said(&self) -> String {
        self.server.said()
    }
}
