//! Names become addresses here, and addresses that the network policy denies are left out: a name that points to a
//! private address is refused at connect time, whatever it pointed to when it was configured.

use std::{fmt, io, net::SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{config::PrivateAddresses, network::AddressPolicy};

/// Resolves through the system, on tokio's blocking threads.
pub(super) struct Resolver(AddressPolicy);

/// All addresses of a name were denied.
#[derive(Debug)]
pub(super) struct Denied;

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name resolves to denied addresses only")
    }
}

impl std::error::Error for Denied {}

/// The name could not be resolved.
#[derive(Debug)]
pub(super) struct Unresolved(io::Error);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name cannot be resolved")
    }
}

impl std::error::Error for Unresolved {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Resolver {
    pub(super) fn new(private: PrivateAddresses) -> Self {
        Self(AddressPolicy(private))
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            // Port 0: reqwest puts the URL's port in.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(Unresolved)?;
            let allowed: Vec<SocketAddr> = found.filter(|address| policy.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(Denied.into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}
