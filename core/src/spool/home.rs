//! The directory of a store's spool: a folder per gateway, whose lock says whether its gateway lives.
//!
//! ```text
//! <spool>/<pid>-<uuid>/lock         held with fcntl: it ends with the process, even when a forked child lives on
//! <spool>/<pid>-<uuid>/00000001.seg …
//! <spool>/<pid>-<uuid>/account   what the gateway last said of itself and could tell nobody else
//! <spool>/claims                    held while folders of gateways that are gone are taken over
//! <spool>/damaged/                  segments in which something could not be read, kept for people
//! ```
//!
//! A process does not see its own fcntl locks, and loses them by closing another handle of the same file. So a gateway
//! never opens the lock of a folder that carries its own process id: a second lock, `alive`, which belongs to the open
//! file, tells whether another gateway of the same process has it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process,
};

use parking_lot::Mutex;
use rustix::fs::{FlockOperation, fcntl_lock};
use uuid::Uuid;

const LOCK: &str = "lock";
const ALIVE: &str = "alive";
const ACCOUNT: &str = "account";
const ACCOUNT_NEW: &str = "account.new";
const CLAIMS: &str = "claims";
const DAMAGED: &str = "damaged";
const SUFFIX: &str = "seg";

/// The folder of one gateway, ours while this value lives.
#[derive(Debug)]
pub(super) struct Home {
    path: PathBuf,
    pid: u32,
    /// Held as long as they are open.
    locks: Mutex<Option<(File, File)>>,
}

impl Home {
    /// Makes a folder of our own. It gets its name when it is locked: nobody ever sees it without its lock.
    pub(super) fn create(spool: &Path) -> io::Result<Self> {
        private_directories(spool)?;
        let name = new_name();
        let (unnamed, path) = (spool.join(format!("new-{name}")), spool.join(name));
        DirBuilder::new().mode(0o700).create(&unnamed)?;
        let locks = (open(&unnamed.join(LOCK))?, open(&unnamed.join(ALIVE))?);
        fcntl_lock(&locks.0, FlockOperation::NonBlockingLockExclusive)?;
        locks.1.try_lock().map_err(io::Error::from)?;
        fs::rename(&unnamed, &path)?;
        Ok(Self { path, pid: process::id(), locks: Mutex::new(Some(locks)) })
    }

    /// The folders whose gateways are gone: they are ours now, and carry our name.
    pub(super) fn orphans(spool: &Path) -> io::Result<Vec<Self>> {
        let claims =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(spool.join(CLAIMS))?;
        if claims.try_lock().is_err() {
            // Somebody else takes them over at this moment.
            return Ok(Vec::new());
        }
        let orphans = Self::claim_all(spool);
        // A child that is forked at this moment would keep it.
        claims.unlock()?;
        orphans
    }

    fn claim_all(spool: &Path) -> io::Result<Vec<Self>> {
        // All names first: a directory that changes while it is read may be read in part.
        let mut orphans = Vec::new();
        for path in folders(spool)? {
            if let Some(pid) = pid_of(&path) {
                // An error means that it is somebody else's, or not to be understood: it stays.
                orphans.extend(Self::claim(&path, pid).ok().flatten());
            }
        }
        Ok(orphans)
    }

    fn claim(path: &Path, pid: u32) -> io::Result<Option<Self>> {
        let alive = OpenOptions::new().write(true).open(path.join(ALIVE))?;
        match alive.try_lock() {
            Ok(()) => {}
            // A child that was forked from a gateway's process may hold it after that process has ended.
            Err(TryLockError::WouldBlock) if pid != process::id() => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let lock = OpenOptions::new().write(true).open(path.join(LOCK))?;
        if fcntl_lock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(None);
        }
        // One that nobody else has open.
        fs::remove_file(path.join(ALIVE))?;
        let alive = open(&path.join(ALIVE))?;
        alive.try_lock().map_err(io::Error::from)?;
        let ours = path.with_file_name(new_name());
        fs::rename(path, &ours)?;
        Ok(Some(Self { path: ours, pid: process::id(), locks: Mutex::new(Some((lock, alive))) }))
    }

