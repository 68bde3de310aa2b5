//! The segment file that is written to.

use std::{
    fs::File,
    io::{self, Write as _},
    sync::Arc,
};

use super::{Segment, frame, home::Home};

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
        if let Err(error) = (&*file).write_all(&frame::HEAD) {
            drop(home.remove_segment(number));
            return Err(error);
        }
        Ok(Self { number, file, bytes: u64::try_from(frame::HEAD.len()).unwrap_or_default() })
    }

    pub(super) fn has_room(&self) -> bool {
        self.bytes < SEGMENT_BYTES
    }

    /// Appends bytes in one write; how many these were.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        if let Err(error) = (&*self.file).write_all(bytes) {
            // Half a frame is cut off again; where that fails, too, a reader skips it.
            drop(self.file.set_len(self.bytes));
            return Err(error);
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes += length;
        Ok(length)
    }
}
