//! What connections, the control interface and the owner share: the scripts to
//! play and the records. No lock is held across a wait.

mod records;
mod scripts;
mod waits;

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::control::Scripts;
use crate::http::Keep;
use crate::journal::Journal;
use crate::record::Recorded;
use crate::stats::Stats;

pub(crate) use scripts::Choice;
use scripts::Playlist;

/// How many requests are recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Recording {
    /// All of them.
    #[default]
    All,
    /// The last so many.
    Last(usize),
    /// None.
    Off,
}

/// The shared state.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Notify,
    started: Instant,
    recording: Recording,
    journal: Option<Journal>,
}

/// What the lock protects.
#[derive(Debug, Default)]
pub(crate) struct State {
    playlist: Playlist,
    records: VecDeque<Recorded>,
    next_seq: u64,
    epoch: u64,
    stats: Stats,
}

/// The claim of one answer on its record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
    pub(crate) connection: u64,
    arrived: Instant,
}

impl Shared {
    pub(crate) fn new(recording: Recording, journal: Option<Journal>) -> Self {
        Self { state: Mutex::default(), changed: Notify::new(), started: Instant::now(), recording, journal }
    }

    /// What to keep of requests while reading them.
    pub(crate) fn keep(&self) -> Keep {
        match (self.recording, &self.journal) {
            (Recording::Off, None) => Keep::Nothing,
            _ => Keep::Headers,
        }
    }

    pub(crate) fn load(&self, scripts: Scripts) {
        self.state.lock().playlist.load(scripts);
    }

    pub(crate) fn records(&self) -> Vec<Recorded> {
        self.state.lock().records.iter().cloned().collect()
    }

    pub(crate) fn stats(&self) -> Stats {
        self.state.lock().stats()
    }

    /// Forgets scripts, records and counters. Answers under way go on, and
    /// leave no trace.
    pub(crate) fn reset(&self) {
        let mut state = self.state.lock();
        let stats = Stats {
            connections: state.stats.connections,
            connections_open: state.stats.connections_open,
            ..Stats::default()
        };
        *state = State { epoch: state.epoch + 1, stats, ..State::default() };
    }

    /// Counts a new connection and numbers it.
    pub(crate) fn connected(&self) -> u64 {
        let mut state = self.state.lock();
        let number = state.stats.connections;
        state.stats.connections += 1;
        state.stats.connections_open += 1;
        number
    }

    pub(crate) fn disconnected(&self) {
        self.state.lock().stats.connections_open -= 1;
        self.changed.notify_waiters();
    }

    pub(crate) fn bad_request(&self) {
        self.state.lock().stats.bad_requests += 1;
        self.changed.notify_waiters();
    }

    fn since_start(&self, at: Instant) -> u64 {
        microseconds(at.saturating_duration_since(self.started))
    }

    /// Waits until `check` finds something or the time is over.
    pub(crate) async fn wait<T>(&self, timeout: Duration, mut check: impl FnMut(&State) -> Option<T>) -> Option<T> {
        let deadline = tokio::time::Instant::now().checked_add(timeout)?;
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let found = check(&self.state.lock());
            if found.is_some() {
                return found;
            }
            tokio::time::timeout_at(deadline, changed).await.ok()?;
        }
    }
}

impl State {
    pub(crate) fn stats(&self) -> Stats {
        Stats { queued: self.playlist.queued(), ..self.stats }
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &Recorded> {
        self.records.iter()
    }

    pub(crate) fn record(&self, seq: u64) -> Option<&Recorded> {
        self.records.get(self.position(seq)?)
    }

    fn find(&mut self, seq: u64) -> Option<&mut Recorded> {
        let position = self.position(seq)?;
        self.records.get_mut(position)
    }

    /// Records are in order and without gaps.
    fn position(&self, seq: u64) -> Option<usize> {
        let first = self.records.front()?.seq;
        usize::try_from(seq.checked_sub(first)?).ok()
    }
}

pub(crate) fn unix_us(at: SystemTime) -> u64 {
    microseconds(at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
