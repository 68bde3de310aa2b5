//! Answers that come in pieces.

use std::{
    collections::VecDeque,
    ffi::{c_char, c_void},
    fmt,
    mem::MaybeUninit,
    ptr::{self, NonNull},
    sync::Arc,
    time::Duration,
};

use libgateway::{
    Error as CoreError, ErrorCode, Result,
    bindings::{self, Answer, Next, Owner},
};
use parking_lot::Mutex;

use crate::{
    callback::{Gate, UserData, borrow},
    error::Error,
    guard::{free, give, guard, needed, null},
    head::Head,
};

/// To wait as long as it takes, where a function takes a timeout in milliseconds.
pub const GATEWAY_FOREVER: u32 = 0xFFFF_FFFF;

/// What one look at a stream came to.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(non_camel_case_types, reason = "the names of C")]
pub enum ChunkState {
    /// The answer was complete, or has failed before.
    #[default]
    GATEWAY_END = 0,
    /// There is a chunk.
    GATEWAY_CHUNK = 1,
    /// Nothing came within the time.
    GATEWAY_WAITING = 2,
}

/// A piece of an answer.
#[repr(C)]
#[derive(Debug)]
pub struct Chunk {
    /// Whether there is one.
    pub state: ChunkState,
    /// The bytes of a chunk, which belong to the stream and are valid until the next call for it. A NUL follows, which does
    /// not count in `len`. NULL where there is no chunk.
    pub data: *const c_char,
    /// The number of bytes.
    pub len: usize,
}

/// An answer that comes in pieces. It costs no thread: one thread of the gateway's reads all streams, each a little ahead
/// of whom it is for. One thread at a time may ask for chunks; any thread may cancel it.
pub struct Stream {
    head: Head,
    /// What is still to come; nothing does where the answer came at once.
    coming: Option<bindings::Stream>,
    reader: Mutex<Reader>,
    /// What calls back.
    gate: Arc<Gate>,
    owner: Owner,
}

/// What was taken from the stream at once and goes to C one by one.
#[derive(Default)]
struct Reader {
    ready: VecDeque<bytes::Bytes>,
    /// The chunk that C has, with a NUL behind it.
    current: Vec<u8>,
}

impl Stream {
    pub(crate) fn of(answer: Answer) -> Result<Self> {
        let (head, coming, ready) = match answer {
            Answer::Stream(head, stream) => (head, Some(stream), VecDeque::new()),
            Answer::Whole(head, body) if body.is_empty() => (head, None, VecDeque::new()),
            Answer::Whole(head, body) => (head, None, VecDeque::from([body])),
            Answer::Json(_) | Answer::Provider(_) => return Err(is_no_stream()),
        };
        let reader = Mutex::new(Reader { ready, current: Vec::new() });
        Ok(Self { head: Head::new(head), coming, reader, gate: Arc::default(), owner: Owner::current() })
    }

    /// Whether an answer has a head, and so can be read as a stream.
    pub(crate) fn can_be(answer: &Answer) -> Result<()> {
        if matches!(answer, Answer::Json(_) | Answer::Provider(_)) { Err(is_no_stream()) } else { Ok(()) }
    }

    fn next(&self, timeout: Option<Duration>) -> Result<Chunk> {
        // First of all: a child's copy of the lock may be locked for ever.
        self.owner.check()?;
        let mut reader = self.reader.lock();
        if reader.ready.is_empty() {
            match self.coming.as_ref().map(|coming| coming.next(timeout)).transpose()? {
                Some(Next::Pieces(pieces)) => reader.ready = pieces.into(),
                Some(Next::Waiting) => {
                    return Ok(Chunk { state: ChunkState::GATEWAY_WAITING, ..Chunk::default() });
                }
                Some(Next::End) | None => return Ok(Chunk::default()),
            }
        }
        let Some(piece) = reader.ready.pop_front() else { return Ok(Chunk::default()) };
        reader.current.clear();
        reader.current.extend_from_slice(&piece);
        reader.current.push(0);
        Ok(Chunk { state: ChunkState::GATEWAY_CHUNK, data: reader.current.as_ptr().cast(), len: piece.len() })
    }
}

fn is_no_stream() -> CoreError {
    CoreError::new(ErrorCode::InvalidRequest, "the answer is no stream; ask for its bytes")
}

