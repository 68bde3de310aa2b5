//! Reads the whole body of an answer, under its time and size limits.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::time::timeout_at;

use crate::{
    error::{Error, ErrorCode, Result},
    transport::Body,
};

/// When a body has to be there, and how large it may be.
#[derive(Clone, Copy)]
pub(super) struct BodyLimits {
    pub(super) idle: Duration,
    pub(super) deadline: Instant,
    pub(super) bytes: usize,
}

/// The body so far. Nearly all answers come in one piece: it is not copied.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    joined: BytesMut,
}

impl Pieces {
    fn len(&self) -> usize {
        self.first.len().max(self.joined.len())
    }

    fn add(&mut self, piece: Bytes) {
        if self.first.is_empty() {
            self.first = piece;
            return;
        }
        if self.joined.is_empty() {
            self.joined.extend_from_slice(&self.first);
        }
        self.joined.extend_from_slice(&piece);
    }

    fn whole(self) -> Bytes {
        if self.joined.is_empty() { self.first } else { self.joined.freeze() }
    }
}

/// What came of the body, and why it is not the whole of it.
pub(super) async fn read(body: &mut Body, limits: BodyLimits) -> (Bytes, Result<()>) {
    let mut pieces = Pieces::default();
    loop {
        let idle = Instant::now() + limits.idle;
        let outcome = match timeout_at(idle.min(limits.deadline).into(), body.chunk()).await {
            Ok(Some(Ok(piece))) if pieces.len() + piece.len() > limits.bytes => Err(too_large(limits.bytes)),
            Ok(Some(Ok(piece))) => {
                pieces.add(piece);
                continue;
            }
            Ok(Some(Err(error))) => Err(error),
            Ok(None) => Ok(()),
            Err(_) if idle < limits.deadline => Err(Error::timed_out(ErrorCode::IdleTimeout)),
            Err(_) => Err(Error::timed_out(ErrorCode::TotalTimeout)),
        };
        return (pieces.whole(), outcome);
    }
}

fn too_large(bytes: usize) -> Error {
    let message = format!("the provider's answer has more than {bytes} bytes (limits.body_bytes)");
    Error::new(ErrorCode::UpstreamTooLarge, message)
}
