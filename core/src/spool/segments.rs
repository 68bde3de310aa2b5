//! Which segments there are, what each is still needed for, and the one that is written to. Everything here happens
//! under the spool's lock, and quickly.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Segment,
    current::Current,
    frame::{self, Frame, Kind},
    home::Home,
};
use crate::types::ids::TraceId;

/// How long after a failed write the disk is left alone.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Segments {
    current: Option<Current>,
    tallies: BTreeMap<Segment, Tally>,
    /// Requests that have begun and not ended, with their intents.
    open: HashMap<TraceId, OpenIntent>,
    next: Segment,
    /// All bytes on disk.
    bytes: u64,
    /// At most so many.
    limit: u64,
    /// Nothing is written any more.
    pub(super) left: bool,
    /// The disk is left alone until then, and why.
    failed: Option<(Instant, String)>,
    /// What nobody was told yet of that: whoever listens is not to be waited for under the lock.
    unsaid: Option<String>,
    foreign: u64,
    buffer: Vec<u8>,
}

/// How a spool is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// All bytes of this gateway on disk.
    pub(crate) bytes: u64,
    /// What is wrong with the disk.
    pub(crate) error: Option<String>,
    /// Files of a newer version, in folders that nobody has.
    pub(crate) foreign: u64,
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

impl Segments {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Refuses while the disk is left alone.
    pub(super) fn check(&self) -> io::Result<()> {
        match &self.failed {
            _ if self.left => Err(io::Error::other("the spool was left")),
            Some((until, why)) if Instant::now() < *until => Err(io::Error::other(why.clone())),
            _ => Ok(()),
        }
    }

    pub(super) fn status(&self) -> Status {
        let error = self.failed.as_ref().map(|(_, why)| why.clone());
        Status { bytes: self.bytes, error, foreign: self.foreign }
    }

    /// So many files in other folders are of a newer version; whether these are more than before.
    pub(super) fn note_foreign(&mut self, files: u64) -> bool {
        files > std::mem::replace(&mut self.foreign, files)
    }

    /// The disk does not do what it should.
    pub(super) fn note_failure(&mut self, error: &io::Error) {
        if self.failed.is_none() {
            self.unsaid = Some(error.to_string());
        }
        self.failed = Some((Instant::now() + PAUSE, error.to_string()));
    }

    /// What is wrong with the disk, once.
    pub(super) fn take_unsaid(&mut self) -> Option<String> {
        self.unsaid.take()
    }

    pub(super) fn intend(&mut self, home: &Home, id: TraceId, payload: Box<[u8]>) -> io::Result<()> {
        let segment = self.write_frames(home, [Frame { kind: Kind::Intent, id, payload: &payload }], self.limit)?;
        self.tally(segment).intents += 1;
        self.open.insert(id, OpenIntent { segment, payload });
        Ok(())
    }

    /// Appends frames of outcomes; whether they are behind then, and the file they are in.
    pub(super) fn append(
        &mut self,
        home: &Home,
        frames: &[u8],
        ids: &[TraceId],
        room: bool,
    ) -> io::Result<(Segment, bool, Arc<File>)> {
        let was_behind = self.tallies.values().any(|tally| tally.behind > 0);
        let behind = was_behind || !room;
        if behind && !was_behind {
            // What is behind has segments of its own: what is pending is not read back.
            self.current = None;
        }
        let (segment, file) = self.write(home, frames, self.limit)?;
        let tally = self.tally(segment);
        *(if behind { &mut tally.behind } else { &mut tally.pending }) += ids.len();
        for id in ids {
            self.forget(*id);
        }
        Ok((segment, behind, file))
    }

    /// No outcome of it is awaited any more.
    pub(super) fn forget(&mut self, id: TraceId) {
        if let Some(intent) = self.open.remove(&id) {
            let tally = self.tally(intent.segment);
            tally.intents = tally.intents.saturating_sub(1);
        }
    }

    pub(super) fn settle(&mut self, segment: Segment, rows: usize) {
        let tally = self.tally(segment);
        tally.pending = tally.pending.saturating_sub(rows);
    }

