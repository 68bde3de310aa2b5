//! The gateway as an HTTP server, for clients outside the process.

use std::{
    ffi::{CString, c_char},
    mem::MaybeUninit,
    time::Duration,
};

use libgateway::bindings::Serving;

use crate::{
    error::Error,
    gateway::Gateway,
    guard::{ask, free, give, guard, needed},
    input,
    text::{c_text, pointer},
};

/// A gateway that serves over HTTP. It needs no thread of the caller's.
#[derive(Debug)]
pub struct Server {
    serving: Serving,
    address: CString,
}

/// Begins to serve over HTTP/1.1 what `gateway_handle` answers, and does not wait for its end.
///
/// `config` is a JSON object, and may be NULL: `{"address": "127.0.0.1:8080", "tls": {"certificate": "cert.pem", "key":
/// "key.pem"}, "connections": 10000, "read_ms": 30000}` says what holds where nothing else is said, but for `tls`, which
/// names two PEM files and makes it HTTPS. Port 0 takes a free one. Whoever reaches another address than loopback sees keys
/// and contents unless there is TLS.
///
/// `*server` is the caller's, to be freed with `gateway_server_free`. It ends with the gateway, too. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_serve(
    gateway: Option<&Gateway>,
    config: *const c_char,
    config_len: usize,
    server: Option<&mut MaybeUninit<Option<Box<Server>>>>,
) -> Option<Box<Error>> {
    give(server, "server", || {
        let gateway = needed(gateway, "gateway")?;
        let config = if config.is_null() { "" } else { input::text_of(config, config_len, "config")? };
        let serving = gateway.0.serve(config)?;
        let address = c_text(&serving.address().to_string());
        Ok(Some(Box::new(Server { serving, address })))
    })
}

/// Returns where the server listens, such as `127.0.0.1:8080`. Valid until the server is freed; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_server_address(server: Option<&Server>) -> *const c_char {
    pointer(ask(server, |server| Some(&server.address)))
}

/// Takes no new connection, waits at most `timeout_ms` until the requests that are running have ended, streams too, and
/// closes what is open then. The gateway stays open. A second call does nothing. Any thread, but not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_server_shutdown(server: Option<&Server>, timeout_ms: u32) -> Option<Box<Error>> {
    guard(|| needed(server, "server")?.serving.shutdown(Duration::from_millis(timeout_ms.into())))
}

/// Frees a server and sets `*server` to NULL. One that was not shut down closes its connections at once. NULL, and a NULL
/// in it, is harmless. In a child after a fork it frees nothing that is the parent's.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_server_free(server: Option<&mut Option<Box<Server>>>) {
    free(server, |_| Ok(()));
}
