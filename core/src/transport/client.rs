//! HTTP clients, one per connection profile and runtime: a pooled connection belongs to the runtime that opened it.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use parking_lot::RwLock;
use reqwest::Client;
use rustls::{
    ClientConfig,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;
use tokio::runtime;
use url::{Host, Url};

use super::dns::Resolver;
use crate::{
    config::Network,
    error::{Error, ErrorCode, Result},
};

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
}

/// The clients made so far.
pub(super) struct Clients {
    resolver: Resolver,
    proxy: Option<reqwest::Proxy>,
    extra_roots: Vec<CertificateDer<'static>>,
    /// Made once: reading the system's certificates takes its time.
    tls: OnceLock<ClientConfig>,
    made: RwLock<HashMap<(runtime::Id, Profile), Client>>,
}

impl Clients {
    /// Runtimes come and go in tests and bindings; beyond so many clients the old ones are let go.
    const MOST: usize = 64;

    pub(super) fn new(network: &Network) -> Result<Self> {
        let no_proxy = || Error::config("network.proxy", "network.proxy is no proxy URL; write it as http://host:port");
        let proxy_url =
            network.proxy.as_ref().map(|url| Url::parse(url.expose()).map_err(|_| no_proxy())).transpose()?;
        let proxy_host = proxy_url.as_ref().and_then(Url::host_str).map(str::to_owned);
        let proxy = proxy_url.map(|url| reqwest::Proxy::all(url).map_err(|_| no_proxy())).transpose()?;
        let unreadable = |_| Error::config("network.ca", "network.ca is no readable file of PEM certificates");
        let extra_roots = match &network.ca {
            Some(path) => CertificateDer::pem_file_iter(path)
                .map_err(unreadable)?
                .collect::<Result<_, _>>()
                .map_err(unreadable)?,
            None => Vec::new(),
        };
        let resolver = Resolver::new(network.private, proxy_host);
        Ok(Self { resolver, proxy, extra_roots, tls: OnceLock::new(), made: RwLock::default() })
    }

    /// The client of a profile on the current runtime.
    pub(super) fn get(&self, profile: Profile) -> Result<Client> {
        let no_runtime = |_| Error::new(ErrorCode::Internal, "there is no tokio runtime; call from within one");
        let key = (runtime::Handle::try_current().map_err(no_runtime)?.id(), profile);
        if let Some(client) = self.made.read().get(&key) {
            return Ok(client.clone());
        }
        let mut made = self.made.write();
        if let Some(client) = made.get(&key) {
            return Ok(client.clone());
        }
        if made.len() >= Self::MOST
            && let Some(any) = made.keys().next().copied()
        {
            made.remove(&any);
        }
        let client = self.build(profile)?;
        made.insert(key, client.clone());
        Ok(client)
    }

    /// Refuses a target that the address policy denies, where a proxy would resolve its name instead of us.
    pub(super) async fn check(&self, url: &Url) -> Result<()> {
        match (&self.proxy, url.host()) {
            (Some(_), Some(Host::Domain(name))) => self.resolver.check(name).await,
            _ => Ok(()),
        }
    }

    /// A client that does nothing of its own accord: no redirects, no retries, no proxy or headers from elsewhere.
    fn build(&self, profile: Profile) -> Result<Client> {
        let failed = |error: reqwest::Error| {
            Error::config("network", "the HTTP client cannot be made").with_source(error.without_url())
        };
        let mut tls = self.tls()?;
        let protocols: &[&[u8]] = if profile.http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
        tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_millis(profile.connect_ms))
            .pool_idle_timeout(Duration::from_secs(60))
            .dns_resolver(self.resolver.clone());
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        if !profile.http2 {
            builder = builder.http1_only();
        }
        builder.build().map_err(failed)
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
