//! The folder of one gateway, whose lock says whether its gateway lives.
//!
//! ```text
//! lock           held with fcntl: it ends with the process, even when a forked child lives on
//! alive          held with flock: tells gateways of one process apart
//! account        what the gateway last said of itself and could tell nobody else
//! 00000001.seg … segments
//! ```
//!
//! A process does not see its own fcntl locks, and loses them by closing another handle of the same file. So a gateway
//! never opens the lock of a folder that carries its own process id: a second lock, `alive`, which belongs to the open
//! file, tells whether another gateway of the same process has it.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    process,
};

use parking_lot::Mutex;
use rustix::fs::{FlockOperation, fcntl_lock};

use super::{
    directory::{DAMAGED, Directory, new_name},
    disk::{Disk, unless_gone},
    frame,
};

const LOCK: &str = "lock";
const ALIVE: &str = "alive";
const ALIVE_NEW: &str = "alive.new";
const ACCOUNT: &str = "account";
const ACCOUNT_NEW: &str = "account.new";
const SUFFIX: &str = "seg";

/// What may be in a folder that is not needed any more.
const NOT_NEEDED: [&str; 4] = [LOCK, ALIVE, ALIVE_NEW, ACCOUNT_NEW];

/// The folder of one gateway, ours while this value lives.
#[derive(Debug)]
pub(super) struct Home {
    directory: Directory,
    path: PathBuf,
    pid: u32,
    /// Held as long as they are open.
    locks: Mutex<Option<Locks>>,
}

/// The two locks of a folder.
pub(super) type Locks = (File, File);

/// What became of an attempt to take a folder over.
pub(super) enum Claimed {
    Ours(Home),
    /// Its gateway lives, or another one reads it.
    Taken,
    /// Nobody has it, and there is nothing in it but so many files of a newer version.
    Foreign(u64),
}

/// Makes and takes the locks of a folder that nobody knows yet.
pub(super) fn lock_new(disk: &dyn Disk, folder: &Path) -> io::Result<Locks> {
    let locks = (disk.create(&folder.join(LOCK))?, disk.create(&folder.join(ALIVE))?);
    fcntl_lock(&locks.0, FlockOperation::NonBlockingLockExclusive)?;
    locks.1.try_lock().map_err(io::Error::from)?;
    Ok(locks)
}

impl Home {
    pub(super) fn of(directory: Directory, path: PathBuf, locks: Locks) -> Self {
        Self { directory, path, pid: process::id(), locks: Mutex::new(Some(locks)) }
    }

    /// Takes over the folder of a process, if its gateway is gone.
    pub(super) fn claim(directory: Directory, path: &Path, pid: u32) -> io::Result<Claimed> {
        let disk = &*directory.disk;
        let alive = disk.open(&path.join(ALIVE))?;
        match alive.try_lock() {
            Ok(()) => {}
            // A child that was forked from a gateway's process may hold it after that process has ended.
            Err(TryLockError::WouldBlock) if pid != process::id() => {}
            Err(TryLockError::WouldBlock) => return Ok(Claimed::Taken),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let lock = disk.open(&path.join(LOCK))?;
        if fcntl_lock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(Claimed::Taken);
        }
        if let Some(files) = only_foreign(disk, path)? {
            return Ok(Claimed::Foreign(files));
        }
        // One that nobody else has open, in place of the old one.
        let unnamed = path.join(ALIVE_NEW);
        unless_gone(disk.remove(&unnamed))?;
        let alive = disk.create(&unnamed)?;
        alive.try_lock().map_err(io::Error::from)?;
        disk.rename(&unnamed, &path.join(ALIVE))?;
        let ours = path.with_file_name(new_name());
        disk.rename(path, &ours)?;
        Ok(Claimed::Ours(Self::of(directory, ours, (lock, alive))))
    }

    /// Whether this is still the process that has it: not so in a forked child.
    pub(super) fn is_ours(&self) -> bool {
        self.pid == process::id()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.directory.disk
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// A new segment file.
    pub(super) fn create_segment(&self, number: u64) -> io::Result<File> {
        self.disk().create(&self.segment(number))
    }

    pub(super) fn read_segment(&self, number: u64) -> io::Result<Vec<u8>> {
        self.disk().read(&self.segment(number))
    }

    pub(super) fn remove_segment(&self, number: u64) -> io::Result<()> {
        self.disk().remove(&self.segment(number))
    }

    /// Puts down what the gateway says of itself, in place of what it said before.
    pub(super) fn keep_account(&self, account: &[u8]) -> io::Result<()> {
        let unnamed = self.path.join(ACCOUNT_NEW);
        unless_gone(self.disk().remove(&unnamed))?;
        let file = self.disk().create(&unnamed)?;
        self.disk().write(&file, account)?;
        self.disk().rename(&unnamed, &self.path.join(ACCOUNT))
    }

    /// What the gateway last said of itself.
    pub(super) fn account(&self) -> io::Result<Option<Vec<u8>>> {
        match self.disk().read(&self.path.join(ACCOUNT)) {
            Ok(account) => Ok(Some(account)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Somebody else knows what the gateway said of itself.
    pub(super) fn forget_account(&self) -> io::Result<()> {
        unless_gone(self.disk().remove(&self.path.join(ACCOUNT)))
    }

    /// Puts a segment where people can look at it, and nothing here does any more.
    pub(super) fn keep_damaged(&self, number: u64) -> io::Result<()> {
        let name = self.path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let damaged = self.directory.path.join(DAMAGED);
        self.disk().create_directory(&damaged)?;
        let name = format!("{}-{number:08}.{SUFFIX}", name.to_string_lossy());
        self.disk().rename(&self.segment(number), &damaged.join(name))
    }

    /// The numbers of the segments, in order.
    pub(super) fn segments(&self) -> io::Result<Vec<u64>> {
        let mut numbers: Vec<_> =
            segment_files(self.disk(), &self.path)?.into_iter().map(|(number, _)| number).collect();
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
        let is_needed = |path: &PathBuf| path.file_name().is_none_or(|name| !NOT_NEEDED.iter().any(|one| name == *one));
        if self.disk().list(&self.path)?.iter().any(is_needed) {
            return Ok(());
        }
        self.directory.remove_home(&self.path)
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

/// The segments in a gateway's folder, with their numbers.
pub(super) fn segment_files(disk: &dyn Disk, folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let number = |path: &PathBuf| {
        let is_segment = path.extension().is_some_and(|extension| extension == SUFFIX);
        path.file_stem().filter(|_| is_segment)?.to_str()?.parse::<u64>().ok()
    };
    Ok(disk.list(folder)?.into_iter().filter_map(|path| Some((number(&path)?, path))).collect())
}

/// How many segments there are that only a newer version can read; `None` when there is anything else to do.
fn only_foreign(disk: &dyn Disk, folder: &Path) -> io::Result<Option<u64>> {
    let segments = segment_files(disk, folder)?;
    if segments.is_empty() || disk.list(folder)?.iter().any(|path| path.ends_with(ACCOUNT)) {
        return Ok(None);
    }
    for (_, path) in &segments {
        if !frame::is_foreign(&disk.read_head(path, frame::HEAD.len())?) {
            return Ok(None);
        }
    }
    Ok(Some(u64::try_from(segments.len()).unwrap_or(u64::MAX)))
}
