//! Answers questions about traces: of one tenant, or of all.

use std::{fmt, sync::Arc};

use super::{Core, Gateway, TenantHandle};
use crate::{
    analytics,
    error::{Error, ErrorCode, Result},
    store::{Question, Store},
    traces,
    types::{
        analytics::{
            Analytics, AnalyticsBreakdown, AnalyticsComparison, AnalyticsModels, AnalyticsQuery, AnalyticsSummary,
            AnalyticsTimeseries, BreakdownQuery, TopQuery, TopTraces,
        },
        ids::{TenantId, TraceId},
        trace::{TraceDetail, TracePage, TraceQuery},
    },
};

/// Reads traces, and adds them up: those of one tenant, as the methods of its handle do, or those of all tenants. Cheap to
/// clone.
#[derive(Clone)]
pub struct TraceReader {
    core: Arc<Core>,
    /// All of them when omitted.
    tenant: Option<TenantId>,
}

impl Gateway {
    /// Reads the traces of all tenants together, for whoever operates the gateway: never hand it to a tenant.
    ///
    /// What is answered from rollups costs with the number of tenants; a filter beyond the time looks at a bounded number
    /// of traces, and is best asked of one tenant.
    pub fn all_tenants(&self) -> TraceReader {
        TraceReader { core: Arc::clone(&self.core), tenant: None }
    }
}

impl TenantHandle {
    /// Reads this tenant's traces.
    pub(crate) fn reader(&self) -> TraceReader {
        TraceReader { core: Arc::clone(&self.core), tenant: Some(self.id.clone()) }
    }
}

impl TraceReader {
    /// A page of traces, newest first, without their content.
    pub async fn list_traces(&self, query: TraceQuery) -> Result<TracePage> {
        self.ask(query, traces::list).await
    }

    /// One trace with its content, decrypted; `trace_not_found` when there is none of that id.
    pub async fn get_trace(&self, trace_id: TraceId) -> Result<TraceDetail> {
        let core = &self.core;
        let id = match &self.tenant {
            Some(tenant) => tenant.clone(),
            None => {
                let owner = core.run(move |store| async move { store.owner_of_trace(trace_id).await }).await?;
                owner
                    .ok_or_else(|| Error::new(ErrorCode::TraceNotFound, format!("no tenant has a trace {trace_id}")))?
            }
        };
        let tenant = core.registry.tenant(&id).await?;
        core.run(move |store| async move { traces::get(&store, &id, trace_id, &tenant.data_key).await }).await
    }

    /// The whole window and its buckets.
    pub async fn analytics(&self, query: AnalyticsQuery) -> Result<Analytics> {
        self.ask(query, analytics::analytics).await
    }

    /// The whole window.
    pub async fn analytics_summary(&self, query: AnalyticsQuery) -> Result<AnalyticsSummary> {
        self.ask(query, analytics::summary).await
    }

    /// The window, bucket by bucket.
    pub async fn analytics_timeseries(&self, query: AnalyticsQuery) -> Result<AnalyticsTimeseries> {
        self.ask(query, analytics::timeseries).await
    }

    /// The window, model by model.
    pub async fn analytics_models(&self, query: AnalyticsQuery) -> Result<AnalyticsModels> {
        self.ask(query, analytics::models).await
    }

    /// The window by provider, model, status class, API key, error code, user, session or metadata.
    pub async fn analytics_breakdown(&self, query: BreakdownQuery) -> Result<AnalyticsBreakdown> {
        self.ask(query, analytics::breakdown).await
    }

    /// The window beside the one before it, of the same length.
    pub async fn analytics_comparison(&self, query: AnalyticsQuery) -> Result<AnalyticsComparison> {
        self.ask(query, analytics::comparison).await
    }

    /// The slowest or the most expensive traces of the newest 100,000 in the window, without their content.
    pub async fn top_traces(&self, query: TopQuery) -> Result<TopTraces> {
        self.ask(query, analytics::top).await
    }

    /// Asks the store, once the tenant is known to exist.
    async fn ask<Q: Send, T, F>(&self, query: Q, answer: impl FnOnce(Store, Question<Q>) -> F + Send) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        if let Some(tenant) = &self.tenant {
            self.core.registry.tenant(tenant).await?;
        }
        let question = Question { tenant: self.tenant.clone(), query };
        self.core.run(|store| answer(store, question)).await
    }
}

impl fmt::Debug for TraceReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceReader").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
