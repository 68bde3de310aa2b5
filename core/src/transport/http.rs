//! Sends a request over the network. Knows how long to wait for the head of the answer, and nothing else.

use std::sync::Arc;

use ::http::{HeaderMap, Method};
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    Body, Response,
    client::{Clients, Profile},
    fault,
};
use crate::{config::Network, error::Result, tasks::Background};

/// All clients of one gateway.
pub(crate) struct Transport {
    clients: Clients,
}

/// A request and the connection it wants.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
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
        let mut request = reqwest::Request::new(outgoing.method, outgoing.url);
        *request.headers_mut() = outgoing.headers;
        if !outgoing.body.is_empty() {
            *request.body_mut() = Some(outgoing.body.into());
        }
        // Boxed, so that the futures of hosts stay small and within the compiler's limit on nested types.
        let exchange = Box::pin(async {
            self.clients.check(request.url()).await?;
            client.execute(request).await.map_err(fault::before_answer)
        });
        let answer = timeout_at(deadline, exchange).await.ok()?;
        Some(answer.map(|response| {
            let (head, body) = ::http::Response::<reqwest::Body>::from(response).into_parts();
            Response { status: head.status, headers: head.headers, body: Body::Network(body) }
        }))
    }
}
