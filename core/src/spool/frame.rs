//! What a segment file is made of: a head that names the format, then frames, each with a checksum. A reader never
//! guesses: what is torn or damaged is counted and skipped, up to the next frame whose checksum holds.
//!
//! ```text
//! segment  "GWSPOOL" version:u8  frame*
//! frame    mark:4  kind:u8  length:u32  checksum:u32  trace id:16  payload:length        (integers little endian)
//! ```

use memchr::memmem;
use uuid::Uuid;

use crate::types::ids::TraceId;

/// What a segment of this version begins with. A later format gets the next number, and this library goes on reading
/// those before it.
pub(super) const HEAD: [u8; 8] = *b"GWSPOOL\x01";
const MARK: [u8; 4] = [0x9e, 0x47, 0x57, 0x17];
/// Mark, kind, length, checksum, id.
const FRAME_HEAD: usize = 4 + 1 + 4 + 4 + 16;

/// What a frame says of its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An upstream is about to be asked.
    Intent,
    /// How the request ended: the whole row.
    Outcome,
}

/// One frame that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    pub(crate) id: TraceId,
    pub(crate) payload: &'a [u8],
}

impl Kind {
    const fn number(self) -> u8 {
        match self {
            Self::Intent => 1,
            Self::Outcome => 2,
        }
    }

    fn of(number: u8) -> Option<Self> {
        [Self::Intent, Self::Outcome].into_iter().find(|kind| kind.number() == number)
    }
}

/// Appends a frame to a buffer. A payload is far below 4 GB.
pub(super) fn push(buffer: &mut Vec<u8>, frame: Frame<'_>) {
    let length = u32::try_from(frame.payload.len()).unwrap_or(u32::MAX).to_le_bytes();
    let kind = frame.kind.number();
    let id = frame.id.as_bytes();
    buffer.reserve(FRAME_HEAD + frame.payload.len());
    buffer.extend_from_slice(&MARK);
    buffer.push(kind);
    buffer.extend_from_slice(&length);
    buffer.extend_from_slice(&checksum(kind, length, id, frame.payload).to_le_bytes());
    buffer.extend_from_slice(id);
    buffer.extend_from_slice(frame.payload);
}

fn checksum(kind: u8, length: [u8; 4], id: &[u8; 16], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in [&[kind][..], &length, id, payload] {
        hasher.update(part);
    }
    hasher.finalize()
}

/// The frames of a segment, and the places where there was something else.
#[derive(Debug)]
pub(crate) struct Frames<'a> {
    rest: &'a [u8],
    /// Runs of bytes that were no frame.
    pub(crate) damaged: u64,
    /// The last of them reaches the end: a write that was never finished, and that nobody was told was.
    pub(crate) is_torn: bool,
}

/// The segment is of a newer version, or no segment at all.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign;

impl<'a> Frames<'a> {
    /// The frames of a segment file's bytes. One that was cut within its head has none.
    pub(crate) fn of(segment: &'a [u8]) -> Result<Self, Foreign> {
        match segment.strip_prefix(&HEAD) {
            Some(rest) => Ok(Self { rest, damaged: 0, is_torn: false }),
            None if is_foreign(segment) => Err(Foreign),
            None => {
                let is_torn = !segment.is_empty();
                Ok(Self { rest: &[], damaged: u64::from(is_torn), is_torn })
            }
        }
    }
}

/// Whether what begins like this is of a newer version, or no segment at all.
pub(super) fn is_foreign(segment: &[u8]) -> bool {
    !segment.starts_with(&HEAD) && !HEAD.starts_with(segment)
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        if let Some((frame, rest)) = parse(self.rest) {
            self.rest = rest;
            return Some(frame);
        }
        self.damaged += 1;
        for place in memmem::find_iter(self.rest, &MARK) {
            if let Some((frame, rest)) = self.rest.get(place..).and_then(parse) {
                self.rest = rest;
                return Some(frame);
            }
        }
        (self.rest, self.is_torn) = (&[], true);
        None
    }
}

fn parse(bytes: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let rest = bytes.strip_prefix(&MARK)?;
    let (&kind, rest) = rest.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let (payload, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let sound = checksum(kind, *length, id, payload) == u32::from_le_bytes(*sum);
    let frame = Frame { kind: Kind::of(kind)?, id: Uuid::from_bytes(*id).into(), payload };
    sound.then_some((frame, rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn id(number: u8) -> TraceId {
        Uuid::from_bytes([number; 16]).into()
    }

    fn segment(payloads: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = HEAD.to_vec();
        for (number, payload) in payloads.iter().enumerate() {
            let kind = if number % 2 == 0 { Kind::Intent } else { Kind::Outcome };
            push(&mut bytes, Frame { kind, id: id(u8::try_from(number).unwrap()), payload });
        }
        bytes
    }

    fn read(bytes: &[u8]) -> (Vec<(TraceId, Vec<u8>)>, u64) {
        let mut frames = Frames::of(bytes).unwrap();
        let read = frames.by_ref().map(|frame| (frame.id, frame.payload.to_vec())).collect();
        assert!(frames.damaged > 0 || !frames.is_torn);
        (read, frames.damaged)
    }

    fn expected(payloads: &[Vec<u8>]) -> Vec<(TraceId, Vec<u8>)> {
        payloads.iter().enumerate().map(|(n, p)| (id(u8::try_from(n).unwrap()), p.clone())).collect()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20)) {
            prop_assert_eq!(read(&segment(&payloads)), (expected(&payloads), 0));
        }

        #[test]
        fn a_torn_tail_loses_the_last_frame_only(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20),
            cut in 1_usize..29,
        ) {
            let whole = segment(&payloads);
            let (read, damaged) = read(&whole[..whole.len() - cut]);
            prop_assert_eq!(&read[..], &expected(&payloads)[..payloads.len() - 1]);
            prop_assert_eq!(damaged, u64::from(cut < payloads.last().unwrap().len() + FRAME_HEAD));
        }

        #[test]
        fn a_flipped_bit_loses_one_frame_and_is_counted(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20),
            place in any::<prop::sample::Index>(),
            bit in 0_u8..8,
        ) {
            let mut bytes = segment(&payloads);
            let place = HEAD.len() + place.index(bytes.len() - HEAD.len());
            bytes[place] ^= 1 << bit;
            let (read, damaged) = read(&bytes);
            let all = expected(&payloads);
            prop_assert_eq!(read.len(), all.len() - 1);
            prop_assert!(read.iter().all(|frame| all.contains(frame)));
            prop_assert_eq!(damaged, 1);
        }

        #[test]
        fn garbage_is_never_taken_for_a_frame(garbage in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut bytes = HEAD.to_vec();
            bytes.extend_from_slice(&garbage);
            prop_assert_eq!(read(&bytes), (Vec::new(), u64::from(!garbage.is_empty())));
        }
    }

    #[test]
    fn a_segment_of_another_version_is_left_alone() {
        assert_eq!(Frames::of(b"GWSPOOL\x02 and so on").unwrap_err(), Foreign);
        assert_eq!(Frames::of(b"something else").unwrap_err(), Foreign);
        assert_eq!(read(b""), (Vec::new(), 0));
        assert_eq!(read(b"GWSP"), (Vec::new(), 1));
    }
}
