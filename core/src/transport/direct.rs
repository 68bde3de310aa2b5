//! The way without a proxy: hyper's pooled client over our own connector. A client of `reqwest` would parse and print
//! the URL again and clone the headers for redirects and retries that never happen: a fifth of a request's CPU.

use std::{
    error::Error as StdError,
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{
    client::legacy::{Client, Error as ClientError, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use rustls::ClientConfig;
use tokio::{net::TcpStream, time::timeout};
use tower_service::Service;

use super::{
    client::{POOL_IDLE, Profile},
    dns::Resolver,
    fault::{self, Stage},
};
use crate::error::Result;

const KEEPALIVE: Duration = Duration::from_secs(15);

/// A client without redirects or headers of its own. What it sends again is a request that was not sent: one whose idle
/// connection turned out to be closed.
pub(super) struct Direct(Client<Connector, Full<Bytes>>);

impl Direct {
    pub(super) fn new(profile: Profile, tls: ClientConfig, resolver: Resolver) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared out among a name's addresses: one that does not answer leaves time for the next.
        tcp.set_connect_timeout(Some(profile.connect()));
        // A connection that died in silence is noticed before a request has waited for it too long.
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_keepalive_retries(Some(3));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(2 * KEEPALIVE));
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .build(Connector { https: HttpsConnector::from((tcp, tls)), patience: profile.connect() });
        Self(client)
    }

    /// Sends the request and waits for the head of the answer.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<Incoming>> {
        let sent = self.0.request(request.map(Full::new)).await;
        sent.map_err(|error| fault::before_answer(&error, stage(&error)))
    }
}

fn stage(error: &ClientError) -> Stage {
    if !error.is_connect() {
        return Stage::Exchange;
    }
    let timed_out = fault::find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut);
    if timed_out || fault::find::<Impatient>(error).is_some() { Stage::ConnectTimedOut } else { Stage::Connect }
}

/// TCP, and TLS where the URL asks for it, within one time limit.
#[derive(Clone)]
struct Connector {
    https: HttpsConnector<HttpConnector<Resolver>>,
    patience: Duration,
}

type BoxError = Box<dyn StdError + Send + Sync>;
type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = timeout(self.patience, self.https.call(uri));
        Box::pin(async move { connecting.await.unwrap_or_else(|_| Err(Impatient.into())) })
    }
}

/// The connection did not stand in time.
#[derive(Debug)]
struct Impatient;

impl fmt::Display for Impatient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection does not stand in time")
    }
}

impl StdError for Impatient {}
