//! Hides the usage chunk that the gateway asked for and the caller did not. Everything else passes unchanged, in
//! whole events.

use bytes::{Bytes, BytesMut};

use crate::{
    provider::digest::is_usage_only,
    transport::sse::{Event, Framer, TooLarge},
};

/// Cuts a stream into events and leaves one kind out.
pub(super) struct UsageFilter {
    framer: Framer,
}

impl UsageFilter {
    pub(super) fn new(event_bytes: usize) -> Self {
        Self { framer: Framer::new(event_bytes) }
    }

    /// The events that `bytes` completes; `None` when it completes none that is to be seen.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Result<Option<Bytes>, TooLarge> {
        self.framer.push(bytes);
        let mut whole = BytesMut::with_capacity(bytes.len());
        while let Some(frame) = self.framer.next_frame()? {
            if !is_usage_only(&Event::parse(frame).data) {
                whole.extend_from_slice(frame);
            }
        }
        Ok((!whole.is_empty()).then(|| whole.freeze()))
    }

    /// The last event, if no blank line followed it.
    pub(super) fn finish(&mut self) -> Option<Bytes> {
        let frame = self.framer.finish()?;
        (!is_usage_only(&Event::parse(frame).data)).then(|| Bytes::copy_from_slice(frame))
    }
}
