//! Where calls run. A thread that waits does the work itself, on a runtime it borrows: nothing is handed from thread to
//! thread. What nobody waits for runs on a thread of the gateway's own, which starts with the first such call.

use std::{
    ops::ControlFlow,
    sync::OnceLock,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};

use crate::{
    error::{Error, ErrorCode, Result},
    tasks::Background,
};

/// Runtimes to be borrowed, the one used last on top: its connections are the freshest.
#[derive(Debug, Default)]
pub(super) struct Borrowed(Mutex<Vec<Idle>>);

#[derive(Debug)]
struct Idle {
    runtime: Runtime,
    since: Instant,
}

impl Borrowed {
    /// How many are kept for later, and for how long: as long as an idle connection is.
    const KEPT: usize = 64;
    const KEPT_FOR: Duration = Duration::from_secs(60);
    /// How often a thread that waits looks whether it is to go on.
    const TICK: Duration = Duration::from_millis(50);

    /// Does the work on the calling thread. `tick` is asked from time to time whether to go on; once it breaks, the work is
    /// dropped, which is `cancelled`.
    pub(super) fn run<F: Future + Unpin>(
        &self,
        mut work: F,
        tick: Option<&mut dyn FnMut() -> ControlFlow<()>>,
    ) -> Result<F::Output> {
        let runtime = self.take()?;
        let done = match tick {
            None => Some(runtime.block_on(async { settled((&mut work).await).await })),
            Some(tick) => loop {
                // The tick ends the wait for the work alone: work that is done is not asked again.
                let slice = async {
                    let output = tokio::time::timeout(Self::TICK, &mut work).await.ok()?;
                    Some(settled(output).await)
                };
                match runtime.block_on(slice) {
                    Some(output) => break Some(output),
                    None if tick().is_break() => break None,
                    None => {}
                }
            },
        };
        match done {
            Some(output) => {
                self.give_back(runtime);
                Ok(output)
            }
            None => {
                // The runtime goes with the work, so that its connections are closed now and not when it next runs.
                let inside = runtime.enter();
                drop(work);
                drop(inside);
                drop(runtime);
                Err(Error::new(ErrorCode::Cancelled, "the call was cancelled"))
            }
        }
    }

    /// Ends those that are idle, and their connections with them.
    pub(super) fn end(&self) {
        let idle = std::mem::take(&mut *self.0.lock());
        drop(idle);
    }

    fn take(&self) -> Result<Runtime> {
        let idle = self.0.lock().pop();
        match idle {
            Some(idle) if idle.since.elapsed() < Self::KEPT_FOR => Ok(idle.runtime),
            _ => Builder::new_current_thread().enable_all().build().map_err(cannot_start),
        }
    }

    fn give_back(&self, runtime: Runtime) {
        let mut idle = self.0.lock();
        let fresh = idle.partition_point(|idle| idle.since.elapsed() >= Self::KEPT_FOR);
        let mut gone: Vec<_> = idle.drain(..fresh).collect();
        let returned = Idle { runtime, since: Instant::now() };
        if idle.len() < Self::KEPT {
            idle.push(returned);
        } else {
            gone.push(returned);
        }
        // Ending a runtime closes its connections: not while others wait for the lock.
        drop(idle);
        drop(gone);
    }
}

impl Drop for Borrowed {
    /// On a thread that drives tasks, such as a callback's, a runtime must not be waited for.
    fn drop(&mut self) {
        if tokio::runtime::Handle::try_current().is_ok() {
            self.0.get_mut().drain(..).for_each(|idle| idle.runtime.shutdown_background());
        }
    }
}

/// Does what work that is done has left to do for the runtime's next borrower: connections are handed back to their
/// pool, or closed, by tasks of their own.
async fn settled<T>(output: T) -> T {
    tokio::task::yield_now().await;
    output
}

/// The thread for what nobody waits for.
#[derive(Debug, Default)]
pub(super) struct Own(OnceLock<Background>);

impl Own {
    /// The thread, started when it is first asked for.
    pub(super) fn thread(&self) -> Result<&Background> {
        if let Some(thread) = self.0.get() {
            return Ok(thread);
        }
        let started = Background::start("libgateway-calls")?;
        // Another thread may have been faster: then its own is taken, and this one ends.
        Ok(self.0.get_or_init(|| started))
    }

    /// The thread, if it was started.
    pub(super) fn running(&self) -> Option<&Background> {
        self.0.get()
    }
}

fn cannot_start(error: std::io::Error) -> Error {
    let code = match error.raw_os_error() {
        // EMFILE and ENFILE.
        Some(24 | 23) => ErrorCode::OutOfDescriptors,
        _ => ErrorCode::Internal,
    };
    Error::new(code, "a runtime for the call cannot be made").with_source(error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn work_that_ends_after_the_tick_is_not_asked_again() {
        let longer_than_a_tick = Box::pin(async {
            let began = Instant::now();
            while began.elapsed() < Borrowed::TICK * 2 {
                std::hint::spin_loop();
            }
            7
        });
        let output = Borrowed::default().run(longer_than_a_tick, Some(&mut || ControlFlow::Continue(())));
        assert_eq!(output.unwrap(), 7);
    }
}
