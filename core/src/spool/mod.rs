//! What a request leaves on disk until its trace is in the store, so that neither a killed process nor a store that is
//! away loses it: an intent before the first upstream byte, the outcome afterwards. It keeps bytes and knows nothing of
//! what they mean.
//!
//! A gateway has a folder of segment files of its own, and appends. A segment goes when everything in it is in the
//! store; intents that are still open are carried into the current one. While the store is away, outcomes are left
//! behind: they have a place on disk only, and are read back when the store is there again.

mod frame;
mod home;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

pub(crate) use self::frame::{Frame, Frames, Kind};
use self::home::Home;
use crate::{
    error::{Error, Result},
    types::ids::TraceId,
};

/// A segment that has grown beyond this is sealed.
const SEGMENT_BYTES: u64 = 4 << 20;
/// How long after a failed write the disk is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// The number of a segment.
pub(crate) type Segment = u64;

/// The spool of one gateway.
#[derive(Debug)]
pub(crate) struct Spool {
    home: Home,
    directory: PathBuf,
    limit: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Current>,
    tallies: BTreeMap<Segment, Tally>,
    /// Requests that have begun and not ended, with their intents.
    open: HashMap<TraceId, OpenIntent>,
    next: Segment,
    /// All bytes on disk.
    bytes: u64,
    /// Nothing is written any more.
    left: bool,
    /// The disk is left alone until then, and why.
    failed: Option<(Instant, String)>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Current {
    number: Segment,
    file: Arc<File>,
    bytes: u64,
}

/// What a segment is still needed for.
#[derive(Debug, Default)]
struct Tally {
    bytes: u64,
    intents: usize,
    /// Outcomes that are on their way into the store.
    pending: usize,
    /// Outcomes that are nowhere else.
    behind: usize,
}

#[derive(Debug)]
struct OpenIntent {
    segment: Segment,
    payload: Box<[u8]>,
}

/// Where outcomes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// On disk, and in the hands of whoever writes them to the store; who then says [`Spool::settle`].
    Pending(Segment),
    /// On disk only: [`Spool::next_behind`] names the segment when its turn comes.
    Behind,
}

impl Spool {
    /// Makes a folder for a gateway in the spool's directory. At most `limit` bytes are kept.
    pub(crate) fn open(directory: &Path, limit: u64) -> Result<Self> {
        let home = Home::create(directory).map_err(|error| {
            let message = format!("spool_dir {} cannot be used; choose one that is writable", directory.display());
            Error::config("spool_dir", message).with_source(error)
        })?;
        Ok(Self { home, directory: directory.to_owned(), limit, state: Mutex::default() })
    }

    /// Notes that an upstream is about to be asked. Survives the end of the process when it returns.
    pub(crate) fn intend(&self, id: TraceId, payload: &[u8]) -> io::Result<()> {
        let payload: Box<[u8]> = payload.into();
        let mut state = self.writable()?;
        let segment = self.write(&mut state, [Frame { kind: Kind::Intent, id, payload: &payload }])?;
        state.tally(segment).intents += 1;
        state.open.insert(id, OpenIntent { segment, payload });
        Ok(())
    }

    /// Notes how requests ended, all or none. With `room` for them elsewhere they are pending, unless others are behind
    /// already: the first come first.
    pub(crate) fn append<'a>(
        &self,
        outcomes: impl ExactSizeIterator<Item = (TraceId, &'a [u8])>,
        room: bool,
    ) -> io::Result<Placed> {
        let rows = outcomes.len();
        let mut state = self.writable()?;
        let was_behind = state.is_behind();
        let behind = was_behind || !room;
        if behind && !was_behind {
            // What is behind has segments of its own: what is pending is not read back.
            state.current = None;
        }
        let (ids, frames): (Vec<_>, Vec<_>) =
            outcomes.map(|(id, payload)| (id, Frame { kind: Kind::Outcome, id, payload })).unzip();
        let segment = self.write(&mut state, frames)?;
        let tally = state.tally(segment);
        *(if behind { &mut tally.behind } else { &mut tally.pending }) += rows;
        for id in ids {
            if let Some(intent) = state.open.remove(&id) {
                state.tally(intent.segment).intents -= 1;
            }
        }
        self.tidy(&mut state);
        Ok(if behind { Placed::Behind } else { Placed::Pending(segment) })
    }

