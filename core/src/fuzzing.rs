//! What hostile bytes meet, a function for each reader of them. The fuzz targets in `tests/fuzz` call these with whatever
//! a fuzzer makes up; the tests below call them with the corpus it has gathered. In no other build does this exist.
//!
//! Each claims more than that nothing panics: a reader that is fed in pieces reads what it would have read at once, and
//! nothing grows beyond what went in.

use uuid::Uuid;

use crate::{
    content,
    crypto::{DataKey, Field},
    provider::digest::{Digest, StreamTap, TapLimits, Wire, digest_body},
    spool::{Frames, Kind},
    store::TraceRecord,
    transport::sse::{Event, Framer, TooLarge},
    types::ids::{TenantId, TraceId},
};

/// More than any input has.
const LIMIT: usize = 1 << 20;
const WIRES: [Wire; 4] = [Wire::Chat, Wire::Responses, Wire::Embeddings, Wire::Models];

/// A file in the spool that anybody may have written.
pub fn spool_segment(bytes: &[u8]) {
    let Ok(mut frames) = Frames::of(bytes) else { return };
    let mut length = 0;
    for frame in frames.by_ref() {
        length += frame.payload.len();
        if frame.kind == Kind::Outcome {
            // Whatever it is: a row, or nothing.
            drop(rmp_serde::from_slice::<TraceRecord>(frame.payload));
        }
    }
    let damaged = usize::try_from(frames.damaged).unwrap_or(usize::MAX);
    assert!(length.saturating_add(damaged) <= bytes.len(), "more is read than there is");
    assert!(damaged > 0 || !frames.is_torn);
}

/// An event stream. The first byte says into what pieces the rest is cut.
pub fn event_stream(bytes: &[u8]) {
    let Some((&size, rest)) = bytes.split_first() else { return };
    let whole = events([rest].into_iter());
    let pieces = events(rest.chunks(usize::from(size).max(1)));
    assert!(whole == pieces, "an event stream is read otherwise in pieces");
}

/// The bytes of all frames, and the data of those that have any. Where a CRLF is cut in two, its LF may be in either frame.
type Read = (Vec<u8>, Vec<Vec<u8>>);

/// The events of a stream that comes in these pieces.
fn events<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Result<Read, TooLarge> {
    let (mut framer, mut read) = (Framer::new(LIMIT), Read::default());
    let mut note = |frame: &[u8]| {
        let event = Event::parse(frame);
        assert!(event.data.len() <= frame.len());
        read.0.extend_from_slice(frame);
        if !event.data.is_empty() {
            read.1.push(event.data.into_owned());
        }
    };
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.next_frame()? {
            note(frame);
        }
    }
    if let Some(rest) = framer.finish() {
        note(rest);
    }
    Ok(read)
}

/// What an upstream answers, as a whole and as a stream. The first byte says into what pieces the stream is cut.
pub fn answer(bytes: &[u8]) {
    let Some((&size, rest)) = bytes.split_first() else { return };
    for wire in WIRES {
        drop(digest_body(wire, rest));
        let whole = stream_digest(wire, [rest].into_iter());
        let pieces = stream_digest(wire, rest.chunks(usize::from(size).max(1)));
        assert!(said(&whole) == said(&pieces), "an answer says something else in pieces");
    }
}

fn stream_digest<'a>(wire: Wire, pieces: impl Iterator<Item = &'a [u8]>) -> Digest {
    let mut tap = StreamTap::new(wire, TapLimits { event_bytes: LIMIT, content_bytes: LIMIT });
    for piece in pieces {
        if tap.push(piece).is_err() {
            break;
        }
    }
    tap.finish()
}

/// What counts of a digest.
fn said(digest: &Digest) -> impl PartialEq + '_ {
    (&digest.model, &digest.usage, &digest.content, digest.finished, digest.chunk_count, digest.error.is_some())
}

/// The stored content of a trace that somebody has changed.
pub fn envelope(bytes: &[u8]) {
    let tenant: Result<TenantId, _> = "acme".parse();
    let key = DataKey::generate().and_then(|key| key.trace_key(TraceId::from(Uuid::nil())));
    if let (Ok(tenant), Ok(key)) = (tenant, key) {
        assert!(key.open(&tenant, Field::Request, bytes.to_vec()).is_err(), "what nobody has sealed is opened");
    }
    if let Some((&codec, rest)) = bytes.split_first() {
        drop(content::decompress(codec, rest.to_vec()));
    }
    let prepared = content::prepare(bytes, LIMIT);
    assert!(prepared.bytes.len() <= LIMIT);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::{fs, path::Path};

    /// Calls a target with every file of its corpus.
    fn replay(target: &str, read: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus").join(target);
        let mut files = 0;
        for file in fs::read_dir(corpus).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            // Whole, and cut in many places.
            let cuts = (0..=bytes.len()).rev().step_by(1 + bytes.len() / 100);
            cuts.for_each(|end| read(bytes.get(..end).unwrap_or_default()));
            files += 1;
        }
        assert!(files > 1, "{target} has a corpus");
    }

    #[test]
    fn the_corpus_of_spool_segments_is_read() {
        replay("spool_segment", super::spool_segment);
    }

    #[test]
    fn the_corpus_of_event_streams_is_read() {
        replay("event_stream", super::event_stream);
    }

    #[test]
    fn the_corpus_of_answers_is_read() {
        replay("answer", super::answer);
    }

    #[test]
    fn the_corpus_of_envelopes_is_read() {
        replay("envelope", super::envelope);
    }
}
