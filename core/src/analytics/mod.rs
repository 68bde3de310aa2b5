//! Answers questions about many traces: the whole window, bucket by bucket, model by model. Reads the store; keeps
//! nothing. The rows are scanned and folded here, in one place for both databases, so that both give one answer.

mod measure;
mod window;

use std::collections::BTreeMap;

use self::{measure::Tally, window::Window};
use crate::{
    clock,
    error::Result,
    store::{ScanRow, Store, TraceScan},
    types::{
        analytics::{
            Analytics, AnalyticsModels, AnalyticsQuery, AnalyticsSummary, AnalyticsTimeseries, Bucket, ModelMeasures,
        },
        ids::TenantId,
    },
};

/// One question about one tenant.
pub(crate) struct Question {
    pub(crate) tenant: TenantId,
    pub(crate) query: AnalyticsQuery,
}

/// The whole window and its buckets.
pub(crate) async fn analytics(store: &Store, question: Question) -> Result<Analytics> {
    let window = Window::of(&question.query, clock::now())?;
    let mut summary = Tally::default();
    let mut buckets = vec![Tally::default(); window.buckets()?];
    scan(store, &question, &window, |row| {
        summary.add(&row);
        if let Some(bucket) = buckets.get_mut(window.bucket_of(row.created_at)) {
            bucket.add(&row);
        }
    })
    .await?;
    let timeseries = buckets
        .into_iter()
        .enumerate()
        .map(|(index, tally)| Bucket { start: window.start_of(index), measures: tally.measures() });
    Ok(Analytics { from: window.from, to: window.to, summary: summary.measures(), timeseries: timeseries.collect() })
}

/// The whole window.
pub(crate) async fn summary(store: &Store, question: Question) -> Result<AnalyticsSummary> {
    let window = Window::of(&question.query, clock::now())?;
    let mut tally = Tally::default();
    scan(store, &question, &window, |row| tally.add(&row)).await?;
    Ok(AnalyticsSummary { from: window.from, to: window.to, measures: tally.measures() })
}

/// The window, bucket by bucket.
pub(crate) async fn timeseries(store: &Store, question: Question) -> Result<AnalyticsTimeseries> {
    let Analytics { from, to, timeseries, .. } = analytics(store, question).await?;
    Ok(AnalyticsTimeseries { from, to, timeseries })
}

/// The window, model by model: the most requested ones first, by name among equals.
pub(crate) async fn models(store: &Store, question: Question) -> Result<AnalyticsModels> {
    let window = Window::of(&question.query, clock::now())?;
    let mut tallies: BTreeMap<(Option<String>, Option<String>), Tally> = BTreeMap::new();
    scan(store, &question, &window, |mut row| {
        let key = (row.provider.take(), row.model.take());
        tallies.entry(key).or_default().add(&row);
    })
    .await?;
    let measured = tallies.into_iter().map(|((provider, model), tally)| ModelMeasures {
        provider,
        model,
        measures: tally.measures(),
    });
    let mut models: Vec<_> = measured.collect();
    models.sort_by_key(|model| std::cmp::Reverse(model.measures.total_requests));
    Ok(AnalyticsModels { from: window.from, to: window.to, models })
}

async fn scan(store: &Store, question: &Question, window: &Window, on_row: impl FnMut(ScanRow) + Send) -> Result<()> {
    let scan = TraceScan { tenant: &question.tenant, filter: &question.query.filter, from: window.from, to: window.to };
    store.scan_traces(scan, on_row).await
}
