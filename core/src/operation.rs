//! The one table of operations. Whatever lists operations (bindings, HTTP routes, documentation, tests) is derived from
//! it: a new operation is a row here and a method of [`Gateway`](crate::Gateway) or [`TenantHandle`](crate::TenantHandle).

mod arguments;
mod perform;

pub(crate) use self::{
    arguments::Arguments,
    perform::{Answer, Model, call_model, describe, perform, unknown},
};
use crate::types::api_key::Scope;

/// What an operation works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The gateway itself.
    Gateway,
    /// One tenant.
    Tenant,
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
    /// What it takes, as a type of this crate.
    pub input: &'static str,
    /// What it gives back.
    pub output: Output,
}

macro_rules! operations {
    ($($name:ident: $route:tt $scope:ident $subject:ident $input:literal => $output:ident;)+) => {
        /// Every operation.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            name: stringify!($name),
            route: operations!(@route $route),
            scope: Scope::$scope,
            subject: Subject::$subject,
            input: $input,
            output: Output::$output,
        }),+];
    };
    (@route ()) => { None };
    (@route ($method:literal $path:literal)) => { Some(($method, $path)) };
}

operations! {
    chat: ("POST" "/v1/chat/completions") Infer Tenant "Request" => Json;
    chat_stream: ("POST" "/v1/chat/completions") Infer Tenant "Request" => Stream;
    responses: ("POST" "/v1/responses") Infer Tenant "Request" => Json;
    responses_stream: ("POST" "/v1/responses") Infer Tenant "Request" => Stream;
    embeddings: ("POST" "/v1/embeddings") Infer Tenant "Request" => Json;
    list_models: ("GET" "/v1/models") Infer Tenant "CallOptions" => Json;

    list_traces: ("GET" "/v1/traces") Read Tenant "TraceQuery" => Json;
    get_trace: ("GET" "/v1/traces/{trace_id}") Read Tenant "TraceId" => Json;
    analytics: ("GET" "/v1/analytics") Read Tenant "AnalyticsQuery" => Json;
    analytics_summary: ("GET" "/v1/analytics/summary") Read Tenant "AnalyticsQuery" => Json;
    analytics_timeseries: ("GET" "/v1/analytics/timeseries") Read Tenant "AnalyticsQuery" => Json;
    analytics_models: ("GET" "/v1/analytics/models") Read Tenant "AnalyticsQuery" => Json;

    create_tenant: ("POST" "/v1/admin/tenants") Admin Gateway "NewTenant" => Json;
    get_tenant: ("GET" "/v1/admin/tenants/{tenant_id}") Admin Gateway "TenantId" => Json;
    list_tenants: ("GET" "/v1/admin/tenants") Admin Gateway "TenantQuery" => Json;
    update_tenant: ("PATCH" "/v1/admin/tenants/{tenant_id}") Admin Gateway "TenantUpdate" => Json;
    delete_tenant: ("DELETE" "/v1/admin/tenants/{tenant_id}") Admin Gateway "TenantId" => Nothing;
    erase_tenant: ("POST" "/v1/admin/tenants/{tenant_id}/erase") Admin Gateway "TenantId" => Json;
    set_provider: ("PUT" "/v1/admin/tenants/{tenant_id}/providers/{name}") Admin Tenant "ProviderConfig" => Json;
    list_providers: ("GET" "/v1/admin/tenants/{tenant_id}/providers") Admin Tenant "" => Json;
    delete_provider: ("DELETE" "/v1/admin/tenants/{tenant_id}/providers/{name}") Admin Tenant "ProviderName" => Nothing;
    get_provider_for_tenant: ("GET" "/v1/admin/tenants/{tenant_id}/providers/{name}/cached") Admin Tenant "ProviderName" => Json;
    evict_provider: ("DELETE" "/v1/admin/tenants/{tenant_id}/providers/{name}/cached") Admin Tenant "ProviderName" => Json;
    create_api_key: ("POST" "/v1/admin/tenants/{tenant_id}/keys") Admin Tenant "NewApiKey" => Json;
    list_api_keys: ("GET" "/v1/admin/tenants/{tenant_id}/keys") Admin Tenant "" => Json;
    revoke_api_key: ("DELETE" "/v1/admin/tenants/{tenant_id}/keys/{key_id}") Admin Tenant "key_id" => Nothing;
    create_admin_key: () Admin Gateway "NewApiKey" => Json;
    list_admin_keys: () Admin Gateway "" => Json;
    revoke_admin_key: () Admin Gateway "key_id" => Nothing;

    rewrap_data_keys: () Admin Gateway "" => Json;
    backup: () Admin Gateway "path" => Nothing;
    list_dead_letters: () Admin Gateway "limit" => Json;
    flush: () Admin Gateway "timeout_ms" => Json;
    verify: () Admin Gateway "" => Json;
    stats: () Admin Gateway "" => Json;
    health: ("GET" "/health") Read Gateway "" => Json;
    close: () Admin Gateway "timeout_ms" => Json;
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
