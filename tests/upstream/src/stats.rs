//! Counters. They go on counting when nothing is recorded.

use serde::Serialize;

use crate::answer::Progress;
use crate::record::Outcome;

/// Counters since the start or the last reset; those of connections are never
/// reset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Requests with a whole head, those cut within the body included.
    pub requests: u64,
    /// Requests that were not HTTP.
    pub bad_requests: u64,
    /// Answers under way.
    pub answers_open: u64,
    /// Answers that ended as the script wanted, in full.
    pub answers_complete: u64,
    /// Answers that the script cut short.
    pub answers_cut: u64,
    /// Answers during which the client closed the connection, and requests
    /// within whose body it did.
    pub client_closes: u64,
    /// Bytes of request bodies.
    pub body_bytes_received: u64,
    /// Bytes of answers handed to sockets.
    pub bytes_written: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Connections open.
    pub connections_open: u64,
    /// Scripts in the queue.
    pub queued: u64,
    /// Requests recorded and since forgotten to stay within the bound.
    pub records_dropped: u64,
    /// Lines that could not be written to the log.
    pub log_errors: u64,
}

impl Stats {
    pub(crate) fn count(&mut self, outcome: Outcome, progress: &Progress) {
        self.answers_open -= 1;
        self.bytes_written += progress.bytes;
        match outcome {
            Outcome::Pending => {}
            Outcome::Complete => self.answers_complete += 1,
            Outcome::Closed | Outcome::Reset => self.answers_cut += 1,
            Outcome::ClientClosed | Outcome::RequestCut => self.client_closes += 1,
        }
    }
}
