//! A streamed answer for a host without futures: a task reads ahead of the host, up to a bound, and the host takes all that
//! is ready in one go.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_core::Stream as _;
use parking_lot::{Condvar, Mutex};
use tokio::{sync::Notify, task::AbortHandle};

use super::{Reading, callback, process::Owner, runtimes::Own};
use crate::{
    error::{Error, ErrorCode, Result},
    stream::ReplyStream,
};

/// How far a stream is read ahead of the host: what a fast upstream sends while the host is busy with one batch.
const AHEAD: usize = 256 << 10;

/// A streamed answer. Dropping it cancels the call upstream.
pub struct Stream {
    /// Always there until the drop.
    running: Option<Running>,
    owner: Owner,
}

struct Running {
    buffer: Arc<Buffer>,
    task: AbortHandle,
}

/// What one look at a stream came to.
#[derive(Debug)]
pub enum Next {
    /// Everything that was ready, one piece at least.
    Pieces(Vec<Bytes>),
    /// The answer was complete.
    End,
    /// Nothing was ready within the time.
    Waiting,
}

#[derive(Default)]
struct Buffer {
    state: Mutex<State>,
    filled: Condvar,
    /// The host has taken what was ready.
    taken: Notify,
}

#[derive(Default)]
struct State {
    pieces: Vec<Bytes>,
    bytes: usize,
    end: Option<Result<()>>,
    /// The host wants to be told when there is something.
    wake: Option<Box<dyn FnOnce() + Send>>,
}

impl Stream {
    /// What is ready, waiting for it as long as `timeout` allows; for ever without one. After an error, and after the end,
    /// there is nothing but the end.
    pub fn next(&self, timeout: Option<Duration>) -> Result<Next> {
        let buffer = self.buffer()?;
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut state = buffer.state.lock();
        while !state.is_ready() {
            if timeout.is_some_and(|timeout| timeout.is_zero()) {
                return Ok(Next::Waiting);
            }
            callback::may_wait()?;
            match deadline {
                None => buffer.filled.wait(&mut state),
                Some(deadline) => {
                    if buffer.filled.wait_until(&mut state, deadline).timed_out() && !state.is_ready() {
                        return Ok(Next::Waiting);
                    }
                }
            }
        }
        if state.pieces.is_empty() {
            return match state.end.replace(Ok(())) {
                Some(Err(error)) => Err(error),
                _ => Ok(Next::End),
            };
        }
        let pieces = std::mem::take(&mut state.pieces);
        state.bytes = 0;
        drop(state);
        buffer.taken.notify_one();
        Ok(Next::Pieces(pieces))
    }

    /// Calls `wake` once, as soon as [`Stream::next`] has something: at once and on this thread where it has already, else
    /// on the thread that reads. A second one replaces the first.
    pub fn on_ready(&self, wake: impl FnOnce() + Send + 'static) -> Result<()> {
        if let Some(wake) = self.on_ready_later(wake)? {
            callback::call(wake);
        }
        Ok(())
    }

    /// The same, but gives `wake` back where it is to be called at once: what it does may be the end of this stream.
    pub fn on_ready_later<F: FnOnce() + Send + 'static>(&self, wake: F) -> Result<Option<F>> {
        let mut state = self.buffer()?.state.lock();
        if state.is_ready() {
            return Ok(Some(wake));
        }
        state.wake = Some(Box::new(wake));
        Ok(None)
    }

    /// Ends the call upstream. What is ready can still be taken; then comes `cancelled`, unless the end had come before.
    pub fn cancel(&self) -> Result<()> {
        let buffer = self.buffer()?;
        if let Some(running) = &self.running {
            running.task.abort();
        }
        buffer.end(Err(Error::new(ErrorCode::Cancelled, "the stream was cancelled")));
        Ok(())
    }

    fn buffer(&self) -> Result<&Buffer> {
        self.owner.check()?;
        let gone = || Error::new(ErrorCode::Internal, "the stream is gone");
        self.running.as_ref().map(|running| &*running.buffer).ok_or_else(gone)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            if !self.owner.is_elsewhere() {
                running.task.abort();
            }
            self.owner.let_go(running);
        }
    }
}

