//! Ends a test that hangs. Knows nothing of gateways.

use std::{panic, sync::mpsc, thread, time::Duration};

/// How long a test may take: far more than any needs, on a busy machine too.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Runs a test on a runtime of its own, and fails it after [`DEADLINE`].
///
/// # Panics
///
/// When the test does, and when the time is over.
pub fn run<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    run_within(DEADLINE, test);
}

/// Runs a test on a runtime of its own, and fails it when the time is over, even if it blocks its thread.
///
/// # Panics
///
/// When the test does, and when the time is over.
pub fn run_within<F: Future<Output = ()>>(time: Duration, test: impl FnOnce() -> F + Send + 'static) {
    let name = thread::current().name().unwrap_or("test").to_owned();
    let (ended, end) = mpsc::sync_channel(1);
    let body = move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| runtime.block_on(test())));
        // What the test left behind is not waited for.
        runtime.shutdown_background();
        // Nobody listens any more once the time is over.
        drop(ended.send(outcome));
    };
    thread::Builder::new().name(name).spawn(body).expect("a thread for the test");
    match end.recv_timeout(time) {
        Ok(Ok(())) => {}
        Ok(Err(panicked)) => panic::resume_unwind(panicked),
        Err(_) => panic!("the test hangs: it did not end within {} s", time.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "the test hangs")]
    fn a_test_that_hangs_fails() {
        run_within(Duration::from_millis(50), std::future::pending::<()>);
    }

    #[test]
    #[should_panic(expected = "what went wrong")]
    fn a_test_that_panics_fails_with_its_own_message() {
        run(|| async { panic!("what went wrong") });
    }
}