    /// A request whose outcome will never be appended: it is not open any more.
    pub(crate) fn forget(&self, id: TraceId) {
        let mut state = self.state.lock();
        // After the end nobody else says what became of it: the next gateway finds it abandoned.
        if !state.left
            && let Some(intent) = state.open.remove(&id)
        {
            state.tally(intent.segment).intents -= 1;
            self.tidy(&mut state);
        }
    }

    /// Pending outcomes of a segment are in the store, or wherever they are to be.
    pub(crate) fn settle(&self, segment: Segment, rows: usize) {
        let mut state = self.state.lock();
        let tally = state.tally(segment);
        tally.pending = tally.pending.saturating_sub(rows);
        self.tidy(&mut state);
    }

    /// The first segment of outcomes that are behind, how many there are, and its bytes. It is not written to any more.
    pub(crate) fn next_behind(&self) -> Option<(Segment, usize, io::Result<Vec<u8>>)> {
        let mut state = self.state.lock();
        let (segment, rows) = state
            .tallies
            .iter()
            .find(|(_, tally)| tally.behind > 0)
            .map(|(segment, tally)| (*segment, tally.behind))?;
        if state.current.as_ref().is_some_and(|current| current.number == segment) {
            state.current = None;
        }
        drop(state);
        Some((segment, rows, self.home.read_segment(segment)))
    }

    /// The outcomes of a segment are in the store, as far as they could be read.
    pub(crate) fn settle_behind(&self, segment: Segment, damaged: bool) {
        let mut state = self.state.lock();
        state.tally(segment).behind = 0;
        if damaged && let Err(error) = self.home.keep_damaged(segment) {
            tracing::warn!(%error, "a damaged segment of the spool cannot be kept");
        }
        self.tidy(&mut state);
    }