    /// The first segment with outcomes that are behind, and how many; nothing is added to it any more.
    pub(super) fn next_behind(&mut self) -> Option<(Segment, usize)> {
        let (segment, rows) =
            self.tallies.iter().find(|(_, tally)| tally.behind > 0).map(|(segment, tally)| (*segment, tally.behind))?;
        if self.current.as_ref().is_some_and(|current| current.number == segment) {
            self.current = None;
        }
        Some((segment, rows))
    }

    pub(super) fn settle_behind(&mut self, segment: Segment) {
        self.tally(segment).behind = 0;
    }

    /// The segment that is written to gets no more.
    pub(super) fn seal(&mut self) {
        self.current = None;
    }

    /// Nothing is written any more.
    pub(super) fn leave(&mut self) {
        (self.current, self.left) = (None, true);
    }

    /// The segments that are not needed any more: their files are to be removed. Those that only open intents keep give
    /// them to the current one first.
    pub(super) fn take_done(&mut self, home: &Home) -> Vec<Segment> {
        let current = self.current.as_ref().map(|current| current.number);
        let mut done: Vec<(Segment, bool)> = self
            .tallies
            .iter()
            .filter(|(number, tally)| Some(**number) != current && tally.pending == 0 && tally.behind == 0)
            .map(|(number, tally)| (*number, tally.intents > 0))
            .collect();
        // After the end nothing is carried: the next gateway finds the intents where they are.
        done.retain(|(segment, has_intents)| !has_intents || !self.left && self.carry(home, *segment));
        for (segment, _) in &done {
            if let Some(tally) = self.tallies.remove(segment) {
                self.bytes = self.bytes.saturating_sub(tally.bytes);
            }
        }
        done.into_iter().map(|(segment, _)| segment).collect()
    }

    /// Writes the open intents of a segment into the current one, be the spool full or not: it is emptied by that.
    fn carry(&mut self, home: &Home, segment: Segment) -> bool {
        let open: Vec<(TraceId, Box<[u8]>)> = self
            .open
            .iter()
            .filter(|(_, intent)| intent.segment == segment)
            .map(|(id, intent)| (*id, intent.payload.clone()))
            .collect();
        let frames = open.iter().map(|(id, payload)| Frame { kind: Kind::Intent, id: *id, payload });
        let Ok(to) = self.write_frames(home, frames, u64::MAX) else { return false };
        self.tally(to).intents += open.len();
        for (id, _) in open {
            if let Some(intent) = self.open.get_mut(&id) {
                intent.segment = to;
            }
        }
        true
    }

    fn tally(&mut self, segment: Segment) -> &mut Tally {
        self.tallies.entry(segment).or_default()
    }

    fn write_frames<'a>(
        &mut self,
        home: &Home,
        frames: impl IntoIterator<Item = Frame<'a>>,
        limit: u64,
    ) -> io::Result<Segment> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        for frame in frames {
            frame::push(&mut buffer, frame);
        }
        let written = self.write(home, &buffer, limit);
        self.buffer = buffer;
        written.map(|(segment, _)| segment)
    }

    /// Appends bytes in one write.
    fn write(&mut self, home: &Home, bytes: &[u8], limit: u64) -> io::Result<(Segment, Arc<File>)> {
        let written = self.try_write(home, bytes, limit);
        match &written {
            Ok(_) => self.failed = None,
            Err(error) => {
                // The segment gets no more: nobody knows what is at its end.
                self.current = None;
                self.note_failure(error);
            }
        }
        written
    }

    fn try_write(&mut self, home: &Home, bytes: &[u8], limit: u64) -> io::Result<(Segment, Arc<File>)> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.bytes.saturating_add(length) > limit {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the spool holds recorder.spool_bytes already"));
        }
        let mut current = match self.current.take_if(|current| current.has_room()) {
            Some(current) => current,
            None => self.next_segment(home)?,
        };
        let written = current.append(home.disk(), bytes)?;
        self.bytes += written;
        let (number, file) = (current.number, Arc::clone(&current.file));
        self.tally(number).bytes += written;
        self.current = Some(current);
        Ok((number, file))
    }

    fn next_segment(&mut self, home: &Home) -> io::Result<Current> {
        let current = Current::create(home, self.next)?;
        self.next += 1;
        self.tallies.insert(current.number, Tally { bytes: current.bytes, ..Tally::default() });
        self.bytes += current.bytes;
        Ok(current)
    }
}
