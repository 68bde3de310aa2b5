//! Cuts, compresses and frames the bytes of a body.

use std::io::Write;

use bytes::{Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::render::Run;
use crate::script::Split;

/// The size of the writes of a `repeat` that is split `whole`.
const BLOCK: usize = 64 * 1024;

/// The number of bytes.
pub(super) fn length(runs: &[Run]) -> u64 {
    runs.iter().fold(0, |sum, run| sum.saturating_add(size(&run.bytes).saturating_mul(run.times)))
}

/// Compresses a body. Each piece is flushed, so that it can be decoded before
/// the next one comes; a repeated one is compressed in one go.
pub(super) fn compress(runs: Vec<Run>) -> Vec<Run> {
    let one_by_one = runs.iter().all(|run| run.times == 1);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut pieces = Vec::new();
    for run in runs {
        for _ in 0..run.times {
            // Writing to memory does not fail.
            drop(encoder.write_all(&run.bytes));
        }
        if one_by_one {
            drop(encoder.flush());
            pieces.push(Run::once(std::mem::take(encoder.get_mut())));
        }
    }
    let rest = encoder.finish().unwrap_or_default();
    match pieces.pop() {
        Some(last) => pieces.push(Run::once([last.bytes.as_ref(), &rest].concat())),
        None => pieces.push(Run::once(rest)),
    }
    pieces
}

/// Cuts a body into writes.
pub(super) fn split(runs: Vec<Run>, split: &Split) -> Vec<Run> {
    let mut runs: Vec<Run> = match split {
        Split::Events => runs,
        Split::Whole if runs.iter().all(|run| run.times <= 1) => vec![Run::once(joined(&runs))],
        Split::Whole => runs.into_iter().flat_map(blocks).collect(),
        Split::Every(bytes) => {
            let body = joined(&runs);
            let bytes = usize::try_from(bytes.get()).unwrap_or(usize::MAX);
            body.chunks(bytes).map(|part| Run::once(body.slice_ref(part))).collect()
        }
        Split::At(offsets) => at(joined(&runs), offsets),
    };
    runs.retain(|run| run.times > 0 && !run.bytes.is_empty());
    runs
}

/// Keeps the first `limit` bytes.
pub(super) fn limit(runs: &mut Vec<Run>, limit: u64) {
    let mut left = limit;
    let mut kept = Vec::with_capacity(runs.len());
    for run in runs.drain(..) {
        let whole = run.times.min(left / size(&run.bytes).max(1));
        left -= whole * size(&run.bytes);
        if whole > 0 {
            kept.push(Run { bytes: run.bytes.clone(), times: whole });
        }
        if whole < run.times {
            let mut bytes = run.bytes;
            bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            kept.push(Run::once(bytes));
            break;
        }
    }
    kept.retain(|run| !run.bytes.is_empty());
    *runs = kept;
}

/// Frames each write as one chunk, and ends the body if it is `complete`.
pub(super) fn chunk(runs: &mut Vec<Run>, complete: bool) {
    for run in runs.iter_mut() {
        let size = format!("{:x}\r\n", run.bytes.len());
        run.bytes = [size.as_bytes(), &run.bytes, b"\r\n"].concat().into();
    }
    let end: &[u8] = b"0\r\n\r\n";
    match runs.last_mut() {
        _ if !complete => {}
        Some(last) if last.times == 1 => last.bytes = [&last.bytes, end].concat().into(),
        _ => runs.push(Run::once(end)),
    }
}

fn at(mut rest: Bytes, offsets: &[u64]) -> Vec<Run> {
    let mut offsets: Vec<usize> = offsets.iter().filter_map(|&offset| usize::try_from(offset).ok()).collect();
    offsets.sort_unstable();
    let mut parts = Vec::with_capacity(offsets.len() + 1);
    let mut done = 0;
    for offset in offsets {
        let part = rest.split_to((offset - done).min(rest.len()));
        done = offset;
        parts.push(Run::once(part));
    }
    parts.push(Run::once(rest));
    parts
}

/// Puts repeated bytes together to writes of about [`BLOCK`] bytes.
fn blocks(run: Run) -> Vec<Run> {
    let per_block = u64::try_from(BLOCK / run.bytes.len().max(1)).unwrap_or(1).max(1);
    if per_block == 1 || run.times == 1 {
        return vec![run];
    }
    let repeated = |times: u64| -> Bytes {
        let times = usize::try_from(times).unwrap_or(0);
        run.bytes.repeat(times).into()
    };
    let whole = Run { bytes: repeated(per_block.min(run.times)), times: run.times / per_block.min(run.times).max(1) };
    let rest = Run::once(repeated(run.times % per_block.min(run.times).max(1)));
    vec![whole, rest]
}

fn joined(runs: &[Run]) -> Bytes {
    if let [run] = runs
        && run.times == 1
    {
        return run.bytes.clone();
    }
    let mut body = BytesMut::new();
    for run in runs {
        for _ in 0..run.times {
            body.extend_from_slice(&run.bytes);
        }
    }
    body.freeze()
}

fn size(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test is the report")]
    use super::*;

    fn run(text: &'static str, times: u64) -> Run {
        Run { bytes: text.into(), times }
    }

    #[test]
    fn a_limit_keeps_exactly_that_many_bytes_of_a_repeat() {
        for kept in 0..12 {
            let mut runs = vec![run("ab", 1), run("cde", 3)];
            limit(&mut runs, kept);
            assert_eq!(joined(&runs), b"abcdecdecde"[..usize::try_from(kept.min(11)).unwrap()]);
        }
    }

    #[test]
    fn blocks_hold_the_same_bytes() {
        let runs = vec![run("x", 1), run("0123456789", 20_000), run("y", 1)];
        let cut = split(runs.clone(), &Split::Whole);
        assert_eq!(joined(&cut), joined(&runs));
        assert!(cut.iter().map(|run| run.times).sum::<u64>() < 10);
    }

    #[test]
    fn offsets_may_be_unsorted_repeated_and_too_large() {
        let parts = split(vec![run("hello", 1)], &Split::At(vec![3, 1, 3, 99]));
        assert_eq!(parts, [run("h", 1), run("el", 1), run("lo", 1)]);
    }
}
