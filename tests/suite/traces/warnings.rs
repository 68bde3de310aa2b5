//! The host hears about trouble through `tracing`. Each test runs in a process of its own, since a process has one
//! subscriber and the gateway's events come from its own thread.

use std::{
    env,
    io::Write,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use libgateway_tests::{Backend, TestGateway, hello, postgres, run};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    poison::poison,
    support::{Direct, eventually},
};

/// What was logged so far.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    fn listen() -> Self {
        let heard = Self::default();
        tracing_subscriber::fmt().with_ansi(false).with_writer(heard.clone()).init();
        heard
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The library's lines with this level and text.
    fn lines(&self, level: &str, part: &str) -> usize {
        self.text()
            .lines()
            .filter(|line| line.contains(&format!("{level} libgateway::")) && line.contains(part))
            .count()
    }
}

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Heard {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

async fn the_store_goes_away(backend: Backend) {
    let heard = Heard::listen();
    let test = TestGateway::open(backend).await;
    test.chat(hello()).await.unwrap();
    test.flush().await;
    assert_eq!(heard.lines("WARN", ""), 0, "{}", heard.text());
    let lock = Direct::lock(test.store()).await;
    for _ in 0..20 {
        test.chat(hello()).await.unwrap();
    }
    eventually("a warning", async || heard.lines("WARN", "the store is away; traces wait") > 0).await;
    lock.release().await;
    test.flush().await;
    assert_eq!(heard.lines("WARN", "traces wait"), 1, "one warning for one outage: {}", heard.text());
}

async fn a_trace_is_refused(backend: Backend) {
    let heard = Heard::listen();
    let test = TestGateway::open(backend).await;
    poison(&test).await;
    let bad =
        test.chat(json!({"model": "poison", "messages": [{"role": "user", "content": "canary-7f3a"}]})).await.unwrap();
    test.flush().await;
    assert_eq!(heard.lines("ERROR", &bad.trace_id.to_string()), 1, "{}", heard.text());
    assert!(!heard.text().contains("canary-7f3a") && !heard.text().contains(libgateway_tests::API_KEY));
}

async fn the_queue_overflows(backend: Backend) {
    let heard = Heard::listen();
    let test =
        TestGateway::open_with(backend, |config| (config.recorder.queue_rows, config.recorder.flush_ms) = (2, 60_000))
            .await;
    for _ in 0..4 {
        test.chat(hello()).await.unwrap();
    }
    assert!(heard.lines("WARN", "dropped") > 0, "{}", heard.text());
    test.gateway.close(Duration::from_secs(10)).await.unwrap();
}

/// Runs a test that is ignored here, alone in a process.
fn in_a_process_of_its_own(name: &str) {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("warnings::{name}"), "--ignored", "--nocapture"])
        .env("LIBGATEWAY_TEST_POSTGRES", postgres::server().url())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{stderr}");
}

macro_rules! alone {
    ($($parent:ident: $module:ident = $scenario:ident;)+) => {
        $(mod $module {
            use super::*;

            #[test]
            #[ignore = "run by its namesake, in a process of its own"]
            fn sqlite() {
                run(|| $scenario(Backend::Sqlite));
            }

            #[test]
            #[ignore = "run by its namesake, in a process of its own"]
            fn postgres() {
                run(|| $scenario(Backend::Postgres));
            }
        }

        #[test]
        fn $parent() {
            for backend in Backend::ALL {
                in_a_process_of_its_own(&format!("{}::{}", stringify!($module), backend.name()));
            }
        })+
    };
}

alone! {
    a_store_that_goes_away_is_warned_of_once: away = the_store_goes_away;
    a_dead_letter_is_told_as_an_error_without_its_content: refused = a_trace_is_refused;
    a_dropped_trace_is_warned_of: dropped = the_queue_overflows;
}
