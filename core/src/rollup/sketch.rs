//! A distribution of whole numbers as counts of how many fell where: every power of two is cut into 64 parts of equal
//! width, and numbers below 128 have a place of their own. Adding up loses nothing, in whatever order.
//!
//! A percentile is by nearest rank and off by at most 0.78 %: a place is at most a 64th of its numbers wide, and is shown
//! as the number in it whose error to both of its ends is the same, at most 1 in 129.

use super::bytes::{Reader, put};

/// Numbers below it are exact.
const EXACT: u64 = 128;
/// Parts of a power of two, as a power of two.
const PART_BITS: u32 = 6;
const PARTS: usize = 1 << PART_BITS;
/// The first power of two that is cut into parts.
const FIRST_POWER: u32 = 7;
/// One more than the place of the largest number.
const PLACES: usize = 128 + 57 * PARTS;

/// A distribution. Two that count the same are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sketch {
    /// The place of the first count.
    first: usize,
    counts: Vec<u64>,
}

impl Sketch {
    /// Counts a number; a negative one as 0.
    pub(crate) fn add(&mut self, number: i64) {
        self.count(place_of(u64::try_from(number).unwrap_or_default()), 1);
    }

    /// How many were counted.
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().fold(0, |total, count| total.saturating_add(*count))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// For each of these, which ascend, the smallest number that at least so many percent of those counted do not exceed;
    /// `None` where none was counted.
    pub(crate) fn percentiles<const N: usize>(&self, percents: [u32; N]) -> [Option<u64>; N] {
        let total = u128::from(self.total());
        let (mut passed, mut places) = (0_u128, self.counts.iter().enumerate());
        let mut reached = 0;
        percents.map(|percent| {
            let rank = (total * u128::from(percent)).div_ceil(100).max(1);
            while passed < rank {
                let (offset, count) = places.next()?;
                passed += u128::from(*count);
                reached = offset;
            }
            Some(shown_at(self.first + reached))
        })
    }

    /// Adds all that another one counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (offset, count) in other.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.count(other.first + offset, *count);
        }
    }

    /// Writes itself behind its length: pairs of how far a place is from the one before, and its count.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        let mut pairs = Vec::with_capacity(self.counts.len().min(64) * 2);
        let mut before = 0;
        for (offset, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let place = self.first + offset;
            put(&mut pairs, u64::try_from(place - before).unwrap_or_default());
            put(&mut pairs, *count);
            before = place;
        }
        put(bytes, u64::try_from(pairs.len()).unwrap_or_default());
        bytes.extend_from_slice(&pairs);
    }

    /// Adds all that another one counted whose pairs these are.
    pub(super) fn merge_encoded(&mut self, pairs: &[u8]) -> Option<()> {
        // Once to see how far they reach, and once to count: growing place by place takes longer than reading twice.
        let mut ends = None;
        each_pair(pairs, |place, _| ends = Some((ends.map_or(place, |(first, _)| first), place)))?;
        let Some((first, last)) = ends else { return Some(()) };
        self.reach(first, last);
        each_pair(pairs, |place, count| self.count_reached(place, count))
    }

    fn count(&mut self, place: usize, count: u64) {
        self.reach(place, place);
        self.count_reached(place, count);
    }

    /// Makes room for the places from one to another, both included.
    fn reach(&mut self, first: usize, last: usize) {
        if self.counts.is_empty() {
            self.first = first;
        } else if first < self.first {
            self.counts.splice(..0, std::iter::repeat_n(0, self.first - first));
            self.first = first;
        }
        let places = last - self.first + 1;
        if places > self.counts.len() {
            self.counts.resize(places, 0);
        }
    }

    /// Counts in a place that it reaches.
    fn count_reached(&mut self, place: usize, count: u64) {
        if let Some(counted) = place.checked_sub(self.first).and_then(|offset| self.counts.get_mut(offset)) {
            *counted = counted.saturating_add(count);
        }
    }
}

/// Calls `on_pair` with each place that is written there, and its count; `None` where they cannot be read.
fn each_pair(pairs: &[u8], mut on_pair: impl FnMut(usize, u64)) -> Option<()> {
    let (mut reader, mut place) = (Reader(pairs), 0_usize);
    while !reader.is_empty() {
        place = place.checked_add(usize::try_from(reader.number()?).ok()?).filter(|place| *place < PLACES)?;
        on_pair(place, reader.number()?);
    }
    Some(())
}

fn place_of(number: u64) -> usize {
    if number < EXACT {
        return usize::try_from(number).unwrap_or_default();
    }
    let power = number.ilog2();
    let part = usize::try_from(number >> (power - PART_BITS)).unwrap_or_default() - PARTS;
    let powers = usize::try_from(power - FIRST_POWER).unwrap_or_default();
    128 + powers * PARTS + part
}

