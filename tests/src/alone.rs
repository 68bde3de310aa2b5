//! Runs a test in a process of its own: what it measures belongs to the whole process, or it needs more descriptors, or
//! fewer, than the other tests.

use std::{env, process::Command, thread, time::Duration};

/// Set in the process of its own.
const ALONE: &str = "LIBGATEWAY_TEST_ALONE";

/// What the process may use of the system.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// As many descriptors as the system allows.
    MostDescriptors,
    /// So many descriptors: where the hard limit is lower and may not be raised, the test fails.
    Descriptors(u32),
    /// As many descriptors as the system allows, and so many bytes in any one file, until [`lift_file_limit`].
    FileBytes(u64),
}

/// Runs the body of the calling test in a process of its own, which is handed `given`.
///
/// Call it on the thread of the test, which has its name.
///
/// # Panics
///
/// When the test does there.
pub fn alone<F: Future<Output = ()>>(
    limit: Limit,
    given: &str,
    time: Duration,
    test: impl FnOnce(String) -> F + Send + 'static,
) {
    if let Ok(given) = env::var(ALONE) {
        return crate::run_within(time, move || test(given));
    }
    let name = thread::current().name().expect("a test's thread has its name").to_owned();
    let descriptors = match limit {
        Limit::MostDescriptors | Limit::FileBytes(_) => "$(ulimit -Hn)".to_owned(),
        Limit::Descriptors(limit) => limit.to_string(),
    };
    let file_blocks = match limit {
        // Writes beyond the limit are to fail, and not to end the process.
        Limit::FileBytes(bytes) => format!("trap '' XFSZ; ulimit -Sf {};", bytes / 512),
        _ => String::new(),
    };
    let refusal =
        format!("it needs {descriptors} file descriptors, and the hard limit (ulimit -Hn) is $(ulimit -Hn): raise it");
    let script = format!(
        "{file_blocks} ulimit -n {descriptors} 2>/dev/null || {{ echo \"{refusal}\"; exit 1; }}; exec \"$0\" \"$@\""
    );
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

/// Lets the files of this process grow again.
///
/// # Panics
///
/// When the system does not allow it, or has no `prlimit`.
pub fn lift_file_limit() {
    let id = std::process::id().to_string();
    let done = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status();
    assert!(done.is_ok_and(|status| status.success()), "prlimit is missing; on Debian: apt-get install util-linux");
}

/// The memory that this process holds.
///
/// # Panics
///
/// Where the system does not say it, as in what follows.
pub fn resident_kib() -> u64 {
    memory_kib("VmRSS:")
}

/// The most memory that this process has ever held.
pub fn peak_kib() -> u64 {
    memory_kib("VmHWM:")
}

fn memory_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the state of the process");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
