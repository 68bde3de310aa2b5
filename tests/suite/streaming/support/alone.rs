//! Runs a test in a process of its own: what it measures belongs to the whole process, or it needs more descriptors, or
//! fewer, than the other tests.

use std::{env, process::Command, thread, time::Duration};

/// Set in the process of its own.
const ALONE: &str = "LIBGATEWAY_TEST_ALONE";

/// How many descriptors the process may open: an argument of `ulimit -n`.
#[derive(Clone, Copy)]
pub(crate) enum Descriptors {
    /// As many as the system allows.
    Most,
    /// So many.
    Only(u32),
}

/// Runs the body of the calling test in a process of its own, which is handed `given`.
///
/// Call it on the thread of the test, which has its name.
pub(crate) fn alone<F: Future<Output = ()>>(
    descriptors: Descriptors,
    given: &str,
    time: Duration,
    test: impl FnOnce(String) -> F + Send + 'static,
) {
    if let Ok(given) = env::var(ALONE) {
        return libgateway_tests::run_within(time, move || test(given));
    }
    let name = thread::current().name().expect("a test's thread has its name").to_owned();
    let limit = match descriptors {
        Descriptors::Most => "$(ulimit -Hn)".to_owned(),
        Descriptors::Only(limit) => limit.to_string(),
    };
    let output = Command::new("sh")
        .args(["-c", &format!("ulimit -n {limit} && exec \"$0\" \"$@\"")])
        .arg(env::current_exe().expect("the test's program"))
        .args(["--exact", &name, "--test-threads=1", "--nocapture"])
        .env(ALONE, given)
        .output()
        .expect("a process");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{name} in a process of its own: {text}");
}

/// How many descriptors this process may open.
pub(crate) fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").expect("the limits of the process");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("the limit of descriptors");
    line.split_whitespace().nth(3).expect("the soft limit").parse().unwrap_or(usize::MAX)
}
