//! Runs a test in a process of its own: what it measures belongs to the whole process, or it needs more descriptors, or
//! fewer, than the other tests.

use std::{env, process::Command, thread, time::Duration};

/// Set in the process of its own.
const ALONE: &str = "LIBGATEWAY_TEST_ALONE";

/// How many descriptors the process may open.
#[derive(Clone, Copy)]
pub(crate) enum Descriptors {
    /// As many as the system allows.
    Most,
    /// So many: where the hard limit is lower and may not be raised, the test fails.
    Exactly(u32),
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
        Descriptors::Exactly(limit) => limit.to_string(),
    };
    let refusal =
        format!("it needs {limit} file descriptors, and the hard limit (ulimit -Hn) is $(ulimit -Hn): raise it");
    let script = format!("ulimit -n {limit} 2>/dev/null || {{ echo \"{refusal}\"; exit 1; }}; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(env::current_exe().expect("the test's program"))
        .args(["--exact", &name, "--test-threads=1", "--nocapture"])
        .env(ALONE, given)
        .output()
        .expect("a process");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{name} in a process of its own: {text}");
}

/// The memory that this process holds.
pub(crate) fn resident_kib() -> u64 {
    memory_kib("VmRSS:")
}

/// The most memory that this process has ever held.
pub(crate) fn peak_kib() -> u64 {
    memory_kib("VmHWM:")
}

fn memory_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the state of the process");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
