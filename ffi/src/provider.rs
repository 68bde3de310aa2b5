//! A provider that is looked up once and called often.

use std::{
    ffi::{CString, c_char},
    mem::MaybeUninit,
};

use bytes::Bytes as Body;
use libgateway::{
    Error as CoreError, ErrorCode, Result,
    bindings::{self, Answer, Handle},
};

use crate::{
    bytes::Bytes,
    error::Error,
    gateway::Gateway,
    guard::{free, give, give_if_wanted, needed},
    input,
    stream::Stream,
    text::{c_text, pointer},
};

/// A provider of a tenant's, looked up once. Any number of threads may use it at once. It stays what it was when it was
/// looked up, whatever becomes of the tenant's configuration.
#[derive(Debug)]
pub struct Provider {
    gateway: Gateway,
    inner: bindings::Provider,
    description: CString,
}

impl Provider {
    fn find(gateway: &Handle, tenant: &str, name: Option<&str>) -> Result<Option<Box<Self>>> {
        match gateway.wait(gateway.get_provider(tenant, name)?, None)? {
            Answer::Provider(inner) => {
                let description = c_text(&String::from_utf8_lossy(inner.description()));
                Ok(Some(Box::new(Self { gateway: Gateway(gateway.clone()), inner, description })))
            }
            _ => Err(CoreError::new(ErrorCode::Internal, "the look-up of a provider has found something else")),
        }
    }

    pub(crate) fn inner(&self) -> &bindings::Provider {
        &self.inner
    }

    fn call(&self, operation: &str, request: *const c_char, len: usize) -> Result<bindings::Call> {
        let body = Body::copy_from_slice(input::bytes(request, len, "request")?);
        self.gateway.0.call_provider(operation, &self.inner, body, &[])
    }
}

/// Looks up a provider of a tenant's by its name, or with NULL the tenant's default; a tenant without providers has those
/// of the gateway. The answer is cached: only the first look-up waits for the database.
///
/// `*provider` is the caller's, to be freed with `gateway_provider_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_get_provider_for_tenant(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    name: *const c_char,
    provider: Option<&mut MaybeUninit<Option<Box<Provider>>>>,
) -> Option<Box<Error>> {
    give(provider, "provider", || {
        let gateway = needed(gateway, "gateway")?;
        let tenant = input::text(tenant_id, "tenant_id")?;
        Provider::find(&gateway.0, tenant, input::optional_text(name, "name")?)
    })
}

/// Forgets what is cached of a tenant's provider, or with NULL of its default one, so that the next call reads it anew.
/// Changes that are made through a gateway need no such thing. `*reply` is `{"evicted": true}` where something was cached,
/// and may be NULL. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_evict_provider(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    name: *const c_char,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give_if_wanted(reply, || {
        let gateway = needed(gateway, "gateway")?;
        let tenant = ("tenant_id", input::text(tenant_id, "tenant_id")?);
        match input::optional_text(name, "name")? {
            Some(name) => gateway.perform("evict_provider", &[tenant, ("name", name)], &[]),
            None => gateway.perform("evict_provider", &[tenant], &[]),
        }
    })
}

/// Returns what the provider is as a JSON object: its configuration without the secret, and its capabilities. The text
/// belongs to the provider, ends with a NUL and is valid until the provider is freed; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_provider_json(provider: Option<&Provider>) -> *const c_char {
    pointer(provider.map(|provider| &provider.description))
}

/// The same as `gateway_chat`, asked of this provider. For other operations see `gateway_send`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_provider_chat(
    provider: Option<&Provider>,
    request: *const c_char,
    request_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let provider = needed(provider, "provider")?;
        provider.gateway.ask(provider.call("chat", request, request_len)?)
    })
}

/// The same as `gateway_chat_stream`, asked of this provider.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_provider_chat_stream(
    provider: Option<&Provider>,
    request: *const c_char,
    request_len: usize,
    stream: Option<&mut MaybeUninit<Option<Box<Stream>>>>,
) -> Option<Box<Error>> {
    give(stream, "stream", || {
        let provider = needed(provider, "provider")?;
        provider.gateway.ask_for_stream(provider.call("chat_stream", request, request_len)?)
    })
}

/// Frees a provider and sets `*provider` to NULL. NULL, and a NULL in it, is harmless. No other thread may be inside a call
/// with it.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_provider_free(provider: Option<&mut Option<Box<Provider>>>) {
    free(provider, |_| Ok(()));
}
