//! The way to an upstream and back. Knows nothing of providers, tenants or traces.

mod body;
mod client;
mod direct;
mod dns;
mod fault;
mod gzip;
mod http;
mod proxied;
pub(crate) mod sse;

use ::http::{HeaderMap, StatusCode};

pub(crate) use self::{
    body::Body,
    client::Profile,
    http::{Outgoing, Transport},
};

/// An answer whose head has arrived.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}
