//! Reads a whole spool without taking anything over or changing it: folders of gateways that work and of those that are
//! gone. What is written meanwhile may be seen or not.

use std::io;

use super::{
    directory::Directory,
    frame::{Frame, Frames},
    home,
};

/// A reading of the spool of a store.
#[derive(Debug)]
pub(crate) struct Survey {
    directory: Directory,
    /// Segments of a newer version, or none of ours.
    pub(crate) foreign: u64,
}

impl Survey {
    /// A folder may get another name while it is read: so often it is begun anew.
    const TRIES: u32 = 20;

    pub(super) fn of(directory: Directory) -> Self {
        Self { directory, foreign: 0 }
    }

    /// Calls `on_frame` for every frame there is, for some more than once. Blocks.
    pub(crate) fn read(&mut self, mut on_frame: impl FnMut(Frame<'_>)) -> io::Result<()> {
        let mut tries = 1;
        loop {
            match self.try_read(&mut on_frame) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries < Self::TRIES => tries += 1,
                read => return read,
            }
        }
    }

    fn try_read(&mut self, on_frame: &mut impl FnMut(Frame<'_>)) -> io::Result<()> {
        self.foreign = 0;
        let disk = &*self.directory.disk;
        for folder in self.directory.homes()? {
            for (_, path) in home::segment_files(disk, &folder)? {
                let bytes = match disk.read(&path) {
                    Ok(bytes) => bytes,
                    // Its traces are in the store, and its open intents in another segment; or the folder has a new name.
                    Err(error) if error.kind() == io::ErrorKind::NotFound && folder.exists() => continue,
                    Err(error) => return Err(error),
                };
                match Frames::of(&bytes) {
                    Ok(frames) => frames.for_each(&mut *on_frame),
                    Err(_) => self.foreign += 1,
                }
            }
        }
        Ok(())
    }
}
