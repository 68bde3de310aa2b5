#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::borrow::Cow;

use proptest::prelude::*;

use super::{Event, Framer, TooLarge};

const LIMIT: usize = 1 << 20;

/// An event that owns its bytes; one without any field is none.
#[derive(Clone, Debug, Default, PartialEq)]
struct Read {
    data: Vec<u8>,
    event: Option<Vec<u8>>,
}

impl Read {
    fn of(frame: &[u8]) -> Option<Self> {
        let event = Event::parse(frame);
        let owned = Self { data: event.data.to_vec(), event: event.event.map(<[u8]>::to_vec) };
        Some(owned).filter(|event| *event != Self::default())
    }
}

fn data(text: &str) -> Read {
    Read { data: text.as_bytes().to_vec(), ..Read::default() }
}

/// The events, and the frames joined.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Read>, Vec<u8>) {
    let (mut events, mut raw) = (Vec::new(), Vec::new());
    let mut framer = Framer::new(LIMIT);
    let mut take = |frame: &[u8]| {
        raw.extend_from_slice(frame);
        events.extend(Read::of(frame));
    };
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.next_frame().unwrap() {
            take(frame);
        }
    }
    if let Some(frame) = framer.finish() {
        take(frame);
    }
    (events, raw)
}

/// The whole input at once, in the plainest words of the standard.
fn reference(input: &[u8]) -> Vec<Read> {
    let input = input.strip_prefix("\u{feff}".as_bytes()).unwrap_or(input);
    let text: String = input.iter().map(|byte| char::from(*byte)).collect();
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut events = Vec::new();
    for block in text.split("\n\n") {
        let mut lines_of_data: Vec<String> = Vec::new();
        let mut read = Read::default();
        let bytes = |text: &str| text.chars().map(|char| u8::try_from(char).unwrap()).collect::<Vec<_>>();
        for line in block.split('\n') {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "data" => lines_of_data.push(value.to_owned()),
                "event" => read.event = Some(bytes(value)),
                _ => {}
            }
        }
        read.data = bytes(&lines_of_data.join("\n"));
        events.extend(Some(read).filter(|read| *read != Read::default()));
    }
    events
}

