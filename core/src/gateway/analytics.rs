//! Questions about many traces: of one tenant, and of all.

use super::{Gateway, TenantHandle};
use crate::{
    analytics,
    error::{Error, Result},
    rollup::Step,
    store::is_transient,
    types::{
        analytics::{
            Analytics, AnalyticsBreakdown, AnalyticsComparison, AnalyticsModels, AnalyticsQuery, AnalyticsSummary,
            AnalyticsTenants, AnalyticsTimeseries, BreakdownQuery, RebuildReport, TenantsQuery, TimeRange, TopQuery,
            TopTraces,
        },
        time::Timestamp,
    },
};

/// How often a day is tried whose rollups somebody else works on.
const TRIES: u32 = 5;

impl Gateway {
    /// The window, tenant by tenant, for whoever operates the gateway.
    pub async fn analytics_tenants(&self, query: TenantsQuery) -> Result<AnalyticsTenants> {
        self.core.run(move |store| async move { analytics::tenants(store, query).await }).await
    }
}

impl TenantHandle {
    /// The whole window and its buckets.
    pub async fn analytics(&self, query: AnalyticsQuery) -> Result<Analytics> {
        self.reader().analytics(query).await
    }

    /// The whole window.
    pub async fn analytics_summary(&self, query: AnalyticsQuery) -> Result<AnalyticsSummary> {
        self.reader().analytics_summary(query).await
    }

    /// The window, bucket by bucket.
    pub async fn analytics_timeseries(&self, query: AnalyticsQuery) -> Result<AnalyticsTimeseries> {
        self.reader().analytics_timeseries(query).await
    }

    /// The window, model by model.
    pub async fn analytics_models(&self, query: AnalyticsQuery) -> Result<AnalyticsModels> {
        self.reader().analytics_models(query).await
    }

    /// The window by provider, model, status class, API key, error code, user, session or metadata.
    pub async fn analytics_breakdown(&self, query: BreakdownQuery) -> Result<AnalyticsBreakdown> {
        self.reader().analytics_breakdown(query).await
    }

    /// The window beside the one before it, of the same length.
    pub async fn analytics_comparison(&self, query: AnalyticsQuery) -> Result<AnalyticsComparison> {
        self.reader().analytics_comparison(query).await
    }

    /// The slowest or the most expensive traces of the newest 100,000 in the window, without their content.
    pub async fn top_traces(&self, query: TopQuery) -> Result<TopTraces> {
        self.reader().top_traces(query).await
    }

    /// Makes the rollups of a range anew from its traces, a day in UTC at a time: the range is widened to whole days.
    /// Where rollups and traces agree, nothing changes. For a store whose rows somebody changed past the library.
    ///
    /// Fails with `invalid_field` for `since` where traces of the range have been removed by retention: their rollups
    /// are all that is left of them. While a day is worked on, nobody else writes to a SQLite file.
    pub async fn rebuild_rollups(&self, range: TimeRange) -> Result<RebuildReport> {
        self.core.registry.tenant(&self.id).await?;
        let TimeRange { since, until } = range;
        if since >= until {
            return Err(Error::invalid("since", "since must be before until"));
        }
        let (mut day, end) = (Step::Day.floor(since.as_millis()), Step::Day.ceil(until.as_millis()));
        let mut report =
            RebuildReport { from: Timestamp::from_millis(day), to: Timestamp::from_millis(end), traces: 0 };
        while day < end {
            report.traces += self.rebuild_day(day).await?;
            day += Step::Day.millis();
        }
        Ok(report)
    }

    async fn rebuild_day(&self, day: i64) -> Result<u64> {
        let mut tries = 0;
        loop {
            let tenant = self.id.clone();
            let done = self.core.run(move |store| async move { store.rebuild_rollups(&tenant, day).await }).await;
            tries += 1;
            match done {
                Err(error) if is_transient(&error) && tries < TRIES => {}
                done => return done,
            }
        }
    }
}
