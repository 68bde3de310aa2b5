//! What the library says, for hosts that ask. One test: there is one listener in a process.

use std::sync::Arc;

use libgateway::bindings::{LogLevel, LogRecord, set_log};
use libgateway_tests::MASTER_KEY;
use parking_lot::Mutex;
use serde_json::json;

use super::support::Host;

#[test]
fn a_host_hears_warnings_when_it_asks_and_nothing_afterwards() {
    let heard: Arc<Mutex<Vec<LogRecord>>> = Arc::default();
    let listener = Arc::clone(&heard);
    set_log(Some((LogLevel::Warn, Arc::new(move |record: &LogRecord| listener.lock().push(record.clone()))))).unwrap();
    let host = Host::open();
    host.handle.start(host.chat(), |_| panic!("a host's bug")).map(std::mem::forget).unwrap();
    host.perform("flush", &json!({}));
    let (_started, answers) = host.start(host.chat());
    answers.recv_timeout(super::support::PATIENCE).unwrap().unwrap();
    let mine = |record: &LogRecord| record.message == "a callback of the host panicked";
    assert!(heard.lock().iter().any(|record| mine(record) && record.level == LogLevel::Error));
    assert!(heard.lock().iter().all(|record| record.target.starts_with("libgateway")));
    assert!(!format!("{:?}", heard.lock()).contains(MASTER_KEY));

    set_log(None).unwrap();
    let before = heard.lock().len();
    host.handle.start(host.chat(), |_| panic!("a host's bug")).map(std::mem::forget).unwrap();
    let (_started, answers) = host.start(host.chat());
    answers.recv_timeout(super::support::PATIENCE).unwrap().unwrap();
    assert_eq!(heard.lock().len(), before);
}
