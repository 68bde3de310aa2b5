//! Tenants, their providers and their API keys. JSON goes in and comes out as the operations of the same names have it.

use std::{ffi::c_char, mem::MaybeUninit};

use crate::{
    bytes::Bytes,
    error::Error,
    gateway::Gateway,
    guard::{give, guard, needed},
    input,
};

/// Creates a tenant. `tenant` is a JSON object, all of it optional: `id` (1 to 64 of `A-Za-z0-9._:-`; a new one when
/// omitted), `name`, `provider` (its first provider, with `kind`, `api_key` and what the kind needs), `capture`, `concurrency`,
/// `retention`.
///
/// `*reply` is the tenant as a JSON object, and the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_create_tenant(
    gateway: Option<&Gateway>,
    tenant: *const c_char,
    tenant_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        let tenant = input::bytes_or_none(tenant, tenant_len, "tenant")?;
        gateway.perform("create_tenant", &[], tenant)
    })
}

/// Says what a tenant is, as a JSON object.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_get_tenant(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        let tenant_id = input::text(tenant_id, "tenant_id")?;
        gateway.perform("get_tenant", &[("tenant_id", tenant_id)], &[])
    })
}

/// Lists tenants, a page at a time. `query` is a JSON object with `limit` and `cursor`, and may be NULL; the reply is
/// `{"tenants": [...], "next_cursor": ...}`.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_list_tenants(
    gateway: Option<&Gateway>,
    query: *const c_char,
    query_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        let query = input::bytes_or_none(query, query_len, "query")?;
        gateway.perform("list_tenants", &[], query)
    })
}

/// Changes what `update`, a JSON object, says of a tenant; the reply is the tenant.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_update_tenant(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    update: *const c_char,
    update_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        let tenant_id = input::text(tenant_id, "tenant_id")?;
        let update = input::bytes(update, update_len, "update")?;
        gateway.perform("update_tenant", &[("tenant_id", tenant_id)], update)
    })
}

/// Deletes a tenant. What it has stored cannot be read from then on, and is removed in the background; the operation
/// `erase_tenant` of `gateway_call` waits until it is. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_delete_tenant(gateway: Option<&Gateway>, tenant_id: *const c_char) -> Option<Box<Error>> {
    guard(|| {
        let gateway = needed(gateway, "gateway")?;
        let tenant_id = input::text(tenant_id, "tenant_id")?;
        gateway.perform_quietly("delete_tenant", &[("tenant_id", tenant_id)])
    })
}

/// Adds a provider to a tenant, or replaces the one of that name. `provider` is a JSON object with `kind`, `name` (the kind
/// when omitted), `api_key` and what the kind needs; the reply is the provider without its secret.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_set_provider(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    provider: *const c_char,
    provider_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        let tenant_id = input::text(tenant_id, "tenant_id")?;
        let provider = input::bytes(provider, provider_len, "provider")?;
        gateway.perform("set_provider", &[("tenant_id", tenant_id)], provider)
    })
}

/// Lists the providers of a tenant, without their secrets, as `{"providers": [...]}`.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_list_providers(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        let tenant_id = input::text(tenant_id, "tenant_id")?;
        gateway.perform("list_providers", &[("tenant_id", tenant_id)], &[])
    })
}

/// Deletes a provider of a tenant's. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_delete_provider(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    name: *const c_char,
) -> Option<Box<Error>> {
    guard(|| {
        let gateway = needed(gateway, "gateway")?;
        let tenant_id = input::text(tenant_id, "tenant_id")?;
        let name = input::text(name, "name")?;
        gateway.perform_quietly("delete_provider", &[("tenant_id", tenant_id), ("name", name)])
    })
}

/// Creates an API key of a tenant's, for `gateway_handle`. `key` is a JSON object with `name`, `scopes` (`infer`, `read`,
/// `admin`; `infer` when omitted) and `expires_at`, and may be NULL. The reply has the key itself in `secret`, this once.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_create_api_key(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    key: *const c_char,
    key_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        let tenant_id = input::text(tenant_id, "tenant_id")?;
        let key = input::bytes_or_none(key, key_len, "key")?;
        gateway.perform("create_api_key", &[("tenant_id", tenant_id)], key)
    })
}

/// Lists the API keys of a tenant, without their secrets, as `{"api_keys": [...]}`.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_list_api_keys(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        let tenant_id = input::text(tenant_id, "tenant_id")?;
        gateway.perform("list_api_keys", &[("tenant_id", tenant_id)], &[])
    })
}

/// Revokes an API key of a tenant's by its id. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_revoke_api_key(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    key_id: *const c_char,
) -> Option<Box<Error>> {
    guard(|| {
        let gateway = needed(gateway, "gateway")?;
        let tenant_id = input::text(tenant_id, "tenant_id")?;
        let key_id = input::text(key_id, "key_id")?;
        gateway.perform_quietly("revoke_api_key", &[("tenant_id", tenant_id), ("key_id", key_id)])
    })
}
