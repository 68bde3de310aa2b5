//! What a request leaves on disk until its trace is in the store, so that neither a killed process nor a store that is
//! away loses it: an intent before the first upstream byte, the outcome afterwards. It keeps bytes and knows nothing of
//! what they mean.
//!
//! A gateway has a folder of segment files of its own, and appends. A segment goes when everything in it is in the
//! store; intents that are still open are carried into the current one. While the store is away, outcomes are left
//! behind: they have a place on disk only, and are read back when the store is there again.

mod current;
mod directory;
pub(crate) mod disk;
mod frame;
mod home;
mod segments;
mod survey;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::{Mutex, MutexGuard};

pub(crate) use self::frame::{Frame, Frames, Kind};
use self::{
    directory::Directory,
    disk::{Disk, Local},
    home::Home,
    segments::Segments,
};
pub(crate) use self::{segments::Status, survey::Survey};
use crate::{
    error::{Error, Result},
    types::ids::TraceId,
};

/// The number of a segment.
pub(crate) type Segment = u64;

/// The spool of one gateway.
#[derive(Debug)]
pub(crate) struct Spool {
    home: Home,
    segments: Mutex<Segments>,
}

/// Outcomes that are in the spool.
pub(crate) struct Appended {
    pub(crate) placed: Placed,
    file: Arc<File>,
    /// The folder it is in.
    folder: PathBuf,
    disk: Arc<dyn Disk>,
}

/// Where outcomes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// On disk, and in the hands of whoever writes them to the store; who then says [`Spool::settle`].
    Pending(Segment),
    /// On disk only: [`Spool::next_behind`] names the segment when its turn comes.
    Behind(Segment),
}

impl Placed {
    /// The segment of what is pending.
    pub(crate) fn segment(self) -> Option<Segment> {
        match self {
            Self::Pending(segment) => Some(segment),
            Self::Behind(_) => None,
        }
    }
}

impl Appended {
    /// Waits until it is on the disk itself, whatever happens to the machine. Blocks.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.disk.sync(&self.file)?;
        // Where nothing was created since, these cost next to nothing.
        let folders = [Some(self.folder.as_path()), self.folder.parent()];
        folders.into_iter().flatten().try_for_each(|folder| self.disk.sync_directory(folder))
    }
}

impl Spool {
    /// Makes a folder for a gateway in the directory of its store. At most `limit` bytes are kept.
    pub(crate) fn open(directory: &Path, limit: u64) -> Result<Self> {
        Self::open_on(Arc::new(Local), directory, limit)
    }

    /// The same, on that disk.
    pub(crate) fn open_on(disk: Arc<dyn Disk>, path: &Path, limit: u64) -> Result<Self> {
        let home = Directory { path: path.to_owned(), disk }.make_home().map_err(|error| {
            let message = format!("spool_dir {} cannot be used; choose one that is writable", path.display());
            Error::config("spool_dir", message).with_source(error)
        })?;
        Ok(Self { home, segments: Mutex::new(Segments::new(limit)) })
    }

    /// Notes that an upstream is about to be asked. Survives the end of the process when it returns.
    pub(crate) fn intend(&self, id: TraceId, payload: &[u8]) -> io::Result<()> {
        let payload = payload.into();
        let mut segments = self.writable()?;
        let intended = segments.intend(&self.home, id, payload);
        say(segments);
        intended
    }

    /// Notes how requests ended, all or none. With `room` for them elsewhere they are pending, unless others are behind
    /// already: the first come first.
    pub(crate) fn append<'a>(
        &self,
        outcomes: impl Iterator<Item = (TraceId, &'a [u8])>,
        room: bool,
    ) -> io::Result<Appended> {
        // Made before the lock is taken: requests that begin wait for it.
        let (mut frames, mut ids) = (Vec::new(), Vec::new());
        for (id, payload) in outcomes {
            frame::push(&mut frames, Frame { kind: Kind::Outcome, id, payload });
            ids.push(id);
        }
        let mut segments = self.writable()?;
        let (segment, behind, file) = match segments.append(&self.home, &frames, &ids, room) {
            Ok(appended) => appended,
            Err(error) => {
                say(segments);
                return Err(error);
            }
        };
        self.tidy(segments);
        Ok(Appended {
            placed: if behind { Placed::Behind(segment) } else { Placed::Pending(segment) },
            file,
            folder: self.home.path().to_owned(),
            disk: Arc::clone(&self.home.directory().disk),
        })
    }

    /// A request whose outcome will not be appended: it is not open any more.
    pub(crate) fn forget(&self, id: TraceId) {
        let mut segments = self.segments.lock();
        // After the end nobody else says what became of it: the next gateway finds it abandoned.
        if !segments.left && self.home.is_ours() {
            segments.forget(id);
            self.tidy(segments);
        }
    }

    /// Pending outcomes of a segment are in the store, or wherever they are to be.
    pub(crate) fn settle(&self, segment: Segment, rows: usize) {
        let mut segments = self.segments.lock();
        segments.settle(segment, rows);
        self.tidy(segments);
    }