impl State {
    fn is_ready(&self) -> bool {
        !self.pieces.is_empty() || self.end.is_some()
    }
}

impl Buffer {
    fn fill(&self, pieces: Vec<Bytes>) {
        let mut state = self.state.lock();
        state.bytes += pieces.iter().map(Bytes::len).sum::<usize>();
        if state.pieces.is_empty() {
            state.pieces = pieces;
        } else {
            state.pieces.extend(pieces);
        }
        self.tell(state);
    }

    /// The first end counts.
    fn end(&self, end: Result<()>) {
        let mut state = self.state.lock();
        state.end.get_or_insert(end);
        self.tell(state);
    }

    fn tell(&self, mut state: parking_lot::MutexGuard<'_, State>) {
        let wake = state.wake.take();
        drop(state);
        self.filled.notify_all();
        if let Some(wake) = wake {
            callback::call(wake);
        }
    }

    /// Waits until the host has taken enough for more to be read.
    async fn room(&self) {
        while self.state.lock().bytes >= AHEAD {
            self.taken.notified().await;
        }
    }
}

/// Reads streams ahead, on the gateway's own thread for calls.
pub(super) struct Pump<'a> {
    pub(super) own: &'a Own,
    pub(super) reading: Reading,
    pub(super) owner: Owner,
}

impl Pump<'_> {
    pub(super) fn start(&self, stream: Box<ReplyStream>) -> Result<Stream> {
        let buffer = Arc::new(Buffer::default());
        let task = self.own.thread()?.spawn(read_ahead(stream, self.reading, Arc::clone(&buffer)));
        let running = Running { buffer, task: task.abort_handle() };
        Ok(Stream { running: Some(running), owner: self.owner })
    }
}

/// Ends the buffer even where the task is dropped in the middle, so that nobody waits for ever.
struct EndsBuffer(Arc<Buffer>);

impl Drop for EndsBuffer {
    fn drop(&mut self) {
        self.0.end(Err(Error::new(ErrorCode::Closed, "the gateway was closed while the stream was open")));
    }
}

async fn read_ahead(mut stream: Box<ReplyStream>, reading: Reading, buffer: Arc<Buffer>) {
    let buffer = EndsBuffer(buffer);
    loop {
        let (pieces, end) = std::future::poll_fn(|context| poll_ready(&mut stream, reading, context)).await;
        if !pieces.is_empty() {
            buffer.0.fill(pieces);
        }
        if let Some(end) = end {
            return buffer.0.end(end);
        }
        buffer.0.room().await;
    }
}

/// All that is ready, at least one piece or the end.
fn poll_ready(
    stream: &mut ReplyStream,
    reading: Reading,
    context: &mut Context<'_>,
) -> Poll<(Vec<Bytes>, Option<Result<()>>)> {
    let (mut pieces, mut bytes) = (Vec::new(), 0);
    loop {
        let piece = match reading {
            Reading::Bytes => Pin::new(&mut *stream).poll_next(context),
            Reading::Events => stream.poll_next_event(context),
        };
        match piece {
            Poll::Ready(Some(Ok(piece))) => {
                bytes += piece.len();
                pieces.push(piece);
                if bytes >= AHEAD {
                    return Poll::Ready((pieces, None));
                }
            }
            Poll::Ready(Some(Err(error))) => return Poll::Ready((pieces, Some(Err(error)))),
            Poll::Ready(None) => return Poll::Ready((pieces, Some(Ok(())))),
            Poll::Pending if pieces.is_empty() => return Poll::Pending,
            Poll::Pending => return Poll::Ready((pieces, None)),
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("owner", &self.owner).finish_non_exhaustive()
    }
}
