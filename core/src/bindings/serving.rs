//! A server for a host without a runtime: it runs on the gateway's thread for calls.

use std::{fmt, net::SocketAddr, time::Duration};

use parking_lot::Mutex;

use super::{Handle, callback, process::Owner};
use crate::{
    error::{Error, ErrorCode, Result},
    http::{ServeConfig, Server},
};

/// A gateway that serves over HTTP. Dropping it closes its connections; [`Serving::shutdown`] lets them end first.
pub struct Serving {
    handle: Handle,
    address: SocketAddr,
    server: Mutex<Option<Server>>,
    owner: Owner,
}

impl Handle {
    /// Starts to serve; `config` is a [`ServeConfig`] as JSON, or empty.
    pub fn serve(&self, config: &str) -> Result<Serving> {
        callback::may_wait()?;
        let config = if config.trim().is_empty() { "{}" } else { config };
        let unreadable = |error| Error::new(ErrorCode::InvalidConfig, format!("how to serve: {error}"));
        let config: ServeConfig = serde_json::from_str(config).map_err(unreadable)?;
        let gateway = self.gateway()?;
        // On the thread for calls, since connections belong to the runtime that accepts them.
        let server = self.run_on_own_thread(async move { gateway.serve(config).await })??;
        let (address, server) = (server.address(), Mutex::new(Some(server)));
        Ok(Serving { handle: self.clone(), address, server, owner: Owner::current() })
    }
}

impl Serving {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no new connection, lets the requests that are running end, and closes what is open after the time. A second
    /// call does nothing.
    pub fn shutdown(&self, timeout: Duration) -> Result<()> {
        self.owner.check()?;
        callback::may_wait()?;
        let server = self.server.lock().take();
        match server {
            Some(server) => self.handle.run_on_own_thread(server.shutdown(timeout)),
            None => Ok(()),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.owner.let_go(self.server.get_mut().take());
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("address", &self.address).finish_non_exhaustive()
    }
}
