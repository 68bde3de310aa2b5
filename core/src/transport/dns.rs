//! Names become addresses here, and addresses that the network policy denies are left out: a name that points to a
//! private address is refused at connect time, whatever it pointed to when it was configured.

use std::{
    error::Error,
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    vec,
};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use crate::{config::PrivateAddresses, error::Result, network::AddressPolicy};

/// Resolves through the system, on tokio's blocking threads.
#[derive(Clone)]
pub(super) struct Resolver {
    policy: AddressPolicy,
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
    pub(super) fn new(private: PrivateAddresses) -> Self {
        Self { policy: AddressPolicy(private) }
    }

    /// Refuses a name all of whose addresses are denied. A name that cannot be resolved here is left to the proxy.
    pub(super) async fn check(&self, name: &str) -> Result<()> {
        match self.allowed(name).await {
            Err(error) if error.is::<Denied>() => Err(AddressPolicy::refusal()),
            _ => Ok(()),
        }
    }

    async fn allowed(&self, name: &str) -> Result<Vec<SocketAddr>, BoxError> {
        // Port 0: the connector puts the URL's port in.
        let found = tokio::net::lookup_host((name, 0)).await.map_err(Unresolved)?;
        let allowed: Vec<_> = found.filter(|address| self.policy.allows(address.ip())).collect();
        if allowed.is_empty() { Err(Denied.into()) } else { Ok(allowed) }
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolver = self.clone();
        Box::pin(async move { Ok(resolver.allowed(name.as_str()).await?.into_iter()) })
    }
}
