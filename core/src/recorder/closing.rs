//! Closes the books of gateways that are gone: once everything they left in the spool is in the store, what is not there
//! is not coming any more.

use std::collections::BTreeMap;

use super::{
    delivery::{Fate, Tried},
    journal,
    ledger::{gap_of, gap_ranges},
    ranges::Ranges,
    recovery::{Recovery, Stopped},
};
use crate::{
    error::Error,
    spool::Orphan,
    store::{Account, Gap, TraceRecord},
    types::{stats::DropReason, verify::InstanceState},
};

/// What was learnt of a folder that has to do with numbers.
#[derive(Default)]
pub(super) struct Legacy {
    /// Numbers whose rows the store did not take, by instance.
    gaps: BTreeMap<u64, BTreeMap<Gap, Ranges>>,
    /// Something could not be read.
    pub(super) is_damaged: bool,
}

impl Legacy {
    pub(super) fn note(&mut self, records: &[TraceRecord], fates: &[Fate]) {
        for (record, fate) in records.iter().zip(fates) {
            if let (Some(instance), Some(number)) = (record.instance, record.number)
                && !matches!(fate, Fate::Persisted | Fate::GivenUp)
            {
                self.gaps.entry(instance).or_default().entry(gap_of(*fate)).or_default().insert(number, number);
            }
        }
    }
}

impl Recovery {
    /// Comes before anything is removed from the folder: what fails is done again by whoever finds it next.
    pub(super) async fn close_books(&self, orphan: &Orphan, legacy: Legacy) -> Result<(), Stopped> {
        let last_words = orphan.account()?.and_then(|bytes| journal::read::<Account>(&bytes));
        for (instance, gaps) in &legacy.gaps {
            let account = match &last_words {
                Some(account) if account.instance == *instance => account.clone(),
                // Its account is in the store already, with the time it was opened.
                _ => match self.account_of(*instance).await? {
                    Some(account) => account,
                    None => continue,
                },
            };
            self.save(Account { gaps: [account.gaps, gap_ranges(gaps)].concat(), ..account }).await?;
        }
        if let Some(account) = last_words {
            self.close(account, &legacy).await?;
        }
        Ok(())
    }

    async fn close(&self, account: Account, legacy: &Legacy) -> Result<(), Stopped> {
        let was_closed = account.state == InstanceState::Closed;
        if account.accepted > 0 {
            self.save(account.clone()).await?;
        }
        if was_closed && !legacy.is_damaged {
            // It wrote down everything. Whatever is absent is missing.
            return Ok(());
        }
        let known = self.account_of(account.instance).await?.unwrap_or(account);
        let (instance, settled) = (known.instance, known.settled);
        let store = &self.delivery.store;
        let found = self.ask(|| async move {
            let mut found = Ranges::default();
            let after = Some((instance, settled));
            store.scan_places(after, |place| found.insert(place.number, place.number)).await?;
            Ok(found)
        });
        let mut explained = found.await?;
        known.gaps.iter().for_each(|gap| explained.insert(gap.first, gap.last));
        let accepted = known.accepted.max(explained.last());
        if accepted == 0 {
            return Ok(());
        }
        let reason = if legacy.is_damaged { DropReason::Damaged } else { DropReason::Unrecorded };
        let lost = Ranges::of(settled + 1, accepted).without(&explained);
        let gaps = gap_ranges(&BTreeMap::from([(Gap::Dropped(reason), lost)]));
        let state = if was_closed { InstanceState::Closed } else { InstanceState::Killed };
        self.save(Account { state, accepted, gaps, ..known }).await
    }

    /// How far the gateway had come that a folder belongs to.
    pub(super) async fn settled(&self, orphan: &Orphan) -> Result<Option<(u64, u64)>, Stopped> {
        let Some(own) = orphan.account()?.and_then(|bytes| journal::read::<Account>(&bytes)) else { return Ok(None) };
        let stored = self.account_of(own.instance).await?.map_or(0, |account| account.settled);
        Ok(Some((own.instance, own.settled.max(stored))))
    }

    async fn account_of(&self, instance: u64) -> Result<Option<Account>, Stopped> {
        let standing = self.ask(|| self.delivery.store.standing(instance)).await?;
        Ok(standing.map(|standing| standing.account))
    }

    async fn save(&self, account: Account) -> Result<(), Stopped> {
        self.ask(|| self.delivery.store.save_account(&account)).await
    }

    /// Asks the store until it answers.
    async fn ask<T, F>(&self, question: impl FnMut() -> F) -> Result<T, Stopped>
    where
        F: Future<Output = Result<T, Error>>,
    {
        match self.delivery.until_answered(question).await {
            Tried::Done(answer) => Ok(answer),
            Tried::GivenUp => Err(Stopped::Closing),
            Tried::Refused(error) => Err(Stopped::Store(error)),
        }
    }
}
