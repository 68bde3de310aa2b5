//! Writes down how far the gateway has come: into the store every few seconds, and into its folder of the spool while the
//! store is away. So whoever checks the store later knows which traces there should be.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Shared, journal};
use crate::{
    error::{Error, ErrorCode, Result},
    store::{Account, Store},
};

/// The books of one gateway.
pub(super) struct Books {
    shared: Arc<Shared>,
    store: Store,
    /// What the store has, without gaps.
    saved: Mutex<Option<Account>>,
}

impl Books {
    /// How often it is written down.
    const PERIOD: Duration = Duration::from_secs(5);
    /// How long the store may take, and how long when the gateway ends.
    const ANSWER: Duration = Duration::from_secs(10);
    const LAST_ANSWER: Duration = Duration::from_secs(1);

    pub(super) fn new(shared: Arc<Shared>, store: Store) -> Self {
        let books = Self { shared, store, saved: Mutex::new(None) };
        // So that whoever finds the folder knows whose it is, however soon the process dies.
        books.keep(&books.shared.ledger.account());
        books
    }

    pub(super) async fn run(self: Arc<Self>) {
        let mut ticks = interval(Self::PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.save().await {
                tracing::debug!(%error, "how far the gateway has come is in its spool only");
            }
        }
    }

    /// Writes down how far it is now.
    pub(super) async fn save(&self) -> Result<()> {
        let account = self.shared.ledger.account();
        let saved = self.write(&account, Self::ANSWER).await;
        if saved.is_err() {
            self.keep(&account);
        }
        saved
    }

    /// Writes down how far it came in the end.
    pub(super) async fn close(&self) {
        let account = self.shared.ledger.final_account();
        match self.write(&account, Self::LAST_ANSWER).await {
            Ok(()) => self.shared.spool.iter().for_each(|spool| spool.forget_account()),
            Err(_) => self.keep(&account),
        }
    }

    async fn write(&self, account: &Account, answer: Duration) -> Result<()> {
        // An opening that never accepted anything leaves no mark in the store.
        if account.accepted == 0 || account.gaps.is_empty() && self.saved.lock().as_ref() == Some(account) {
            return Ok(());
        }
        let silent = |_| Error::new(ErrorCode::StoreUnavailable, "the store does not answer");
        timeout(answer, self.store.save_account(account)).await.map_err(silent)??;
        self.shared.ledger.note_saved(account);
        *self.saved.lock() = Some(Account { gaps: Vec::new(), ..account.clone() });
        Ok(())
    }

    fn keep(&self, account: &Account) {
        if let (Some(spool), Ok(account)) = (&self.shared.spool, journal::write(account)) {
            spool.keep_account(&account);
        }
    }
}
