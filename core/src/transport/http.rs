//! Sends a request over the network. Knows how long to wait for the head of the answer, and nothing else.

use std::sync::Arc;

use ::http::{HeaderMap, Method, Request, Uri};
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use super::{
    Body, Response,
    client::{Clients, Profile},
};
use crate::{config::Network, error::Result, tasks::Background};

/// All clients of one gateway.
pub(crate) struct Transport {
    clients: Clients,
}

/// A request and the connection it wants.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) profile: Profile,
}

impl Transport {
    pub(crate) fn new(network: &Network) -> Result<Self> {
        Ok(Self { clients: Clients::new(network)? })
    }

    /// Does ahead, on a thread of its own, what the first client would otherwise wait for: reading the system's
    /// certificates. What fails here fails again where it matters.
    pub(crate) fn warm(self: &Arc<Self>, background: &Background) {
        let transport = Arc::clone(self);
        drop(background.spawn_blocking(move || drop(transport.clients.tls())));
    }

    /// Sends the request and waits for the head of the answer; `None` when it did not come before the deadline.
    /// Dropping the future takes the request back: the connection is closed.
    pub(crate) async fn send(&self, outgoing: Outgoing, deadline: Instant) -> Option<Result<Response>> {
        let client = match self.clients.get(outgoing.profile) {
            Ok(client) => client,
            Err(error) => return Some(Err(error)),
        };
        let mut request = Request::new(outgoing.body);
        (*request.method_mut(), *request.uri_mut()) = (outgoing.method, outgoing.uri);
        *request.headers_mut() = outgoing.headers;
        // Boxed, so that the futures of hosts stay small and within the compiler's limit on nested types.
        let answer = timeout_at(deadline, Box::pin(client.send(request))).await.ok()?;
        Some(answer.map(|response| {
            let (head, body) = response.into_parts();
            let body = Body::of(body, &head.headers);
            Response { status: head.status, headers: head.headers, body }
        }))
    }
}
