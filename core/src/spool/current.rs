//! The segment file that is written to.

use std::{fs::File, io, sync::Arc};

use super::{Segment, disk::Disk, frame, home::Home};

/// A segment that has grown beyond this is sealed.
pub(super) const SEGMENT_BYTES: u64 = 4 << 20;

#[derive(Debug)]
pub(super) struct Current {
    pub(super) number: Segment,
    pub(super) file: Arc<File>,
    pub(super) bytes: u64,
}

impl Current {
    /// A new file, which has its head.
    pub(super) fn create(home: &Home, number: Segment) -> io::Result<Self> {
        let file = Arc::new(home.create_segment(number)?);
        if let Err(error) = home.disk().write(&file, &frame::HEAD) {
            drop(home.remove_segment(number));
            return Err(error);
        }
        Ok(Self { number, file, bytes: u64::try_from(frame::HEAD.len()).unwrap_or_default() })
    }

    pub(super) fn has_room(&self) -> bool {
        self.bytes < SEGMENT_BYTES
    }

    /// Appends bytes in one write; how many these were.
    pub(super) fn append(&mut self, disk: &dyn Disk, bytes: &[u8]) -> io::Result<u64> {
        if let Err(error) = disk.write(&self.file, bytes) {
            // Half a frame is cut off again; where that fails, too, a reader skips it.
            drop(disk.truncate(&self.file, self.bytes));
            return Err(error);
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes += length;
        Ok(length)
    }
}