fn fixtures() -> Vec<(&'static [u8], Vec<Read>)> {
    let named = Read { data: b"x".to_vec(), event: Some(b"error".to_vec()) };
    vec![
        (b"", vec![]),
        (b"\n\n\r\r\n\n", vec![]),
        (b"data: {\"a\":1}\n\ndata: [DONE]\n\n", vec![data("{\"a\":1}"), data("[DONE]")]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", vec![data("a"), data("b")]),
        (b"data: a\r\rdata: b\r\r", vec![data("a"), data("b")]),
        (b"data: a\r\n\rdata: b\n\r\ndata: c\r\n\ndata: d\n\r", vec![data("a"), data("b"), data("c"), data("d")]),
        (b"data:a\n\ndata:  b\n\ndata: c: d\n\n", vec![data("a"), data(" b"), data("c: d")]),
        (b"data: a\ndata:b\ndata\ndata: c\n\n", vec![data("a\nb\n\nc")]),
        (b"data: a\r\ndata: b\rdata: c\n\n", vec![data("a\nb\nc")]),
        (b": ping\n\n:\n\ndata: a\n: in between\n\n", vec![data("a")]),
        (b"event: error\nid: 7\nretry: 250\ndata: x\n\n", vec![named]),
        (b"id: a\0b\nretry: 2s\nretry:\ndata: x\nunknown: y\nDATA: z\n data: w\n\n", vec![data("x")]),
        (b"\xEF\xBB\xBFdata: a\n\ndata: b\n\n", vec![data("a"), data("b")]),
        (b"\xEF\xBB\xBF\n\ndata: b\n\n", vec![data("b")]),
        (b"data: a\n\ndata: b\n", vec![data("a"), data("b")]),
        (b"data: a\n\ndata: b", vec![data("a"), data("b")]),
        (b"data: \xC3\xA9\xF0\x9F\x98\x80\n\n", vec![data("é😀")]),
        (b"data: \xFF\xFE\n\n", vec![Read { data: vec![0xFF, 0xFE], ..Read::default() }]),
    ]
}

#[test]
fn every_fixture_reads_the_same_wherever_it_is_cut() {
    for (input, events) in fixtures() {
        let whole = (events, input.to_vec());
        assert_eq!(reference(input), whole.0, "reference for {:?}", String::from_utf8_lossy(input));
        assert_eq!(decode([input]), whole);
        assert_eq!(decode(input.chunks(1)), whole, "byte by byte");
        for first in 0..=input.len() {
            for second in first..=input.len() {
                let pieces = [&input[..first], &input[first..second], &input[second..]];
                assert_eq!(decode(pieces), whole, "cut at {first} and {second}: {:?}", String::from_utf8_lossy(input));
            }
        }
    }
}

#[test]
fn an_event_is_given_as_soon_as_its_blank_line_is_there() {
    for input in ["data: a\n\n", "data: a\r\n\r", "data: a\r\r"] {
        let mut framer = Framer::new(LIMIT);
        framer.push(input.as_bytes());
        assert_eq!(framer.next_frame(), Ok(Some(input.as_bytes())));
    }
}

#[test]
fn a_line_feed_that_completes_an_event_late_is_not_a_blank_line() {
    let mut framer = Framer::new(LIMIT);
    framer.push(b"data: a\r\n\r");
    assert_eq!(framer.next_frame(), Ok(Some(b"data: a\r\n\r".as_slice())));
    framer.push(b"\n");
    assert_eq!(framer.next_frame(), Ok(None));
    framer.push(b"data: b\r\n\r\n");
    assert_eq!(framer.next_frame(), Ok(Some(b"\ndata: b\r\n\r\n".as_slice())));
}

#[test]
fn one_line_of_data_is_borrowed() {
    assert!(matches!(Event::parse(b"data: {\"a\":1}\r\n\r\n").data, Cow::Borrowed(b"{\"a\":1}")));
    assert!(matches!(Event::parse(b"data: a\ndata: b\n\n").data, Cow::Owned(_)));
}

#[test]
fn an_event_over_the_limit_fails_however_it_is_cut() {
    let input = [b"data: a\n\n", "data: ".as_bytes(), &[b'x'; 100], b"\n\ndata: b\n\n"].concat();
    for size in [1, 7, 50, input.len()] {
        let mut framer = Framer::new(64);
        let (mut frames, mut failures, mut largest) = (0, 0, 0);
        for piece in input.chunks(size) {
            framer.push(piece);
            largest = largest.max(framer.buffered());
            loop {
                match framer.next_frame() {
                    Ok(Some(frame)) => frames += usize::from(frame == b"data: a\n\n"),
                    Ok(None) => break,
                    Err(error) => {
                        assert_eq!(error, TooLarge { limit: 64 });
                        failures += 1;
                        break;
                    }
                }
            }
        }
        assert_eq!(frames, 1);
        assert!(failures > 0 && largest <= 64 + size);
        assert_eq!(framer.finish(), None);
        assert_eq!((framer.buffered(), framer.capacity()), (0, 0));
    }
}

#[test]
fn memory_stays_flat_and_frames_may_be_taken_late() {
    let event = [b"data: ".as_slice(), &[b'x'; 200], b"\n\n"].concat();
    let mut framer = Framer::new(LIMIT);
    framer.push(&event);
    for _ in 0..20_000 {
        framer.push(&event);
        assert_eq!(framer.next_frame(), Ok(Some(event.as_slice())));
    }
    assert!(framer.capacity() < 8 * event.len(), "{}", framer.capacity());
}

fn streams() -> impl Strategy<Value = Vec<u8>> {
    let token = prop::sample::select(vec![
        "\n", "\r", "\r\n", "\n\n", "\r\n\r\n", ":", " ", "data", "data:", "data: ", "event: ", "id:", "retry: ", "1",
        "{}", "é", "\0", "x",
    ]);
    (any::<bool>(), prop::collection::vec(token, 0..40))
        .prop_map(|(mark, tokens)| [if mark { "\u{feff}" } else { "" }, &tokens.concat()].concat().into_bytes())
}

proptest! {
    #[test]
    fn random_streams_with_random_cuts_read_as_the_standard_says(
        input in streams(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).chain([0, input.len()]).collect();
        cuts.sort_unstable();
        let (events, raw) = decode(cuts.windows(2).map(|pair| &input[pair[0]..pair[1]]));
        prop_assert_eq!(events, reference(&input));
        prop_assert_eq!(raw, input);
    }
}