/// Runs the host's code as soon as the stream has something.
fn on_ready(stream: NonNull<Stream>, function: StreamFn, user_data: UserData) -> Result<()> {
    let function = needed(function, "on_ready")?;
    // The callback may free the stream, even before this function returns: nothing of it may be borrowed then.
    let gate = borrow(stream, |stream| {
        stream.owner.check()?;
        Ok::<_, CoreError>(Arc::clone(&stream.gate))
    })?;
    let host = {
        let (gate, stream) = (Arc::clone(&gate), UserData::of(stream.as_ptr()));
        move || gate.run(|| function(stream.get().cast(), user_data.get()))
    };
    let now = borrow(stream, |stream| match &stream.coming {
        // The lock is held while somebody waits for a chunk; then nothing is ready.
        Some(coming) if stream.reader.try_lock().is_none_or(|reader| reader.ready.is_empty()) => {
            coming.on_ready_later(host).map(|now| now.map(boxed))
        }
        _ => Ok(Some(boxed(host))),
    })?;
    if let Some(host) = now {
        host();
    }
    Ok(())
}

fn boxed(code: impl FnOnce() + Send + 'static) -> Box<dyn FnOnce() + Send> {
    Box::new(code)
}

impl Default for Chunk {
    fn default() -> Self {
        Self { state: ChunkState::GATEWAY_END, data: ptr::null(), len: 0 }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("head", &self.head).finish_non_exhaustive()
    }
}

/// Called when a stream has something. It may ask for chunks with a timeout of 0, write to a pipe or set a flag; it must
/// not wait for anything, throw or jump out.
pub type StreamFn = Option<extern "C" fn(stream: *mut Stream, user_data: *mut c_void)>;

/// Waits at most `timeout_ms` for the next piece of an answer; 0 does not wait, `GATEWAY_FOREVER` as long as it takes.
///
/// `chunk->state` says what came of it. The bytes of a chunk are valid until the next call for this stream. An error ends
/// the stream, after all pieces that came before it; from then on it is at its end. One thread at a time; not inside a
/// callback, unless `timeout_ms` is 0.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_stream_next(
    stream: Option<&Stream>,
    timeout_ms: u32,
    chunk: Option<&mut MaybeUninit<Chunk>>,
) -> Option<Box<Error>> {
    give(chunk, "chunk", || needed(stream, "stream")?.next(timeout(timeout_ms)))
}

pub(crate) fn timeout(timeout_ms: u32) -> Option<Duration> {
    (timeout_ms != GATEWAY_FOREVER).then(|| Duration::from_millis(timeout_ms.into()))
}

/// Calls `on_ready` once, as soon as `gateway_stream_next` would not wait: at once and on this thread where that is so
/// already, else on a thread of the gateway's. Ask again for the next time, once there is nothing left to take; a second
/// one replaces the first. It is not called after `gateway_stream_free`, which waits for one that is running.
///
/// `user_data` is handed to it as it is. By the thread that reads the stream; also inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_stream_on_ready(
    stream: Option<NonNull<Stream>>,
    on_ready: StreamFn,
    user_data: *mut c_void,
) -> Option<Box<Error>> {
    guard(|| self::on_ready(stream.ok_or_else(|| null("stream"))?, on_ready, UserData::of(user_data)))
}

/// Returns the status, headers, trace and provider of the answer, which are known from the start; NULL for NULL. Valid
/// until the stream is freed.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_stream_head(stream: Option<&Stream>) -> Option<&Head> {
    stream.map(|stream| &stream.head)
}

/// Ends the call upstream. What has come can still be taken; then comes `GATEWAY_ERROR_CANCELLED`, unless the end had come
/// before. Any thread, also while another waits for the next chunk; also inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_stream_cancel(stream: Option<&Stream>) -> Option<Box<Error>> {
    guard(|| needed(stream, "stream")?.coming.as_ref().map_or(Ok(()), bindings::Stream::cancel))
}

/// Frees a stream and sets `*stream` to NULL. One that has not ended is cancelled. NULL, and a NULL in it, is harmless. No
/// other thread may be inside a call with this stream; also inside a callback.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_stream_free(stream: Option<&mut Option<Box<Stream>>>) {
    free(stream, |stream| {
        stream.gate.shut();
        Ok(())
    });
}