    /// The first segment of outcomes that are behind, how many there are, and its bytes. It is not written to any more.
    pub(crate) fn next_behind(&self) -> Option<(Segment, usize, io::Result<Vec<u8>>)> {
        let (segment, rows) = self.segments.lock().next_behind()?;
        Some((segment, rows, self.home.read_segment(segment)))
    }

    /// The outcomes of a segment that was behind are in the store.
    pub(crate) fn settle_behind(&self, segment: Segment) {
        let mut segments = self.segments.lock();
        segments.settle_behind(segment);
        self.tidy(segments);
    }

    /// Not all outcomes of a segment that was behind can be read: it is kept for people.
    pub(crate) fn settle_damaged(&self, segment: Segment) {
        if let Err(error) = self.home.keep_damaged(segment) {
            tracing::warn!(%error, "a damaged segment of the spool cannot be kept");
        }
        self.settle_behind(segment);
    }

    /// Keeps what the gateway says of itself for the next one, as long as it can tell nobody else.
    pub(crate) fn keep_account(&self, account: &[u8]) {
        if self.home.is_ours()
            && let Err(error) = self.home.keep_account(account)
        {
            self.note_failure(&error);
        }
    }

    /// What the gateway says of itself is known elsewhere.
    pub(crate) fn forget_account(&self) {
        if self.home.is_ours()
            && let Err(error) = self.home.forget_account()
        {
            tracing::warn!(%error, "the account in the spool cannot be removed");
        }
    }

    /// How it is.
    pub(crate) fn status(&self) -> Status {
        self.segments.lock().status()
    }

    /// The disk does not do what it should.
    pub(crate) fn note_failure(&self, error: &io::Error) {
        let mut segments = self.segments.lock();
        segments.note_failure(error);
        say(segments);
    }

    /// Removes what is in the store already and is kept only because its segment is not full.
    pub(crate) fn renew(&self) {
        let mut segments = self.segments.lock();
        if !segments.left && self.home.is_ours() {
            segments.seal();
            self.tidy(segments);
        }
    }

    /// Leaves: what is in the store is removed, what is not is there for the next gateway that opens this directory.
    pub(crate) fn leave(&self) {
        let mut segments = self.segments.lock();
        segments.leave();
        self.tidy(segments);
        if self.home.is_ours()
            && let Err(error) = self.home.leave()
        {
            tracing::warn!(%error, "the gateway's folder in the spool cannot be removed");
        }
    }

    /// The spools of gateways that are gone, ours to read now. Those that hold nothing but files of a newer version are
    /// left alone, and said in the status.
    pub(crate) fn orphans(&self) -> io::Result<Vec<Orphan>> {
        let found = self.home.directory().orphans()?;
        if self.segments.lock().note_foreign(found.foreign) {
            tracing::warn!(
                files = found.foreign,
                "the spool has files of a newer version of this library; they stay for it"
            );
        }
        Ok(found.orphans.into_iter().map(|home| Orphan { home }).collect())
    }

    /// Everything that is in the spool at this moment, of gateways that live and of those that are gone.
    pub(crate) fn survey(&self) -> Survey {
        Survey::of(self.home.directory().clone())
    }

    fn writable(&self) -> io::Result<MutexGuard<'_, Segments>> {
        if !self.home.is_ours() {
            return Err(io::Error::other("the process was forked; open a gateway of its own"));
        }
        let segments = self.segments.lock();
        segments.check()?;
        Ok(segments)
    }

    /// Removes what is not needed any more. The files go when nobody waits for the lock.
    fn tidy(&self, mut segments: MutexGuard<'_, Segments>) {
        if !self.home.is_ours() {
            return;
        }
        let done = segments.take_done(&self.home);
        drop(segments);
        for segment in done {
            match self.home.remove_segment(segment) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, "a segment of the spool cannot be removed");
                }
                _ => {}
            }
        }
    }
}

/// Tells what went wrong, when nobody waits for the lock any more: the host's own code may listen.
fn say(mut segments: MutexGuard<'_, Segments>) {
    let unsaid = segments.take_unsaid();
    drop(segments);
    if let Some(error) = unsaid {
        tracing::warn!(error, "the spool cannot be written; traces are in memory only");
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

    /// What its gateway last said of itself; `None` where somebody else knows.
    pub(crate) fn account(&self) -> io::Result<Option<Vec<u8>>> {
        self.home.account()
    }

    /// What its gateway said of itself is known elsewhere.
    pub(crate) fn forget_account(&self) -> io::Result<()> {
        self.home.forget_account()
    }

    /// All bytes of a segment.
    pub(crate) fn read(&self, segment: Segment) -> io::Result<Vec<u8>> {
        self.home.read_segment(segment)
    }

    /// The traces of a segment are in the store.
    pub(crate) fn settle(&self, segment: Segment) -> io::Result<()> {
        self.home.remove_segment(segment)
    }

    /// What could be read of a segment is in the store: it is kept for people.
    pub(crate) fn settle_damaged(&self, segment: Segment) -> io::Result<()> {
        self.home.keep_damaged(segment)
    }

    /// Everything has been read. What could not be understood stays.
    pub(crate) fn leave(&self) -> io::Result<()> {
        self.home.leave()
    }
}
