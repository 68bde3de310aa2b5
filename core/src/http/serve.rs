//! A server for clients outside the process: connections, TLS and the end of both. What a request means is the handler's
//! business.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use http_body::{Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http1::Builder, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, Sleep, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    error::{Error, Result},
    gateway::Gateway,
};

/// How to serve. Fields are added in minor versions: build it with `..ServeConfig::default()`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ServeConfig {
    /// Where to listen: `127.0.0.1:8080` when omitted; port 0 takes a free one. Whoever reaches another address than
    /// loopback sees keys and contents unless there is TLS.
    pub address: SocketAddr,
    /// A certificate, for HTTPS.
    pub tls: Option<ServeTls>,
    /// Connections at once; more wait until one ends.
    pub connections: usize,
    /// How long the head of a request, a TLS handshake and each piece of a request's body may take, in milliseconds.
    pub read_ms: u64,
}

/// A certificate and its key, as PEM files.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ServeTls {
    /// The certificate and what it is signed by.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), tls: None, connections: 10_000, read_ms: 30_000 }
    }
}

/// A gateway that serves. Dropping it closes its connections; [`Server::shutdown`] lets them end first.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<Option<Duration>>,
    /// The one task, which owns those of the connections.
    tasks: JoinSet<()>,
}

impl Gateway {
    /// Serves over HTTP/1.1 what [`Gateway::handle`] answers, on the current tokio runtime.
    ///
    /// Fails with `invalid_config` where the address cannot be listened at or the certificate cannot be read.
    pub async fn serve(&self, config: ServeConfig) -> Result<Server> {
        let tls = config.tls.as_ref().map(acceptor).transpose()?;
        let unusable = |error| {
            Error::config("address", format!("the address {} cannot be listened at", config.address)).with_source(error)
        };
        let listener = TcpListener::bind(config.address).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let (stop, stopped) = watch::channel(None);
        let door = Door {
            gateway: self.clone(),
            tls,
            places: Arc::new(Semaphore::new(config.connections.clamp(1, Semaphore::MAX_PERMITS))),
            patience: Duration::from_millis(config.read_ms.max(1)),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(door.keep(listener, stopped));
        Ok(Server { address, stop, tasks })
    }
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no new connection, lets the requests that are running end, streams too, and closes what is open after the
    /// time. The gateway stays open.
    pub async fn shutdown(mut self, timeout: Duration) {
        self.stop.send_replace(Some(timeout));
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Lets connections in.
struct Door {
    gateway: Gateway,
    tls: Option<TlsAcceptor>,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Door {
    /// How long to wait when the process has no descriptor left for another connection.
    const PAUSE: Duration = Duration::from_millis(100);

    async fn keep(self, listener: TcpListener, mut stopped: watch::Receiver<Option<Duration>>) {
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let grace = loop {
            let place = tokio::select! {
                stop = stopped.wait_for(Option::is_some) => break stop.ok().and_then(|stop| *stop),
                place = Arc::clone(&self.places).acquire_owned() => place,
            };
            let accepted = tokio::select! {
                stop = stopped.wait_for(Option::is_some) => break stop.ok().and_then(|stop| *stop),
                accepted = listener.accept() => accepted,
            };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok((stream, _)) => {
                    let connection = self.serve(stream, graceful.watcher());
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be accepted");
                    sleep(Self::PAUSE).await;
                }
            }
        };
        drop(listener);
        // What is left then goes with the set.
        drop(timeout(grace.unwrap_or_default(), graceful.shutdown()).await);
    }

    fn serve(
        &self,
        stream: TcpStream,
        watcher: hyper_util::server::graceful::Watcher,
    ) -> impl Future<Output = ()> + use<> {
        let (gateway, tls, patience) = (self.gateway.clone(), self.tls.clone(), self.patience);
        async move {
            // A stream's pieces go out as they come.
            drop(stream.set_nodelay(true));
            match tls {
                None => speak(gateway, stream, watcher, patience).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = timeout(patience, tls.accept(stream)).await {
                        speak(gateway, stream, watcher, patience).await;
                    }
                }
            }
        }
    }
}

/// Answers the requests of a connection. How a connection ends is the client's business, and is not told.
async fn speak<S>(gateway: Gateway, stream: S, watcher: hyper_util::server::graceful::Watcher, patience: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new();
    // It counts from the beginning of the wait: a client that says nothing is not waited for either.
    builder.timer(TokioTimer::new()).header_read_timeout(patience);
    let answer = service_fn(move |request: Request<Incoming>| {
        let gateway = gateway.clone();
        async move { Ok::<_, Infallible>(gateway.handle(request.map(|body| Timed::new(body, patience))).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), answer);
    drop(watcher.watch(connection).await);
}

/// A body whose pieces have to come within a time.
struct Timed {
    body: Incoming,
    patience: Duration,
    timer: Pin<Box<Sleep>>,
}

impl Timed {
    fn new(body: Incoming, patience: Duration) -> Self {
        Self { body, patience, timer: Box::pin(sleep(patience)) }
    }
}

impl http_body::Body for Timed {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                let next = Instant::now() + self.patience;
                self.timer.as_mut().reset(next);
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                std::task::ready!(self.timer.as_mut().poll(context));
                Poll::Ready(Some(Err("the body did not come in time".into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn acceptor(tls: &ServeTls) -> Result<TlsAcceptor> {
    let unreadable = |name: &'static str, path: &Path| {
        let message = format!("{name} {} is no readable PEM file", path.display());
        move |error| Error::config(name, message).with_source(error)
    };
    let chain = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(unreadable("tls.certificate", &tls.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(unreadable("tls.key", &tls.key))?;
    let refused = |error: rustls::Error| Error::config("tls", format!("the certificate and its key: {error}"));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(refused)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
