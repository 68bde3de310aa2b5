//! The body of an answer, wherever it comes from.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body as _;
use hyper::body::Incoming;

use super::{
    fault,
    gzip::{Gunzip, is_gzip},
};
use crate::error::Result;

/// The body of an answer, piece by piece. Dropping it closes the connection.
pub(crate) enum Body {
    Network(Network),
    /// Asked for plain bytes, some upstreams compress all the same.
    Gzip(Network, Box<Gunzip>),
    Canned(VecDeque<Bytes>),
}

/// What a client of the network reads.
pub(crate) enum Network {
    Direct(Incoming),
    Proxied(reqwest::Body),
}

impl Body {
    /// The body of an answer with these headers.
    pub(super) fn of(network: Network, headers: &HeaderMap) -> Self {
        if is_gzip(headers) { Self::Gzip(network, Box::default()) } else { Self::Network(network) }
    }

    /// The next piece; `None` at the end.
    pub(crate) fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        match self {
            Self::Network(network) => network.poll_chunk(context),
            Self::Gzip(network, gunzip) => loop {
                match gunzip.read() {
                    Ok(plain) if plain.is_empty() => {}
                    read => return Poll::Ready(Some(read)),
                }
                match ready!(network.poll_chunk(context)) {
                    Some(Ok(compressed)) => gunzip.push(compressed),
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => return Poll::Ready(gunzip.finish().err().map(Err)),
                }
            },
            Self::Canned(chunks) => Poll::Ready(chunks.pop_front().map(Ok)),
        }
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|context| self.poll_chunk(context)).await
    }
}

impl Network {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            let frame = match self {
                Self::Direct(body) => ready!(Pin::new(body).poll_frame(context))
                    .map(|frame| frame.map_err(|error| fault::while_reading(&error))),
                Self::Proxied(body) => ready!(Pin::new(body).poll_frame(context))
                    .map(|frame| frame.map_err(|error| fault::while_reading(&error.without_url()))),
            };
            return Poll::Ready(match frame {
                None => None,
                Some(Err(error)) => Some(Err(error)),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => Some(Ok(data)),
                    // Trailers, and chunks without a byte, are of no interest.
                    _ => continue,
                },
            });
        }
    }
}
