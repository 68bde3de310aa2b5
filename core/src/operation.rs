//! The one table of operations. Whatever lists operations (bindings, HTTP routes, documentation, tests) is derived from
//! it: a new operation is a row here and a method of [`Gateway`](crate::Gateway) or [`TenantHandle`](crate::TenantHandle).

mod arguments;
mod perform;
mod shapes;

pub(crate) use self::{
    arguments::{ALL_TENANTS, Arguments},
    perform::{Answer, Model, call_model, describe, perform, to_json, unknown},
    shapes::ModelCall,
};
use crate::types::api_key::Scope;
// What the table names, which only the schema needs as types.
#[cfg(feature = "schema")]
use {
    self::shapes::*,
    crate::types::{
        analytics::*, api_key::*, export::*, price::*, provider::*, stats::*, tenant::*, trace::*, verify::*,
    },
    serde_json::Value,
};

/// What an operation works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The gateway itself.
    Gateway,
    /// One tenant.
    Tenant,
    /// The traces of one tenant or of all: called by name, `"tenants": "all"` stands in the place of `tenant_id`
    /// then.
    Traces,
}

/// What an operation gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// One JSON document.
    Json,
    /// A stream of bytes.
    Stream,
    /// Nothing.
    Nothing,
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The name in every language (in Node in camel case).
    pub name: &'static str,
    /// The HTTP method and path; `None` for operations of the process itself.
    pub route: Option<(&'static str, &'static str)>,
    /// What a key must be allowed to call it over HTTP.
    pub scope: Scope,
    /// What it works on.
    pub subject: Subject,
    /// What it takes where it is called by its name, as a definition of the schema (`include/gateway.schema.json`).
    pub input: &'static str,
    /// What it gives back.
    pub output: Output,
}

macro_rules! operations {
    ($($name:ident: $route:tt $scope:ident $subject:ident $input:ident => $output:ident $($answer:ident)?;)+) => {
        /// Every operation.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            name: stringify!($name),
            route: operations!(@route $route),
            scope: Scope::$scope,
            subject: Subject::$subject,
            input: stringify!($input),
            output: Output::$output,
        }),+];

        /// What each operation takes and gives, in the order of the table.
        #[cfg(feature = "schema")]
        pub(crate) fn shapes(
            inputs: &mut schemars::SchemaGenerator,
            outputs: &mut schemars::SchemaGenerator,
        ) -> Vec<(schemars::Schema, Option<schemars::Schema>)> {
            vec![$((inputs.subschema_for::<$input>(), operations!(@answer outputs $($answer)?))),+]
        }
    };
    (@answer $outputs:ident) => { None };
    (@answer $outputs:ident $answer:ident) => { Some($outputs.subschema_for::<$answer>()) };
    (@route ()) => { None };
    (@route ($method:literal $path:literal)) => { Some(($method, $path)) };
}

