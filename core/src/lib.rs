//! An embedded, multi-tenant LLM gateway: the one you link instead of deploy.
//!
//! It calls models on behalf of tenants through their own providers, streams the answers byte for byte, records an
//! encrypted trace of every request, and answers questions about traces, latency, tokens and cost. It runs inside the
//! host's process, on a SQLite file or on PostgreSQL.
//!
//! Begin at [`Gateway::open`]; [`Gateway::tenant`] gives a [`TenantHandle`], which has the calls, traces and analytics
//! of one tenant. Every failure is an [`Error`] with an [`ErrorCode`].
//!
//! Cargo features, none of which is on by itself: `server` (`Gateway::serve`), `axum` (`Gateway::router`), `dashboard` (the
//! page at `/dashboard`), `parquet` (exports as Parquet files) and `schema` (the JSON schema of what goes in and out).
//!
//! Stated absences: no global state, no logger set up, no signal handler; the environment is read by
//! [`Config::from_env`] only, and no network is used but the store's and the providers'.
#![forbid(unsafe_code)]

mod analytics;
mod auth;
#[doc(hidden)]
pub mod bindings;
mod breaker;
mod cache;
mod clock;
mod config;
mod content;
mod crypto;
mod error;
mod export;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gateway;
mod http;
mod limits;
mod network;
mod operation;
mod pipeline;
mod pricing;
mod provider;
mod recorder;
mod registry;
mod rollup;
#[cfg(feature = "schema")]
mod schema;
mod spool;
mod store;
mod stream;
mod tasks;
mod traces;
mod transport;
mod types;

pub use auth::Caller;
pub use config::{
    BreakerConfig, Config, Durability, Limits, Migrate, Network, PrivateAddresses, RecorderConfig, Retry, Timeouts,
};
pub use error::{Error, ErrorCode, Result};
pub use gateway::{Export, Gateway, Hooks, ProviderHandle, TenantHandle, TraceReader};
pub use http::Body;
#[cfg(feature = "server")]
pub use http::{ServeConfig, ServeTls, Server};
pub use operation::{OPERATIONS, Operation, Output, Subject, operation};
pub use pipeline::Reply;
pub use recorder::{BodyPart, Redactor};
#[cfg(feature = "schema")]
pub use schema::{openapi, schema};
pub use stream::ReplyStream;
pub use types::{
    analytics::{
        Analytics, AnalyticsBreakdown, AnalyticsComparison, AnalyticsModels, AnalyticsQuery, AnalyticsSummary,
        AnalyticsTenants, AnalyticsTimeseries, BreakdownQuery, Bucket, Dimension, Distribution, GroupMeasures,
        GroupOrder, Measures, Metric, ModelMeasures, RebuildReport, TenantMeasures, TenantsQuery, TimeRange, TopOrder,
        TopQuery, TopTraces,
    },
    api_key::{ApiKey, ApiKeyStatus, CreatedApiKey, NewApiKey, Scope},
    export::{ExportContent, ExportFormat, ExportQuery, ExportReport},
    ids::{ProviderName, TenantId, TraceId},
    money::PicoUsd,
    price::{
        Billing, DeploymentBilling, LoadedPrices, PriceOverride, PriceQuantity, PriceSource, Ratio, Receipt,
        ReceiptLine, RepriceQuery, RepriceReport, Unit,
    },
    provider::{
        BreakerOverrides, Capabilities, Fallback, ProviderConfig, ProviderInfo, ProviderSettings, RetryOverrides,
        Secret, TimeoutOverrides,
    },
    request::{CallOptions, Request},
    retention::Retention,
    stats::{
        DeadLetter, DropReason, ErasureReport, FlushReport, Health, HealthStatus, RecoveryStats, RewrapReport, Stats,
    },
    tenant::{Capture, NewTenant, Tenant, TenantPage, TenantQuery, TenantStatus, TenantUpdate},
    time::Timestamp,
    trace::{Attempt, StatusClass, Trace, TraceDetail, TraceFilter, TraceFlag, TracePage, TraceQuery},
    usage::{Usage, UsageSource},
    verify::{InstanceReport, InstanceState, NumberRange, VerifyReport},
};

/// A gateway is shared between threads, and so are its handles.
const _: () = {
    const fn shared<T: Send + Sync + Clone>() {}
    shared::<Gateway>();
    shared::<TenantHandle>();
    shared::<ProviderHandle>();
};
