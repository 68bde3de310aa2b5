//! Sets of numbers that lie mostly side by side, as ranges. Pure.

use std::collections::BTreeMap;

/// A set of numbers; what it costs grows with its gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(
    /// First and last of each; none touches the next.
    BTreeMap<u64, u64>,
);

impl Ranges {
    /// The numbers from one to another, both included.
    pub(super) fn of(first: u64, last: u64) -> Self {
        let mut ranges = Self::default();
        ranges.insert(first, last);
        ranges
    }

    pub(super) fn insert(&mut self, first: u64, last: u64) {
        if first > last {
            return;
        }
        let (mut first, mut last) = (first, last);
        // Whatever overlaps or touches it becomes part of it; it begins before the end.
        while let Some((&start, &end)) = self.0.range(..=last.saturating_add(1)).next_back()
            && end.saturating_add(1) >= first
        {
            self.0.remove(&start);
            (first, last) = (first.min(start), last.max(end));
        }
        self.0.insert(first, last);
    }

    pub(super) fn insert_all(&mut self, other: &Self) {
        other.iter().for_each(|(first, last)| self.insert(first, last));
    }

    /// Those that are not in the other set.
    pub(super) fn without(&self, other: &Self) -> Self {
        let mut left = Self::default();
        for (first, last) in self.iter() {
            let mut next = first;
            let before = other.0.range(..=first).next_back().map(|(start, _)| *start).unwrap_or(first);
            for (&start, &end) in other.0.range(before..=last) {
                if start > next {
                    left.insert(next, start - 1);
                }
                next = next.max(end.saturating_add(1));
            }
            left.insert(next, last);
        }
        left
    }

    /// How many numbers from 1 on are in it without a gap.
    pub(super) fn unbroken(&self) -> u64 {
        self.0.get(&1).copied().unwrap_or_default()
    }

    pub(super) fn last(&self) -> u64 {
        self.0.last_key_value().map_or(0, |(_, last)| *last)
    }

    pub(super) fn count(&self) -> u64 {
        self.iter().map(|(first, last)| last - first + 1).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(first, last)| (*first, *last))
    }
}

impl FromIterator<u64> for Ranges {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut ranges = Self::default();
        numbers.into_iter().for_each(|number| ranges.insert(number, number));
        ranges
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn numbers() -> impl Strategy<Value = BTreeSet<u64>> {
        prop::collection::btree_set(1_u64..60, 0..40)
    }

    fn spelt_out(ranges: &Ranges) -> BTreeSet<u64> {
        ranges.iter().flat_map(|(first, last)| first..=last).collect()
    }

    proptest! {
        #[test]
        fn they_are_what_a_set_of_numbers_is(one in numbers(), other in numbers()) {
            let (a, b): (Ranges, Ranges) = (one.iter().rev().copied().collect(), other.iter().copied().collect());
            prop_assert_eq!(spelt_out(&a), one.clone());
            prop_assert_eq!(a.count(), u64::try_from(one.len()).unwrap_or_default());
            prop_assert_eq!(spelt_out(&a.without(&b)), one.difference(&other).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(a.unbroken(), (1..).take_while(|number| one.contains(number)).last().unwrap_or_default());
            prop_assert_eq!(a.last(), one.last().copied().unwrap_or_default());
            let mut both = a.clone();
            both.insert_all(&b);
            prop_assert_eq!(&both, &one.union(&other).copied().collect::<Ranges>());
            prop_assert!(both.0.iter().zip(both.0.iter().skip(1)).all(|((_, last), (first, _))| last + 1 < *first));
        }
    }
}
