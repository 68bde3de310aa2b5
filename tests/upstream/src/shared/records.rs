//! Keeps the records: one per request, begun when it has arrived and completed
//! when its answer ends. Logs both before anyone is woken.

use std::time::{Duration, Instant, SystemTime};

use super::{Choice, Recording, Shared, State, Ticket, unix_us};
use crate::answer::Progress;
use crate::http::Request;
use crate::journal::Ended;
use crate::record::{Outcome, Recorded};

impl Shared {
    /// Records a whole request and chooses its answer.
    pub(crate) fn begin(&self, request: &Request, connection: u64) -> (Ticket, Choice) {
        let mut state = self.state.lock();
        let choice = state.playlist.choose(request);
        let ticket = self.record(&mut state, request, connection);
        state.stats.answers_open += 1;
        drop(state);
        self.announce(request, &ticket);
        (ticket, choice)
    }

    /// Records a request whose body never became whole.
    pub(crate) fn cut(&self, request: &Request, connection: u64) {
        let mut state = self.state.lock();
        let ticket = self.record(&mut state, request, connection);
        state.stats.answers_open += 1;
        drop(state);
        self.announce(request, &ticket);
        self.end(&ticket, None, &Progress::default(), Outcome::RequestCut);
    }

    /// Records how an answer ended.
    pub(crate) fn end(&self, ticket: &Ticket, status: Option<u16>, progress: &Progress, outcome: Outcome) {
        let now = Instant::now();
        let gone = matches!(outcome, Outcome::ClientClosed | Outcome::RequestCut);
        let closed_after_ms = gone.then(|| milliseconds(now - ticket.arrived));
        let mut state = self.state.lock();
        if state.epoch == ticket.epoch {
            state.stats.count(outcome, progress);
            if let Some(record) = state.find(ticket.seq) {
                record.status = status;
                record.first_byte_us = progress.first_byte.map(|at| self.since_start(at));
                record.ended_us = Some(self.since_start(now));
                record.outcome = outcome;
                record.bytes_written = progress.bytes;
                record.writes = progress.writes;
                record.client_closed_after_ms = closed_after_ms;
            }
        }
        drop(state);
        if let Some(journal) = &self.journal {
            self.written(&journal.end(&Ended {
                epoch: ticket.epoch,
                seq: ticket.seq,
                connection: ticket.connection,
                at_us: self.since_start(now),
                at_unix_us: unix_us(SystemTime::now()),
                status,
                outcome,
                bytes_written: progress.bytes,
                writes: progress.writes,
                client_closed_after_ms: closed_after_ms,
            }));
        }
        self.changed.notify_waiters();
    }
    fn record(&self, state: &mut State, request: &Request, connection: u64) -> Ticket {
        let ticket = Ticket { epoch: state.epoch, seq: state.next_seq, connection, arrived: request.arrived };
        state.next_seq += 1;
        state.stats.requests += 1;
        state.stats.body_bytes_received += u64::try_from(request.body.len()).unwrap_or(0);
        let bound = match self.recording {
            Recording::Off | Recording::Last(0) => return ticket,
            Recording::Last(bound) => bound,
            Recording::All => usize::MAX,
        };
        if state.records.len() >= bound {
            state.records.pop_front();
            state.stats.records_dropped += 1;
        }
        state.records.push_back(Recorded {
            seq: ticket.seq,
            connection,
            method: request.method.clone(),
            path: request.path.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            arrived: request.arrived,
            arrived_us: self.since_start(request.arrived),
            arrived_unix_us: unix_us(request.arrived_wall),
            received_us: self.since_start(request.received),
            status: None,
            first_byte_us: None,
            ended_us: None,
            outcome: Outcome::Pending,
            bytes_written: 0,
            writes: 0,
            client_closed_after_ms: None,
        });
        ticket
    }

    /// Logs the request, then wakes those who wait for it.
    fn announce(&self, request: &Request, ticket: &Ticket) {
        if let Some(journal) = &self.journal {
            let at_us = self.since_start(request.arrived);
            self.written(&journal.request(request, ticket, at_us));
        }
        self.changed.notify_waiters();
    }

    fn written(&self, result: &std::io::Result<()>) {
        if result.is_err() {
            self.state.lock().stats.log_errors += 1;
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
