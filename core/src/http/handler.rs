//! From a request to a response: route, key, scope, body, operation, in this order.

use std::error::Error as StdError;

use bytes::Bytes;
use http::{Request, Response, request};
use http_body_util::{BodyExt as _, Collected, LengthLimitError, Limited};

#[cfg(feature = "dashboard")]
use super::dashboard;
use super::{
    Body,
    input::{self, TENANT},
    metrics, respond,
    route::Route,
};
use crate::{
    auth::Caller,
    error::{Error, ErrorCode, Result},
    gateway::{Gateway, TenantHandle},
    operation::{ALL_TENANTS, Answer, Arguments, Model, Subject, call_model, perform},
    provider::{Envelope, Passing},
    types::{api_key::Scope, request::Request as Call},
};

impl Gateway {
    /// Answers an HTTP request as a server would, without a socket: `POST /v1/chat/completions` and the other paths of
    /// [`OPERATIONS`](crate::OPERATIONS), the API key in `authorization` or `x-api-key`, errors in OpenAI's shape. The
    /// body is read only once the key is known to be allowed what the path is for.
    ///
    /// OpenAI's other paths (`/v1/files`, `/v1/audio/speech` …) are passed on to the tenant's provider as they are, and so
    /// is what comes back; each leaves a trace.
    ///
    /// `GET /health` needs no key to say whether the gateway is well, and an operator's to say why not; `GET /metrics` has
    /// the counters of `stats` in Prometheus' format, for an operator's key.
    ///
    /// A stream's response comes with its head; its body fails where the upstream's does, and dropping it cancels the call.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let response = answer(self, &head, body).await;
        finish(&head, response)
    }

    /// For hosts that read the body themselves, and are to read none of a request that is refused: how large it may be, or
    /// the refusal.
    pub(crate) async fn admit(&self, head: &request::Parts) -> Result<usize, Response<Body>> {
        match admit(self, head).await {
            Ok(_) => Ok(self.body_limit()),
            Err(error) => Err(finish(head, Err(error))),
        }
    }
}

fn finish(head: &request::Parts, response: Result<Response<Body>>) -> Response<Body> {
    let mut response = response.unwrap_or_else(|error| respond::error(&error));
    respond::echo_request_id(&mut response, head.headers.get("x-request-id").cloned());
    response
}