    /// Whether this is still the process that has it: not so in a forked child.
    pub(super) fn is_ours(&self) -> bool {
        self.pid == process::id()
    }

    /// A new segment file.
    pub(super) fn create_segment(&self, number: u64) -> io::Result<File> {
        OpenOptions::new().append(true).create_new(true).mode(0o600).open(self.segment(number))
    }

    pub(super) fn read_segment(&self, number: u64) -> io::Result<Vec<u8>> {
        fs::read(self.segment(number))
    }

    pub(super) fn remove_segment(&self, number: u64) -> io::Result<()> {
        fs::remove_file(self.segment(number))
    }

    /// Puts down what the gateway says of itself, in place of what it said before.
    pub(super) fn keep_account(&self, account: &[u8]) -> io::Result<()> {
        let unnamed = self.path.join(ACCOUNT_NEW);
        match fs::remove_file(&unnamed) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        open(&unnamed)?.write_all(account)?;
        fs::rename(unnamed, self.path.join(ACCOUNT))
    }

    /// What the gateway last said of itself.
    pub(super) fn account(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path.join(ACCOUNT)) {
            Ok(account) => Ok(Some(account)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Somebody else knows what the gateway said of itself.
    pub(super) fn forget_account(&self) -> io::Result<()> {
        match fs::remove_file(self.path.join(ACCOUNT)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Puts a segment where people can look at it, and nothing here does any more.
    pub(super) fn keep_damaged(&self, number: u64) -> io::Result<()> {
        let (Some(spool), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Err(io::ErrorKind::InvalidFilename.into());
        };
        let damaged = spool.join(DAMAGED);
        private_directories(&damaged)?;
        let name = format!("{}-{number:08}.{SUFFIX}", name.to_string_lossy());
        fs::rename(self.segment(number), damaged.join(name))
    }

    /// The numbers of the segments, in order.
    pub(super) fn segments(&self) -> io::Result<Vec<u64>> {
        let mut numbers: Vec<_> = segment_files(&self.path)?.into_iter().map(|(number, _)| number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Removes the folder, unless there is more in it than the locks, and lets go of it.
    pub(super) fn leave(&self) -> io::Result<()> {
        let locks = self.locks.lock().take();
        let removed = self.remove_if_done();
        if let Some((_, alive)) = &locks {
            alive.unlock()?;
        }
        removed
    }

    fn remove_if_done(&self) -> io::Result<()> {
        let is_needed = fs::read_dir(&self.path)?.flatten().any(|entry| {
            let name = entry.file_name();
            name != LOCK && name != ALIVE && name != ACCOUNT_NEW
        });
        if is_needed {
            return Ok(());
        }
        // Not seen half removed: without its name nobody claims it.
        let unnamed = self.path.with_file_name(format!("old-{}", Uuid::new_v4().simple()));
        fs::rename(&self.path, &unnamed)?;
        fs::remove_dir_all(unnamed)
    }

    fn segment(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:08}.{SUFFIX}"))
    }
}

impl Drop for Home {
    /// A forked child has the handle, too: without this it would go on holding the lock.
    fn drop(&mut self) {
        if let Some((_, alive)) = self.locks.get_mut()
            && self.pid == process::id()
        {
            drop(alive.unlock());
        }
    }
}

/// The folders of all gateways, living or not.
pub(super) fn folders(spool: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(spool)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.retain(|path| pid_of(path).is_some());
    Ok(paths)
}

/// The segments in a gateway's folder, with their numbers.
pub(super) fn segment_files(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == SUFFIX) {
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            files.extend(number.map(|number| (number, path)));
        }
    }
    Ok(files)
}

/// The name of a folder of this process.
fn new_name() -> String {
    format!("{}-{}", process::id(), Uuid::new_v4().simple())
}

/// The process id in a folder's name; `None` for what is no folder of a gateway.
fn pid_of(path: &Path) -> Option<u32> {
    let (pid, id) = path.file_name()?.to_str()?.split_once('-')?;
    Uuid::try_parse(id).ok()?;
    pid.parse().ok()
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn private_directories(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
