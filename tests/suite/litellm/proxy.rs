//! LiteLLM's proxy, in a process of its own on a port of its own.

use std::{env, path::Path, time::Duration};

use libgateway_tests::foreign::{Foreign, ask, free_port};

/// The program that `make test-upstreams` installed.
const PROGRAM: &str = "LIBGATEWAY_TEST_LITELLM";
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/litellm/config.yaml");
/// How long it may take to start: it loads a great deal.
pub(crate) const START: Duration = Duration::from_secs(90);

/// A running proxy. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Proxy {
    _server: Foreign,
    url: String,
}

impl Proxy {
    /// Starts it and waits until it answers.
    pub(crate) async fn start() -> Self {
        let program = env::var(PROGRAM).unwrap_or_default();
        assert!(Path::new(&program).is_file(), "LiteLLM is not installed; run this through `make test-upstreams`");
        let port = free_port();
        let mut command = Foreign::command(&program);
        command.args(["--config", CONFIG, "--host", "127.0.0.1", "--port", &port.to_string()]);
        // It would fetch a list of prices else.
        command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        let mut server = Foreign::spawn(&mut command).expect("a program that runs");
        let url = format!("http://127.0.0.1:{port}");
        server.wait(START, async |_| ask(&url, "/health/liveliness").await).await;
        Self { _server: server, url }
    }

    /// The base URL of its OpenAI dialect.
    pub(crate) fn base_url(&self) -> String {
        format!("{}/v1", self.url)
    }
}
