//! The file of a SQLite store: whether its name still leads to the file that is open. SQLite itself would go on writing
//! into a file that was deleted, and tell nobody.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::error::unavailable;
use crate::error::Result;

/// The file that was opened.
#[derive(Debug)]
pub(super) struct OpenedFile {
    path: PathBuf,
    id: (u64, u64),
}

impl OpenedFile {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), id: id_of(path)? })
    }

    /// Refuses to go on where what is written would be lost.
    pub(super) fn check(&self) -> Result<()> {
        let path = self.path.display();
        match id_of(&self.path) {
            Ok(id) if id == self.id => Ok(()),
            Ok(_) => Err(unavailable(format!(
                "the store {path} is not the file that was opened: put that back, or close the gateway and open it again"
            ))),
            Err(error) => Err(unavailable(format!(
                "the store {path} is gone ({}): put it back, or close the gateway and open it on a backup",
                error.kind()
            ))),
        }
    }
}

/// What tells a file from all others that are there at the same time.
fn id_of(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}
