//! The way to an upstream and back. Knows nothing of providers, tenants or traces.

mod client;
mod dns;
mod fault;
mod http;
pub(crate) mod sse;

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use http_body::Body as _;

pub(crate) use self::{
    client::Profile,
    http::{Outgoing, Transport},
};
use crate::error::Result;

/// An answer whose head has arrived.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

/// The body of an answer, piece by piece. Dropping it closes the connection.
pub(crate) enum Body {
    Network(reqwest::Body),
    Canned(VecDeque<Bytes>),
}

impl Body {
    /// The next piece; `None` at the end.
    pub(crate) fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let body = match self {
            Self::Canned(chunks) => return Poll::Ready(chunks.pop_front().map(Ok)),
            Self::Network(body) => body,
        };
        loop {
            return match std::task::ready!(Pin::new(&mut *body).poll_frame(context)) {
                None => Poll::Ready(None),
                Some(Err(error)) => Poll::Ready(Some(Err(fault::while_reading(error)))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => Poll::Ready(Some(Ok(data))),
                    // Trailers, and chunks without a byte, are of no interest.
                    _ => continue,
                },
            };
        }
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|context| self.poll_chunk(context)).await
    }
}
