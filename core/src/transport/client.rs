//! HTTP clients, one per connection profile and runtime: a pooled connection belongs to the runtime that opened it.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use parking_lot::RwLock;
use rustls::{
    ClientConfig,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;
use tokio::runtime;

use super::{
    body::Network as NetworkBody,
    direct::Direct,
    dns::Resolver,
    proxied::{self, Proxied},
};
use crate::{
    config::Network,
    error::{Error, ErrorCode, Result},
};

/// How long an idle connection is kept.
pub(super) const POOL_IDLE: Duration = Duration::from_secs(60);

/// What connections of one client have in common, beyond the gateway's own network settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Profile {
    connect_ms: u64,
    http2: bool,
}

impl Profile {
    /// Few timeouts make few pools: one is rounded up to the next of these.
    const CONNECT_MS: [u64; 8] = [100, 250, 500, 1_000, 2_000, 5_000, 15_000, 60_000];

    pub(crate) fn new(connect_ms: u64, http2: bool) -> Self {
        let step = Self::CONNECT_MS.into_iter().find(|step| *step >= connect_ms);
        Self { connect_ms: step.unwrap_or(86_400_000), http2 }
    }

    /// How long a connection may take to stand.
    pub(super) fn connect(self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    /// Whether HTTP/2 is spoken where the upstream offers it.
    pub(super) fn http2(self) -> bool {
        self.http2
    }

    /// What is offered in a TLS handshake.
    fn protocols(self) -> Vec<Vec<u8>> {
        let protocols: &[&[u8]] = if self.http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
        protocols.iter().map(|protocol| protocol.to_vec()).collect()
    }
}

/// A client that does nothing of its own accord.
pub(super) enum Client {
    Direct(Box<Direct>),
    Proxied(Proxied),
}

impl Client {
    /// Sends the request and waits for the head of the answer.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<NetworkBody>> {
        Ok(match self {
            Self::Direct(client) => client.send(request).await?.map(NetworkBody::Direct),
            Self::Proxied(client) => client.send(request).await?.map(NetworkBody::Proxied),
        })
    }
}

/// The clients made so far.
pub(super) struct Clients {
    resolver: Resolver,
    proxy: Option<reqwest::Proxy>,
    extra_roots: Vec<CertificateDer<'static>>,
    /// Made once: reading the system's certificates takes its time.
    tls: OnceLock<ClientConfig>,
    made: RwLock<HashMap<(runtime::Id, Profile), Arc<Client>>>,
}

impl Clients {
    /// Runtimes come and go in tests and bindings; beyond so many clients the old ones are let go.
    const MOST: usize = 128;

    pub(super) fn new(network: &Network) -> Result<Self> {
        let proxy = network.proxy.as_ref().map(|url| proxied::parse(url.expose())).transpose()?;
        let unreadable = |_| Error::config("network.ca", "network.ca is no readable file of PEM certificates");
        let extra_roots = match &network.ca {
            Some(path) => CertificateDer::pem_file_iter(path)
                .map_err(unreadable)?
                .collect::<Result<_, _>>()
                .map_err(unreadable)?,
            None => Vec::new(),
        };
        let resolver = Resolver::new(network.private);
        Ok(Self { resolver, proxy, extra_roots, tls: OnceLock::new(), made: RwLock::default() })
    }

    /// The client of a profile on the current runtime.
    pub(super) fn get(&self, profile: Profile) -> Result<Arc<Client>> {
        let no_runtime = |_| Error::new(ErrorCode::Internal, "there is no tokio runtime; call from within one");
        let key = (runtime::Handle::try_current().map_err(no_runtime)?.id(), profile);
        if let Some(client) = self.made.read().get(&key) {
            return Ok(Arc::clone(client));
        }
        let mut made = self.made.write();
        if let Some(client) = made.get(&key) {
            return Ok(Arc::clone(client));
        }
        if made.len() >= Self::MOST
            && let Some(any) = made.keys().next().copied()
        {
            made.remove(&any);
        }
        let client = Arc::new(self.build(profile)?);
        made.insert(key, Arc::clone(&client));
        Ok(client)
    }

    fn build(&self, profile: Profile) -> Result<Client> {
        let mut tls = self.tls()?;
        tls.alpn_protocols = profile.protocols();
        let resolver = self.resolver.clone();
        Ok(match &self.proxy {
            None => Client::Direct(Box::new(Direct::new(profile, tls, resolver))),
            Some(proxy) => Client::Proxied(Proxied::new(profile, tls, resolver, proxy.clone())?),
        })
    }

    /// The system's roots and the configured ones, checked by the platform's verifier over one TLS provider.
    pub(super) fn tls(&self) -> Result<ClientConfig> {
        if let Some(config) = self.tls.get() {
            return Ok(config.clone());
        }
        let failed = |error: rustls::Error| Error::config("network.ca", "TLS cannot be set up").with_source(error);
        let provider = Arc::new(ring::default_provider());
        let verifier =
            Verifier::new_with_extra_roots(self.extra_roots.clone(), Arc::clone(&provider)).map_err(failed)?;
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(failed)?;
        let config = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
        Ok(self.tls.get_or_init(|| config).clone())
    }
}
