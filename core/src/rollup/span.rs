//! How long the rows of a rollup are, and which of them a window is composed of.

use super::cell::KeyRef;

/// How long a row is. All begin at whole multiples since the epoch, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    FiveMinutes,
    Quarter,
    Hour,
    Day,
}

impl Step {
    pub(crate) const fn minutes(self) -> i64 {
        match self {
            Self::FiveMinutes => 5,
            Self::Quarter => 15,
            Self::Hour => 60,
            Self::Day => 1_440,
        }
    }

    pub(crate) const fn millis(self) -> i64 {
        self.minutes() * 60_000
    }

    /// Where the row of an instant begins.
    pub(crate) const fn floor(self, millis: i64) -> i64 {
        millis - millis.rem_euclid(self.millis())
    }

    /// The next edge from an instant on.
    pub(crate) const fn ceil(self, millis: i64) -> i64 {
        self.floor(millis + self.millis() - 1)
    }
}

/// What the cells of a row are by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Status class alone.
    Total,
    /// Provider, model and status class.
    Models,
    /// API key and status class; without distributions.
    ApiKeys,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Total, Self::Models, Self::ApiKeys];

    /// The stored number.
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Total => 0,
            Self::Models => 1,
            Self::ApiKeys => 2,
        }
    }

    /// The rows there are, the longest first. Quarter-hours let totals follow the days of every time zone; by model
    /// three rows of five minutes do, which is cheaper than to keep what few ask for.
    pub(crate) const fn steps(self) -> &'static [Step] {
        match self {
            Self::Total => &[Step::Day, Step::Hour, Step::Quarter, Step::FiveMinutes],
            Self::Models => &[Step::Day, Step::Hour, Step::FiveMinutes],
            Self::ApiKeys => &[Step::Day, Step::Hour],
        }
    }

    /// The key in this kind of a cell that is known by provider and model, or by API key.
    pub(crate) fn key(self, key: KeyRef<'_>) -> KeyRef<'_> {
        match self {
            Self::Total => KeyRef { names: [None; 2], ..key },
            Self::Models | Self::ApiKeys => key,
        }
    }

    /// The shortest row: windows begin and end at its edges.
    pub(crate) fn edge(self) -> Step {
        self.steps().last().copied().unwrap_or(Step::Day)
    }
}

/// Rows of one length that follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) step: Step,
    /// Where the first one begins.
    pub(crate) from: i64,
    /// Where the last one ends.
    pub(crate) to: i64,
}

/// The fewest rows that make up every stretch from one edge to the next. Edges ascend, on edges of the shortest step.
pub(crate) fn compose(edges: &[i64], kind: Kind) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (from, to) in edges.iter().zip(edges.iter().skip(1)) {
        let mut at = *from;
        while at < *to {
            let fits = |step: &&Step| step.floor(at) == at && at + step.millis() <= *to;
            // Beyond the shortest step there is nothing shorter: it is taken even where it does not fit.
            let step = kind.steps().iter().find(fits).copied().unwrap_or(kind.edge());
            let next = at + step.millis();
            match spans.last_mut() {
                Some(last) if last.step == step && last.to == at => last.to = next,
                _ => spans.push(Span { step, from: at, to: next }),
            }
            at = next;
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EDGE: i64 = 300_000;

    proptest! {
        #[test]
        fn spans_cover_each_stretch_once_and_cross_no_edge(start in -20_000_i64..20_000, lengths in proptest::collection::vec(1_i64..2_000, 1..20)) {
            for kind in [Kind::Total, Kind::Models] {
                let mut edges = vec![start * EDGE];
                for length in &lengths {
                    edges.extend(edges.last().map(|last| last + length * EDGE));
                }
                let spans = compose(&edges, kind);
                let mut rows: Vec<(i64, i64)> = Vec::new();
                for span in &spans {
                    prop_assert_eq!((span.to - span.from) % span.step.millis(), 0);
                    let mut at = span.from;
                    while at < span.to {
                        rows.push((at, at + span.step.millis()));
                        at += span.step.millis();
                    }
                }
                rows.sort_unstable();
                prop_assert_eq!(rows.first().map(|row| row.0), edges.first().copied());
                prop_assert_eq!(rows.last().map(|row| row.1), edges.last().copied());
                for (left, right) in rows.iter().zip(rows.iter().skip(1)) {
                    prop_assert_eq!(left.1, right.0);
                }
                for (from, to) in &rows {
                    prop_assert!(!edges.iter().any(|edge| from < edge && edge < to));
                }
            }
        }
    }

    #[test]
    fn a_month_is_made_of_days_and_its_ragged_ends_of_ever_shorter_rows() {
        let day = Step::Day.millis();
        assert_eq!(compose(&[0, 30 * day], Kind::Total), [Span { step: Step::Day, from: 0, to: 30 * day }]);
        let (from, to) = (day - 3_600_000 - 20 * 60_000, 2 * day + 5 * 60_000);
        let steps: Vec<_> = compose(&[from, to], Kind::Total).into_iter().map(|span| span.step).collect();
        assert_eq!(steps, [Step::FiveMinutes, Step::Quarter, Step::Hour, Step::Day, Step::FiveMinutes]);
        // A day in Kathmandu begins at a quarter past: quarters, 23 hours, quarters.
        let (from, to) = (day - 345 * 60_000, 2 * day - 345 * 60_000);
        let rows = |span: &Span| (span.to - span.from) / span.step.millis();
        assert_eq!(compose(&[from, to], Kind::Total).iter().map(rows).collect::<Vec<_>>(), [3, 23, 1]);
    }
}
