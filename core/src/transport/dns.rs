//! Names become addresses here, and addresses that the network policy denies are left out: a name that points to a
//! private address is refused at connect time, whatever it pointed to when it was configured.

use std::{error::Error, fmt, io, net::SocketAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{config::PrivateAddresses, error::Result, network::AddressPolicy};

/// Resolves through the system, on tokio's blocking threads.
#[derive(Clone)]
pub(super) struct Resolver {
    policy: AddressPolicy,
    /// The operator's proxy may be anywhere.
    proxy: Option<Arc<str>>,
}

/// All addresses of a name were denied.
#[derive(Debug)]
pub(super) struct Denied;

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name resolves to denied addresses only")
    }
}

impl Error for Denied {}

/// The name could not be resolved.
#[derive(Debug)]
pub(super) struct Unresolved(io::Error);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name cannot be resolved")
    }
}

impl Error for Unresolved {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Resolver {
    pub(super) fn new(private: PrivateAddresses, proxy: Option<String>) -> Self {
        Self { policy: AddressPolicy(private), proxy: proxy.map(Arc::from) }
    }

    /// Refuses a name all of whose addresses are denied. A name that cannot be resolved here is left to the proxy.
    pub(super) async fn check(&self, name: &str) -> Result<()> {
        match self.allowed(name).await {
            Err(error) if error.is::<Denied>() => Err(AddressPolicy::refusal()),
            _ => Ok(()),
        }
    }

    async fn allowed(&self, name: &str) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
        // Port 0: reqwest puts the URL's port in.
        let found = tokio::net::lookup_host((name, 0)).await.map_err(Unresolved)?;
        let is_proxy = self.proxy.as_deref() == Some(name);
        let allowed: Vec<_> = found.filter(|address| is_proxy || self.policy.allows(address.ip())).collect();
        if allowed.is_empty() { Err(Denied.into()) } else { Ok(allowed) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses: Addrs = Box::new(resolver.allowed(name.as_str()).await?.into_iter());
            Ok(addresses)
        })
    }
}