/// What stands for the numbers of a place.
fn shown_at(place: usize) -> u64 {
    let Some(beyond) = place.checked_sub(128) else { return u64::try_from(place).unwrap_or_default() };
    let (powers, part) = (beyond / PARTS, beyond % PARTS);
    let shift = FIRST_POWER - PART_BITS + u32::try_from(powers).unwrap_or_default();
    let first = u128::try_from(PARTS + part).unwrap_or_default() << shift;
    let last = first + (1 << shift) - 1;
    u64::try_from(2 * first * last / (first + last)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::as_conversions, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    /// The promise, in ten-thousandths.
    const BOUND: u128 = 78;

    fn sketch(numbers: &[i64]) -> Sketch {
        let mut sketch = Sketch::default();
        for number in numbers {
            sketch.add(*number);
        }
        sketch
    }

    fn percentile(sketch: &Sketch, percent: u32) -> Option<u64> {
        let [shown] = sketch.percentiles([percent]);
        shown
    }

    fn exact(numbers: &[i64], percent: u32) -> i64 {
        let mut sorted = numbers.to_vec();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent as usize).div_ceil(100).max(1);
        *sorted.get(rank - 1).unwrap()
    }

    /// Whether a percentile is as near as promised.
    fn is_near(shown: u64, exact: i64) -> bool {
        u128::from(shown.abs_diff(exact.unsigned_abs())) * 10_000 <= BOUND * u128::from(exact.unsigned_abs())
    }

    fn encoded(sketch: &Sketch) -> Vec<u8> {
        let mut bytes = Vec::new();
        sketch.encode(&mut bytes);
        bytes
    }

    /// Numbers of every size, zeros among them.
    fn numbers() -> impl Strategy<Value = Vec<i64>> {
        proptest::collection::vec(
            (0_u32..63, any::<i64>()).prop_map(|(bits, number)| (number & i64::MAX) >> bits),
            1..300,
        )
    }

    proptest! {
        #[test]
        fn every_percentile_of_any_numbers_is_within_the_bound(numbers in numbers(), percent in 1_u32..=100) {
            let (shown, exact) = (percentile(&sketch(&numbers), percent).unwrap(), exact(&numbers, percent));
            prop_assert!(is_near(shown, exact), "{} for {}", shown, exact);
            let together = sketch(&numbers).percentiles([50, 95, 99]);
            prop_assert_eq!(together, [50, 95, 99].map(|percent| percentile(&sketch(&numbers), percent)));
        }

        #[test]
        fn merged_parts_are_the_whole_to_the_byte(numbers in numbers(), cut in any::<prop::sample::Index>()) {
            let (left, right) = numbers.split_at(cut.index(numbers.len()));
            let whole = sketch(&numbers);
            for (first, second) in [(left, right), (right, left)] {
                let mut merged = sketch(first);
                merged.merge(&sketch(second));
                prop_assert_eq!(encoded(&merged), encoded(&whole));
                let mut read = sketch(first);
                let bytes = encoded(&sketch(second));
                read.merge_encoded(Reader(&bytes).piece().unwrap()).unwrap();
                prop_assert_eq!(&read, &whole);
            }
            prop_assert_eq!(whole.total(), numbers.len() as u64);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut sketch = Sketch::default();
            if sketch.merge_encoded(&bytes).is_some() {
                let again = encoded(&sketch);
                let mut read = Sketch::default();
                read.merge_encoded(Reader(&again).piece().unwrap()).unwrap();
                prop_assert_eq!(encoded(&read), again);
            }
        }
    }

    #[test]
    fn small_numbers_and_single_ones_are_where_they_belong() {
        let small: Vec<i64> = (0..128).collect();
        for percent in [1, 50, 99, 100] {
            assert_eq!(percentile(&sketch(&small), percent), Some(exact(&small, percent) as u64));
        }
        assert_eq!(percentile(&sketch(&[-5, 0]), 100), Some(0));
        assert_eq!(percentile(&Sketch::default(), 50), None);
        for number in [128, 129, 255, 256, 1 << 40, (1 << 40) - 1, i64::MAX] {
            assert!(is_near(percentile(&sketch(&[number]), 50).unwrap(), number), "{number}");
        }
    }

    /// Twenty thousand numbers that follow a law, from a seed.
    fn drawn(law: impl Fn(f64, f64) -> f64) -> Vec<i64> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut uniform = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        (0..20_000).map(|_| law(uniform(), uniform()) as i64).collect()
    }

    fn normal(left: f64, right: f64) -> f64 {
        (-2.0 * left.max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * right).cos()
    }

    #[test]
    fn the_bound_holds_for_the_shapes_that_latencies_have() {
        let laws: [(&str, Vec<i64>); 7] = [
            ("log-normal", drawn(|a, b| (13.5 + 0.8 * normal(a, b)).exp())),
            ("bimodal", drawn(|a, b| if a < 0.6 { 40_000.0 + 2_000.0 * b } else { 2_500_000.0 + 90_000.0 * b })),
            ("constant", drawn(|_, _| 1_234_567.0)),
            ("heavy tail", drawn(|a, _| 900.0 / a.max(1e-9).powf(1.2))),
            ("with zeros", drawn(|a, b| if a < 0.3 { 0.0 } else { 500_000.0 * b })),
            ("uniform", drawn(|a, _| 10_000_000.0 * a)),
            ("exponential", drawn(|a, _| -300_000.0 * a.max(1e-12).ln())),
        ];
        for (law, numbers) in laws {
            let sketch = sketch(&numbers);
            for percent in 1..=100 {
                let (shown, exact) = (percentile(&sketch, percent).unwrap(), exact(&numbers, percent));
                assert!(is_near(shown, exact), "p{percent} of {law}: {shown} for {exact}");
            }
        }
    }
}
