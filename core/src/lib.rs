//! An embedded, multi-tenant LLM gateway.
#![forbid(unsafe_code)]

mod error;
mod types;

pub use error::{Error, ErrorCode, Result};
pub use types::{
    analytics::{Analytics, AnalyticsModels, AnalyticsQuery, AnalyticsSummary, AnalyticsTimeseries, Bucket, Measures, ModelMeasures},
    api_key::{ApiKey, ApiKeyStatus, CreatedApiKey, NewApiKey, Scope},
    ids::{ProviderName, TenantId, TraceId},
    money::PicoUsd,
    provider::{Capabilities, ProviderConfig, ProviderInfo, ProviderSettings, RetryOverrides, Secret, TimeoutOverrides},
    request::{CallOptions, Request},
    stats::{DropReason, FlushReport, Health, HealthStatus, Stats},
    tenant::{Capture, NewTenant, Tenant, TenantPage, TenantQuery, TenantStatus, TenantUpdate},
    time::Timestamp,
    trace::{Attempt, StatusClass, Trace, TraceDetail, TraceFilter, TraceFlag, TracePage, TraceQuery},
    usage::{Usage, UsageSource},
};