operations! {
    chat: ("POST" "/v1/chat/completions") Infer Tenant ModelCall => Json Value;
    chat_stream: ("POST" "/v1/chat/completions") Infer Tenant ModelCall => Stream;
    responses: ("POST" "/v1/responses") Infer Tenant ModelCall => Json Value;
    responses_stream: ("POST" "/v1/responses") Infer Tenant ModelCall => Stream;
    embeddings: ("POST" "/v1/embeddings") Infer Tenant ModelCall => Json Value;
    list_models: ("GET" "/v1/models") Infer Tenant ModelCall => Json Value;

    list_traces: ("GET" "/v1/traces") Read Traces TraceQuery => Json TracePage;
    get_trace: ("GET" "/v1/traces/{trace_id}") Read Traces TraceRef => Json TraceDetail;
    analytics: ("GET" "/v1/analytics") Read Traces AnalyticsQuery => Json Analytics;
    analytics_summary: ("GET" "/v1/analytics/summary") Read Traces AnalyticsQuery => Json AnalyticsSummary;
    analytics_timeseries: ("GET" "/v1/analytics/timeseries") Read Traces AnalyticsQuery => Json AnalyticsTimeseries;
    analytics_models: ("GET" "/v1/analytics/models") Read Traces AnalyticsQuery => Json AnalyticsModels;
    analytics_breakdown: ("GET" "/v1/analytics/breakdown") Read Traces BreakdownQuery => Json AnalyticsBreakdown;
    analytics_comparison: ("GET" "/v1/analytics/comparison") Read Traces AnalyticsQuery => Json AnalyticsComparison;
    top_traces: ("GET" "/v1/analytics/traces") Read Traces TopQuery => Json TopTraces;
    analytics_tenants: ("GET" "/v1/admin/analytics/tenants") Admin Gateway TenantsQuery => Json AnalyticsTenants;
    export_to_file: () Admin Tenant ExportTarget => Json ExportReport;
    rebuild_rollups: () Admin Tenant TimeRange => Json RebuildReport;

    create_tenant: ("POST" "/v1/admin/tenants") Admin Gateway NewTenant => Json Tenant;
    get_tenant: ("GET" "/v1/admin/tenants/{tenant_id}") Admin Gateway TenantRef => Json Tenant;
    list_tenants: ("GET" "/v1/admin/tenants") Admin Gateway TenantQuery => Json TenantPage;
    update_tenant: ("PATCH" "/v1/admin/tenants/{tenant_id}") Admin Gateway TenantUpdate => Json Tenant;
    delete_tenant: ("DELETE" "/v1/admin/tenants/{tenant_id}") Admin Gateway TenantRef => Nothing;
    erase_tenant: ("POST" "/v1/admin/tenants/{tenant_id}/erase") Admin Gateway TenantRef => Json ErasureReport;
    set_provider: ("PUT" "/v1/admin/tenants/{tenant_id}/providers/{name}") Admin Tenant ProviderConfig => Json ProviderInfo;
    list_providers: ("GET" "/v1/admin/tenants/{tenant_id}/providers") Admin Tenant NoArguments => Json ProviderList;
    delete_provider: ("DELETE" "/v1/admin/tenants/{tenant_id}/providers/{name}") Admin Tenant ProviderRef => Nothing;
    get_provider_for_tenant: ("GET" "/v1/admin/tenants/{tenant_id}/providers/{name}/cached") Admin Tenant ProviderChoice => Json ProviderDescription;
    evict_provider: ("DELETE" "/v1/admin/tenants/{tenant_id}/providers/{name}/cached") Admin Tenant ProviderChoice => Json Eviction;
    create_api_key: ("POST" "/v1/admin/tenants/{tenant_id}/keys") Admin Tenant NewApiKey => Json CreatedApiKey;
    list_api_keys: ("GET" "/v1/admin/tenants/{tenant_id}/keys") Admin Tenant NoArguments => Json ApiKeyList;
    revoke_api_key: ("DELETE" "/v1/admin/tenants/{tenant_id}/keys/{key_id}") Admin Tenant KeyRef => Nothing;
    create_admin_key: () Admin Gateway NewApiKey => Json CreatedApiKey;
    list_admin_keys: () Admin Gateway NoArguments => Json ApiKeyList;
    revoke_admin_key: () Admin Gateway KeyRef => Nothing;

    rewrap_data_keys: () Admin Gateway NoArguments => Json RewrapReport;
    reprice: () Admin Gateway RepriceQuery => Json RepriceReport;
    load_prices: () Admin Gateway PriceFile => Json LoadedPrices;
    backup: () Admin Gateway BackupTarget => Nothing;
    list_dead_letters: () Admin Gateway DeadLetterQuery => Json DeadLetterList;
    verify: () Admin Gateway NoArguments => Json VerifyReport;
    flush: () Admin Gateway Timeout => Json FlushReport;
    stats: ("GET" "/metrics") Admin Gateway NoArguments => Json Stats;
    health: ("GET" "/health") Read Gateway NoArguments => Json Health;
    close: () Admin Gateway Timeout => Json FlushReport;
}

impl Operation {
    /// Whether it calls a model: then what it takes goes to the provider, and its answer comes from there.
    pub(crate) fn calls_model(&self) -> bool {
        self.scope == Scope::Infer
    }
}

/// The operation of that name.
pub fn operation(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

#[cfg(test)]
mod tests;