    /// Waits until what was appended is on the disk itself, whatever happens to the machine. Blocks.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let file = self.state.lock().current.as_ref().map(|current| Arc::clone(&current.file));
        file.map_or(Ok(()), |file| file.sync_data())
    }

    /// Bytes on disk, and what is wrong with the disk.
    pub(crate) fn status(&self) -> (u64, Option<String>) {
        let state = self.state.lock();
        (state.bytes, state.failed.as_ref().map(|(_, why)| why.clone()))
    }

    /// Leaves: what is in the store is removed, what is not is there for the next gateway that opens this directory.
    pub(crate) fn leave(&self) {
        let mut state = self.state.lock();
        (state.current, state.left) = (None, true);
        if self.home.is_ours() {
            // Requests that are still open then have nobody to end them.
            self.tidy(&mut state);
            if let Err(error) = self.home.leave() {
                tracing::warn!(%error, "the gateway's folder in the spool cannot be removed");
            }
        }
    }

    /// The spools of gateways that are gone, ours to read now.
    pub(crate) fn orphans(&self) -> io::Result<Vec<Orphan>> {
        Ok(Home::orphans(&self.directory)?.into_iter().map(|home| Orphan { home }).collect())
    }

    fn writable(&self) -> io::Result<parking_lot::MutexGuard<'_, State>> {
        let state = self.state.lock();
        match &state.failed {
            _ if state.left => Err(io::Error::other("the spool was left")),
            Some((until, why)) if Instant::now() < *until => Err(io::Error::other(why.clone())),
            _ => Ok(state),
        }
    }

    /// Appends frames in one write. What fails leaves no half frame in front of later ones.
    fn write<'a>(&self, state: &mut State, frames: impl IntoIterator<Item = Frame<'a>>) -> io::Result<Segment> {
        let mut buffer = std::mem::take(&mut state.buffer);
        buffer.clear();
        for frame in frames {
            frame::push(&mut buffer, frame);
        }
        let written = self.write_bytes(state, &buffer);
        // One large body does not stay in memory for ever.
        buffer.shrink_to(64 << 10);
        state.buffer = buffer;
        match &written {
            Ok(_) => state.failed = None,
            Err(error) => {
                // The segment gets no more: nobody knows what is at its end.
                state.current = None;
                if state.failed.is_none() {
                    tracing::warn!(%error, "the spool cannot be written; traces are in memory only");
                }
                state.failed = Some((Instant::now() + PAUSE, error.to_string()));
            }
        }
        written
    }

    fn write_bytes(&self, state: &mut State, bytes: &[u8]) -> io::Result<Segment> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if state.bytes.saturating_add(length) > self.limit {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the spool holds spool_bytes already"));
        }
        if state.current.as_ref().is_some_and(|current| current.bytes >= SEGMENT_BYTES) {
            state.current = None;
        }
        let mut current = match state.current.take() {
            Some(current) => current,
            None => self.next_segment(state)?,
        };
        if let Err(error) = (&*current.file).write_all(bytes) {
            // Half a frame is cut off again; where that fails, too, a reader skips it.
            drop(current.file.set_len(current.bytes));
            return Err(error);
        }
        current.bytes += length;
        state.bytes += length;
        let number = current.number;
        state.tally(number).bytes += length;
        state.current = Some(current);
        Ok(number)
    }

    fn next_segment(&self, state: &mut State) -> io::Result<Current> {
        let number = state.next;
        state.next += 1;
        let file = Arc::new(self.home.create_segment(number)?);
        (&*file).write_all(&frame::HEAD)?;
        let bytes = u64::try_from(frame::HEAD.len()).unwrap_or_default();
        state.tallies.insert(number, Tally { bytes, ..Tally::default() });
        state.bytes += bytes;
        Ok(Current { number, file, bytes })
    }

    /// Removes segments that are not needed any more; those that only open intents keep give them to the current one.
    fn tidy(&self, state: &mut State) {
        let current = state.current.as_ref().map(|current| current.number);
        let done: Vec<(Segment, bool)> = state
            .tallies
            .iter()
            .filter(|(number, tally)| Some(**number) != current && tally.pending == 0 && tally.behind == 0)
            .map(|(number, tally)| (*number, tally.intents > 0))
            .collect();
        for (segment, has_intents) in done {
            if has_intents && (current.is_none() || !self.carry(state, segment)) {
                continue;
            }
            match self.home.remove_segment(segment) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => tracing::warn!(%error, "a segment of the spool cannot be removed"),
            }
            if let Some(tally) = state.tallies.remove(&segment) {
                state.bytes = state.bytes.saturating_sub(tally.bytes);
            }
        }
    }

    /// Writes the open intents of a segment into the current one.
    fn carry(&self, state: &mut State, segment: Segment) -> bool {
        let open: Vec<(TraceId, Box<[u8]>)> = state
            .open
            .iter()
            .filter(|(_, intent)| intent.segment == segment)
            .map(|(id, intent)| (*id, intent.payload.clone()))
            .collect();
        let frames = open.iter().map(|(id, payload)| Frame { kind: Kind::Intent, id: *id, payload });
        let Ok(to) = self.write(state, frames) else { return false };
        state.tally(to).intents += open.len();
        for (id, _) in open {
            if let Some(intent) = state.open.get_mut(&id) {
                intent.segment = to;
            }
        }
        true
    }
}

impl State {
    fn tally(&mut self, segment: Segment) -> &mut Tally {
        self.tallies.entry(segment).or_default()
    }

    fn is_behind(&self) -> bool {
        self.tallies.values().any(|tally| tally.behind > 0)
    }
}

/// The spool of a gateway that is gone.
#[derive(Debug)]
pub(crate) struct Orphan {
    home: Home,
}

impl Orphan {
    /// Its segments, in order.
    pub(crate) fn segments(&self) -> io::Result<Vec<Segment>> {
        self.home.segments()
    }

    /// All bytes of a segment.
    pub(crate) fn read(&self, segment: Segment) -> io::Result<Vec<u8>> {
        self.home.read_segment(segment)
    }

    /// A segment has been read, and its traces are in the store.
    pub(crate) fn done(&self, segment: Segment, damaged: bool) -> io::Result<()> {
        if damaged { self.home.keep_damaged(segment) } else { self.home.remove_segment(segment) }
    }

    /// Everything has been read. What could not be understood stays.
    pub(crate) fn remove(&self) -> io::Result<()> {
        self.home.leave()
    }
}