/// What a request that is let in is for.
enum Admitted {
    /// What everybody may ask about the gateway.
    Health,
    /// A file of the dashboard, in which nothing is anybody's.
    #[cfg(feature = "dashboard")]
    Page(&'static dashboard::File),
    /// An operation, by a caller who may ask for it.
    Operation(Route, Caller),
    /// Another path of OpenAI's, for a tenant's provider.
    Passing(Passing, TenantHandle),
}

/// Route, key and scope: all that is looked at before a body is read.
async fn admit(gateway: &Gateway, head: &request::Parts) -> Result<Admitted> {
    #[cfg(feature = "dashboard")]
    if let Some(file) = dashboard::File::find(head)? {
        return Ok(Admitted::Page(file));
    }
    let key = input::api_key(&head.headers);
    let route = match Route::find(head.method.as_str(), head.uri.path()) {
        Ok(route) => route,
        Err(unknown) => {
            let passing = Passing::of(head).ok_or(unknown)?;
            let caller = gateway.authenticate(key).await?;
            let tenant = tenant(gateway, head, &caller, Scope::Infer)?;
            return Ok(Admitted::Passing(passing, tenant));
        }
    };
    let asks_for_health = route.operation.name == "health";
    if asks_for_health && key.is_none() {
        return Ok(Admitted::Health);
    }
    let caller = gateway.authenticate(key).await?;
    caller.require(route.operation.scope)?;
    // The reasons are the operator's: they tell of the store, and of what happens to others' traces.
    if asks_for_health && caller.tenant_id.is_some() {
        return Ok(Admitted::Health);
    }
    Ok(Admitted::Operation(route, caller))
}

/// Whether the answer may come in pieces.
pub(crate) fn may_stream(request: &Request<Bytes>) -> bool {
    wants_stream(request.body()) || Route::find(request.method().as_str(), request.uri().path()).is_err()
}

/// Whether a body asks for a stream. A body that cannot be read does not: what is wrong with it is told where it is used.
fn wants_stream(body: &[u8]) -> bool {
    Envelope::read(body, false).is_ok_and(|envelope| envelope.stream())
}

async fn answer<B>(gateway: &Gateway, head: &request::Parts, body: B) -> Result<Response<Body>>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let (route, caller) = match admit(gateway, head).await? {
        Admitted::Operation(route, caller) => (route, caller),
        Admitted::Health => return Ok(respond::health(gateway.health().status)),
        #[cfg(feature = "dashboard")]
        Admitted::Page(file) => return file.answer(&head.headers),
        Admitted::Passing(passing, tenant) => {
            let options = input::call_options(&head.headers)?;
            let body = read(body, gateway.body_limit()).await?;
            let stream = tenant.pass(passing, Call { body, options }).await?;
            return Ok(respond::answer(Answer::Stream(Box::new(stream))));
        }
    };
    if route.operation.calls_model() {
        let tenant = tenant(gateway, head, &caller, route.operation.scope)?;
        let options = input::call_options(&head.headers)?;
        let body = read(body, gateway.body_limit()).await?;
        let streaming = route.streaming().filter(|_| wants_stream(&body));
        let operation = streaming.unwrap_or(route.operation);
        let call = Box::pin(call_model(operation, Model::Tenant(tenant), Call { body, options }));
        return call.await.map(respond::answer);
    }
    let mut arguments = input::query(head.uri.query().unwrap_or_default())?;
    for (name, value) in Arguments::parse(&read(body, gateway.body_limit()).await?)? {
        arguments.insert(&name, value)?;
    }
    for (name, value) in &route.arguments {
        arguments.insert(name, value.as_str())?;
    }
    // A tenant's key reaches its own tenant, whatever the request names; an operator's names one anywhere.
    let is_own = caller.tenant_id.is_some();
    if is_own && route.operation.scope == Scope::Admin {
        return Err(foreign());
    }
    let subject = route.operation.subject;
    if subject == Subject::Traces && !is_own && !names_tenant(head, &arguments) {
        let (tenants, all) = ALL_TENANTS;
        arguments.insert(tenants, all)?;
    } else if subject != Subject::Gateway && (is_own || !arguments.has("tenant_id")) {
        let tenant = tenant(gateway, head, &caller, route.operation.scope)?;
        let agreed = arguments.insert("tenant_id", tenant.id().as_str());
        agreed.map_err(|error| if is_own { foreign() } else { error })?;
    }
    if route.operation.name == "stats" {
        return Ok(respond::text(metrics::text(&gateway.stats())));
    }
    Box::pin(perform(gateway, route.operation, arguments)).await.map(respond::json)
}

/// The tenant a request is about: the key's own, or for an operator's key the one that the header names.
fn tenant(gateway: &Gateway, head: &request::Parts, caller: &Caller, scope: Scope) -> Result<TenantHandle> {
    caller.require(scope)?;
    let named = match head.headers.get(TENANT) {
        None => None,
        Some(named) => {
            let named =
                named.to_str().map_err(|_| Error::invalid(TENANT, format!("the header {TENANT} is no text")))?;
            Some(named.parse()?)
        }
    };
    match (&caller.tenant_id, named) {
        (Some(own), Some(named)) if *own != named => Err(foreign()),
        (Some(_), _) => gateway.tenant_of(caller, scope),
        (None, Some(named)) => Ok(gateway.tenant_for(caller, named)),
        (None, None) => {
            let message = format!("an operator's key has no tenant; name one in the header {TENANT}");
            Err(Error::new(ErrorCode::MissingField, message).with_param(TENANT))
        }
    }
}

/// Whether an operator's request is about one tenant.
fn names_tenant(head: &request::Parts, arguments: &Arguments) -> bool {
    head.headers.contains_key(TENANT) || arguments.has("tenant_id")
}

/// Whether another tenant exists is none of a tenant's business.
fn foreign() -> Error {
    Error::new(ErrorCode::InsufficientScope, "the API key belongs to another tenant")
}

async fn read<B>(body: B, limit: usize) -> Result<Bytes>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let collected = Limited::new(body, limit).collect().await;
    collected.map(Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            let message = format!("the request has more than {limit} bytes (limits.body_bytes)");
            Error::new(ErrorCode::BodyTooLarge, message)
        } else {
            Error::new(ErrorCode::InvalidRequest, "the request's body ended early").with_source(error)
        }
    })
}
