//! Whether a server can be reached. Once it is known to be away, one looks for it with patience, and all others are refused
//! soon: nobody waits seconds for what everybody knows.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::timeout;

use super::error::{is_transient, store_error};
use crate::error::{Error, Result};

/// Clones share what is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    /// Why the last one did not get there.
    away: Arc<Mutex<Option<Error>>>,
}

impl Reach {
    /// Long enough to reach a server that is back, but for one that is far away: for it there is the one that looks.
    const SOON: Duration = Duration::from_millis(250);

    pub(super) fn is_away(&self) -> bool {
        self.away.lock().is_some()
    }

    /// What `connecting` gives, soon where the server is known to be away. That all connections are in use, which
    /// `is_busy` says of a wait in vain, is no sign of that.
    pub(super) async fn get<T>(
        &self,
        connecting: impl Future<Output = Result<T, sqlx::Error>>,
        is_busy: impl FnOnce() -> bool,
    ) -> Result<T> {
        let away = self.away.lock().clone();
        match away {
            Some(why) => self.learn(timeout(Self::SOON, connecting).await.map_err(|_| why)?, is_busy),
            None => self.learn(connecting.await, is_busy),
        }
    }

    /// What `connecting` gives, however long it takes.
    pub(super) async fn look<T>(&self, connecting: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T> {
        self.learn(connecting.await, || false)
    }

    fn learn<T>(&self, connected: Result<T, sqlx::Error>, is_busy: impl FnOnce() -> bool) -> Result<T> {
        let error = match connected {
            Ok(connected) => {
                *self.away.lock() = None;
                return Ok(connected);
            }
            Err(error) => error,
        };
        let is_busy = matches!(error, sqlx::Error::PoolTimedOut) && is_busy();
        let error = store_error(error);
        if is_transient(&error) && !is_busy {
            *self.away.lock() = Some(error.clone());
        }
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use std::future::{pending, ready};

    use super::*;

    async fn fail(reach: &Reach, is_busy: bool) {
        assert!(is_transient(
            &reach.get(ready(Err::<(), _>(sqlx::Error::PoolTimedOut)), || is_busy).await.unwrap_err()
        ));
    }

    #[tokio::test]
    async fn who_asks_for_a_server_that_is_known_to_be_away_is_refused_and_the_one_who_looks_waits() {
        let reach = Reach::default();
        fail(&reach, false).await;
        let refused = async {
            for _ in 0..3 {
                assert!(is_transient(&reach.get(pending::<Result<(), _>>(), || false).await.unwrap_err()));
            }
        };
        tokio::select! {
            _ = reach.look(pending::<Result<(), _>>()) => panic!("there is no server"),
            () = refused => {}
        }
    }

    #[tokio::test]
    async fn who_gets_there_tells_the_others() {
        let reach = Reach::default();
        for looks in [true, false] {
            fail(&reach, false).await;
            assert!(reach.is_away());
            let there = ready(Ok(7));
            let got = if looks { reach.look(there).await } else { reach.get(there, || false).await };
            assert_eq!((got.unwrap(), reach.is_away()), (7, false));
        }
    }

    #[tokio::test]
    async fn a_server_whose_connections_are_all_in_use_is_not_away() {
        let reach = Reach::default();
        fail(&reach, true).await;
        assert!(!reach.is_away());
    }
}
