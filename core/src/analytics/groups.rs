//! The window, group by group: by what rollups tell apart, or by what a look at the traces does.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    measure::{Part, Tally},
    source::{Source, kind_for, metrics, unknown_to_rollups},
    window::Window,
};
use crate::{
    clock,
    error::{Error, Result},
    rollup::{KeyRef, Kind},
    store::{Coverage, Question, ScanRow, Store},
    types::analytics::{
        AnalyticsBreakdown, AnalyticsModels, AnalyticsQuery, BreakdownQuery, Dimension, GroupMeasures, GroupOrder,
        Measures, Metric, ModelMeasures,
    },
};

/// The window, model by model: the most requested ones first, by name among equals.
pub(crate) async fn models(store: Store, question: Question<AnalyticsQuery>) -> Result<AnalyticsModels> {
    let window = Window::of(&question.query, Kind::Models.edge(), clock::now())?;
    let (metrics, edges) = (metrics(&question.query), window.whole());
    let source = Source { edges: &edges, ..Source::of(&store, &question, &metrics) };
    let mut tallies: BTreeMap<[Option<String>; 2], Tally> = BTreeMap::new();
    let mut add = |key: KeyRef<'_>, part: Part<'_>| {
        let names = key.names.map(|name| name.map(str::to_owned));
        tallies.entry(names).or_default().add(part, &metrics)
    };
    let coverage = if unknown_to_rollups(&question.query.filter).is_none() {
        source.rollups(Kind::Models, |_, key, part| add(key, part)).await?;
        Coverage::Complete
    } else {
        source
            .scan(|row| {
                let trace = row.counted();
                add(trace.model_key(), Part::Trace(&trace))
            })
            .await?
    };
    let measured = tallies.into_iter().filter(|(_, tally)| !tally.is_empty());
    let mut models: Vec<_> = measured
        .map(|([provider, model], tally)| {
            let measures = tally.measures(&question.query.distributions);
            ModelMeasures { provider, model, measures }
        })
        .collect();
    models.sort_by_key(|model| Reverse(model.measures.total_requests));
    Ok(AnalyticsModels { from: window.from, to: window.to, complete: coverage == Coverage::Complete, models })
}

/// The window by any dimension, the first groups in the order asked for.
pub(crate) async fn breakdown(store: Store, question: Question<BreakdownQuery>) -> Result<AnalyticsBreakdown> {
    let Question { tenant, query: BreakdownQuery { by, order, limit, query } } = question;
    let limit = group_limit(limit)?;
    let filter = &query.filter;
    let kind = match by {
        Dimension::Provider | Dimension::Model | Dimension::StatusClass => Some(Kind::Models),
        Dimension::ApiKey if kind_for(filter) == Kind::Total => Some(Kind::ApiKeys),
        _ => None,
    };
    let kind = kind.filter(|_| unknown_to_rollups(filter).is_none());
    let window = Window::of(&query, kind.unwrap_or(Kind::Total).edge(), clock::now())?;
    let metrics = if kind == Some(Kind::ApiKeys) { Vec::new() } else { metrics(&query) };
    let (edges, mut groups) = (window.whole(), Groups { metrics: &metrics, tallies: BTreeMap::new() });
    let source = Source { store: &store, tenant: tenant.as_ref(), filter, edges: &edges, metrics: &metrics };
    let coverage = match kind {
        Some(kind) => {
            source
                .rollups(kind, |_, key, part| {
                    let [first, second] = key.names;
                    match by {
                        Dimension::Model => groups.add(second, part),
                        Dimension::StatusClass => groups.add(Some(key.class.name()), part),
                        _ => groups.add(first, part),
                    }
                })
                .await?;
            Coverage::Complete
        }
        None => source.scan(|row| groups.add(value(&by, &row)?.as_deref(), Part::Trace(&row.counted()))).await?,
    };
    let (summary, groups) = groups.measures(&query.distributions);
    let groups = groups.into_iter().map(|(value, measures)| GroupMeasures { value, measures }).collect();
    let groups = first(groups, (order, limit), |group: &GroupMeasures| &group.measures);
    let complete = coverage == Coverage::Complete;
    Ok(AnalyticsBreakdown { from: window.from, to: window.to, complete, summary, groups })
}

/// How many groups an answer has: 100 when omitted, 1 to 1,000.
pub(super) fn group_limit(limit: Option<u32>) -> Result<usize> {
    match limit.unwrap_or(100) {
        limit @ 1..=1_000 => Ok(usize::try_from(limit).unwrap_or(usize::MAX)),
        limit => Err(Error::invalid("limit", format!("limit is {limit}; it must be 1 to 1000"))),
    }
}

/// The first ones in that order; those given first come first among equals.
pub(super) fn first<T>(
    mut groups: Vec<T>,
    (order, limit): (GroupOrder, usize),
    measures: impl Fn(&T) -> &Measures,
) -> Vec<T> {
    groups.sort_by_key(|group| {
        let measures = measures(group);
        Reverse(match order {
            GroupOrder::Requests => measures.total_requests.into(),
            GroupOrder::Cost => measures.cost_usd.0,
            GroupOrder::Tokens => measures.total_tokens.into(),
            GroupOrder::Errors => measures.errors.into(),
        })
    });
    groups.truncate(limit);
    groups
}

/// A tally for each value.
struct Groups<'m> {
    metrics: &'m [Metric],
    tallies: BTreeMap<Option<String>, Tally>,
}

impl Groups<'_> {
    fn add(&mut self, value: Option<&str>, part: Part<'_>) -> Result<()> {
        self.tallies.entry(value.map(str::to_owned)).or_default().add(part, self.metrics)
    }

    /// All together, and each by itself.
    fn measures(&self, distributions: &[Metric]) -> (Measures, Vec<(Option<String>, Measures)>) {
        let mut all = Tally::default();
        self.tallies.values().for_each(|tally| all.merge(tally));
        let groups = self.tallies.iter().filter(|(_, tally)| !tally.is_empty());
        let groups = groups.map(|(value, tally)| (value.clone(), tally.measures(distributions)));
        (all.measures(distributions), groups.collect())
    }
}

/// What a trace has there.
fn value(by: &Dimension, row: &ScanRow) -> Result<Option<String>> {
    Ok(match by {
        Dimension::Provider => row.provider.clone(),
        Dimension::Model => row.model.clone(),
        Dimension::StatusClass => Some(row.status_class.name().to_owned()),
        Dimension::ApiKey => row.api_key_id.clone(),
        Dimension::ErrorCode => row.error_code.map(|code| code.name().to_owned()),
        Dimension::User => row.user_id.clone(),
        Dimension::Session => row.session_id.clone(),
        Dimension::Metadata(key) => row.metadata_value(key)?,
    })
}
