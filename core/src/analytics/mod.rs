//! Answers questions about many traces: the whole window, bucket by bucket, group by group, tenant by tenant. Reads the
//! store; keeps nothing. Everything is added up here, in one place for both databases, so that both give one answer.

mod all_tenants;
mod calendar;
mod groups;
mod measure;
mod source;
mod tenants;
mod top;
mod window;

pub(crate) use self::{
    groups::{breakdown, models},
    tenants::tenants,
    top::top,
};

use self::{
    measure::Tally,
    source::{Source, metrics},
    window::Window,
};
use crate::{
    clock,
    error::Result,
    rollup::Step,
    store::{Coverage, Question, Store},
    types::{
        analytics::{Analytics, AnalyticsComparison, AnalyticsQuery, AnalyticsSummary, AnalyticsTimeseries, Bucket},
        time::Timestamp,
    },
};

/// The window of a question, widened.
pub(crate) fn window(query: &AnalyticsQuery) -> Result<(Timestamp, Timestamp)> {
    Window::of(query, Step::FiveMinutes, clock::now()).map(|window| (window.from, window.to))
}

/// The whole window and its buckets.
pub(crate) async fn analytics(store: Store, question: Question<AnalyticsQuery>) -> Result<Analytics> {
    let window = Window::of(&question.query, Step::FiveMinutes, clock::now())?;
    let buckets = window.buckets()?;
    let metrics = metrics(&question.query);
    let mut tallies = vec![Tally::default(); buckets.len()];
    let source = Source { edges: &buckets.edges, ..Source::of(&store, &question, &metrics) };
    let coverage = source.read(|at_ms, part| match tallies.get_mut(buckets.of(at_ms)) {
        Some(tally) => tally.add(part, &metrics),
        None => Ok(()),
    });
    let complete = coverage.await? == Coverage::Complete;
    let mut summary = Tally::default();
    tallies.iter().for_each(|tally| summary.merge(tally));
    let distributions = &question.query.distributions;
    let timeseries =
        buckets.starts().zip(&tallies).map(|(start, tally)| Bucket { start, measures: tally.measures(distributions) });
    let timeseries = timeseries.collect();
    Ok(Analytics { from: window.from, to: window.to, complete, summary: summary.measures(distributions), timeseries })
}

/// The whole window.
pub(crate) async fn summary(store: Store, question: Question<AnalyticsQuery>) -> Result<AnalyticsSummary> {
    let window = Window::of(&question.query, Step::FiveMinutes, clock::now())?;
    summary_of(&store, &question, &window).await
}

/// The window, bucket by bucket.
pub(crate) async fn timeseries(store: Store, question: Question<AnalyticsQuery>) -> Result<AnalyticsTimeseries> {
    let Analytics { from, to, complete, timeseries, .. } = analytics(store, question).await?;
    Ok(AnalyticsTimeseries { from, to, complete, timeseries })
}

/// The window and the one before it.
pub(crate) async fn comparison(store: Store, question: Question<AnalyticsQuery>) -> Result<AnalyticsComparison> {
    let window = Window::of(&question.query, Step::FiveMinutes, clock::now())?;
    let current = summary_of(&store, &question, &window).await?;
    let previous = summary_of(&store, &question, &window.before()).await?;
    Ok(AnalyticsComparison { current, previous })
}

async fn summary_of(store: &Store, question: &Question<AnalyticsQuery>, window: &Window) -> Result<AnalyticsSummary> {
    let (metrics, edges, mut tally) = (metrics(&question.query), window.whole(), Tally::default());
    let source = Source { edges: &edges, ..Source::of(store, question, &metrics) };
    let coverage = source.read(|_, part| tally.add(part, &metrics)).await?;
    Ok(AnalyticsSummary {
        from: window.from,
        to: window.to,
        complete: coverage == Coverage::Complete,
        measures: tally.measures(&question.query.distributions),
    })
}
