//! The directory of a store's spool: who has which folder in it, and which ones nobody has any more.
//!
//! ```text
//! <spool>/<pid>-<uuid>/    the folder of a gateway: see `home.rs`
//! <spool>/new-…, old-…     one that is being made or removed
//! <spool>/claims           held while folders of gateways that are gone are taken over
//! <spool>/damaged/         segments in which something could not be read, kept for people
//! ```

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process,
    sync::Arc,
    time::Duration,
};

use uuid::Uuid;

use super::{
    disk::{Disk, unless_gone},
    home::{self, Claimed, Home},
};

const CLAIMS: &str = "claims";
pub(super) const DAMAGED: &str = "damaged";
const NEW: &str = "new-";
const OLD: &str = "old-";
/// A folder that is being made for so long is not: whoever began it has died.
const MAKING: Duration = Duration::from_secs(600);

/// The directory, and the file system it is on.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    pub(super) path: PathBuf,
    pub(super) disk: Arc<dyn Disk>,
}

/// What was found in folders that nobody has.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Ours now.
    pub(super) orphans: Vec<Home>,
    /// Files of a newer version, in folders that hold nothing else: left alone.
    pub(super) foreign: u64,
}

impl Directory {
    /// Makes a folder of our own. It gets its name when it is locked: nobody ever sees it without its lock.
    pub(super) fn make_home(&self) -> io::Result<Home> {
        self.disk.create_directory(&self.path)?;
        let name = new_name();
        let (unnamed, path) = (self.path.join(format!("{NEW}{name}")), self.path.join(name));
        self.disk.create_directory(&unnamed)?;
        let made = home::lock_new(&*self.disk, &unnamed).and_then(|locks| {
            self.disk.rename(&unnamed, &path)?;
            Ok(Home::of(self.clone(), path, locks))
        });
        if made.is_err() {
            drop(self.disk.remove_directory(&unnamed));
        }
        made
    }

    /// The folders whose gateways are gone: they are ours now, and carry our name.
    pub(super) fn orphans(&self) -> io::Result<Found> {
        let claims = self.path.join(CLAIMS);
        let claims = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(claims)?;
        if claims.try_lock().is_err() {
            // Somebody else takes them over at this moment.
            return Ok(Found::default());
        }
        let found = self.claim_all();
        // A child that is forked at this moment would keep it.
        claims.unlock()?;
        found
    }

    fn claim_all(&self) -> io::Result<Found> {
        let mut found = Found::default();
        // All names first: a directory that changes while it is read may be read in part.
        for path in self.disk.list(&self.path)? {
            if let Some(pid) = pid_of(&path) {
                match Home::claim(self.clone(), &path, pid) {
                    Ok(Claimed::Ours(home)) => found.orphans.push(home),
                    Ok(Claimed::Foreign(files)) => found.foreign += files,
                    // An error means that it is somebody else's, or not to be understood: it stays.
                    Ok(Claimed::Taken) | Err(_) => {}
                }
            } else if is_left_over(&path) {
                drop(self.disk.remove_directory(&path));
            }
        }
        Ok(found)
    }

    /// Removes a folder that is done with. Not seen half removed: without its name nobody claims it.
    pub(super) fn remove_home(&self, path: &Path) -> io::Result<()> {
        let unnamed = self.path.join(format!("{OLD}{}", Uuid::new_v4().simple()));
        self.disk.rename(path, &unnamed)?;
        unless_gone(self.disk.remove_directory(&unnamed))
    }

    /// The folders of all gateways, living or not.
    pub(super) fn homes(&self) -> io::Result<Vec<PathBuf>> {
        let mut paths = self.disk.list(&self.path)?;
        paths.retain(|path| pid_of(path).is_some());
        Ok(paths)
    }
}

/// The name of a folder of this process.
pub(super) fn new_name() -> String {
    format!("{}-{}", process::id(), Uuid::new_v4().simple())
}

/// The process id in a folder's name; `None` for what is no folder of a gateway.
fn pid_of(path: &Path) -> Option<u32> {
    let (pid, id) = path.file_name()?.to_str()?.split_once('-')?;
    Uuid::try_parse(id).ok()?;
    pid.parse().ok()
}

/// Whether a folder was to be removed, or never came to be a gateway's: its process died in the middle of it.
fn is_left_over(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    if name.strip_prefix(OLD).is_some_and(|id| Uuid::try_parse(id).is_ok()) {
        return true;
    }
    let begun = || fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    name.strip_prefix(NEW).is_some_and(|name| pid_of(Path::new(name)).is_some())
        && begun().and_then(|begun| begun.elapsed().ok()).is_some_and(|age| age > MAKING)
}
