//! Care for JSON strings that are kept escaped: pieces of them may be joined, but not cut just anywhere.

use std::borrow::Cow;

use memchr::memchr;

/// The longest head of an escaped text that has at most `room` bytes and splits no character and no escape.
pub(super) fn cut(text: &str, room: usize) -> &str {
    let mut end = 0;
    while let Some(rest) = text.get(end..) {
        let next = match rest.as_bytes() {
            [] => break,
            [b'\\', b'u', ..] => 6,
            [b'\\', ..] => 2,
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        if end + next > room {
            break;
        }
        end += next;
    }
    text.get(..end).unwrap_or(text)
}

/// Puts U+FFFD in place of each half of a surrogate pair that lost the other one: strict readers refuse a string
/// with such a half, which a stream cut between two pieces of an escaped emoji leaves behind.
pub(super) fn mend(text: &str) -> Cow<'_, str> {
    let mut mended = Cow::Borrowed("");
    let (mut kept, mut at) = (0, 0);
    while let Some(found) = text.as_bytes().get(at..).and_then(|rest| memchr(b'\\', rest)) {
        at += found;
        match (surrogate(text, at), surrogate(text, at + 6)) {
            (Some(Half::High), Some(Half::Low)) => at += 12,
            (Some(_), _) => {
                mended.to_mut().push_str(text.get(kept..at).unwrap_or_default());
                mended.to_mut().push_str("\\ufffd");
                at += 6;
                kept = at;
            }
            (None, _) => at += 2,
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    mended.to_mut().push_str(text.get(kept..).unwrap_or_default());
    mended
}

enum Half {
    High,
    Low,
}

/// The surrogate that is escaped at this place, if there is one.
fn surrogate(text: &str, at: usize) -> Option<Half> {
    let hex = text.get(at..at + 6)?.strip_prefix("\\u")?;
    match u32::from_str_radix(hex, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{cut, mend};

    #[test]
    fn a_cut_splits_neither_characters_nor_escapes() {
        for (text, room, head) in [
            ("plain", 3, "pla"),
            ("é!", 1, ""),
            ("é!", 2, "é"),
            (r"a\n", 2, "a"),
            (r"a\n", 3, r"a\n"),
            (r"\u00e9x", 5, ""),
            (r"\u00e9x", 6, r"\u00e9"),
            (r"\\\n", 3, r"\\"),
            ("", 9, ""),
        ] {
            assert_eq!(cut(text, room), head, "{text} to {room}");
        }
    }

    #[test]
    fn lone_surrogates_are_replaced_and_pairs_are_kept() {
        for (text, mended) in [
            ("plain é", "plain é"),
            (r"\ud83d\ude00", r"\ud83d\ude00"),
            (r"a\ud83d", r"a\ufffd"),
            (r"\ude00\ud83db", r"\ufffd\ufffdb"),
            (r"\\ud83d", r"\\ud83d"),
            (r"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00"),
            (r"\u00e9\n\ud83dé", r"\u00e9\n\ufffdé"),
        ] {
            assert_eq!(mend(text), mended);
            assert!(serde_json::from_str::<String>(&format!("\"{mended}\"")).is_ok());
        }
    }
}
