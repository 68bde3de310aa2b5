//! The way through the operator's proxy: `reqwest` knows how to ask one.

use bytes::Bytes;
use http::{Request, Response, Uri};
use reqwest::{Client, Proxy, redirect, retry};
use rustls::ClientConfig;
use url::{Host, Url};

use super::{
    client::{POOL_IDLE, Profile},
    dns::Resolver,
    fault::{self, Stage},
};
use crate::error::{Error, ErrorCode, Result};

/// A client without redirects, retries, or a proxy from elsewhere.
pub(super) struct Proxied {
    client: Client,
    resolver: Resolver,
}

impl Proxied {
    pub(super) fn new(profile: Profile, tls: ClientConfig, resolver: Resolver, proxy: Proxy) -> Result<Self> {
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .proxy(proxy)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(profile.connect())
            .pool_idle_timeout(POOL_IDLE);
        if !profile.http2() {
            builder = builder.http1_only();
        }
        let failed = |error: reqwest::Error| {
            Error::config("network", "the HTTP client cannot be made").with_source(error.without_url())
        };
        Ok(Self { client: builder.build().map_err(failed)?, resolver })
    }

    /// Sends the request and waits for the head of the answer.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<reqwest::Body>> {
        self.check(request.uri()).await?;
        let invalid = |_| Error::new(ErrorCode::Internal, "a provider's URL is none");
        let request = reqwest::Request::try_from(request).map_err(invalid)?;
        let answer = self.client.execute(request).await.map_err(reqwest::Error::without_url);
        answer.map(Response::from).map_err(|error| fault::before_answer(&error, stage(&error)))
    }

    /// Refuses a target that the address policy denies: the proxy would resolve its name, not we.
    async fn check(&self, uri: &Uri) -> Result<()> {
        let host = uri.host().and_then(|host| Host::parse(host).ok());
        match host {
            Some(Host::Domain(name)) => self.resolver.check(&name).await,
            _ => Ok(()),
        }
    }
}

fn stage(error: &reqwest::Error) -> Stage {
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => Stage::ConnectTimedOut,
        (true, false) => Stage::Connect,
        (false, _) => Stage::Exchange,
    }
}

/// The proxy that an operator configured.
pub(super) fn parse(url: &str) -> Result<Proxy> {
    let refuse = || Error::config("network.proxy", "network.proxy is no proxy URL; write it as http://host:port");
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(refuse)?;
    Proxy::all(url).map_err(|_| refuse())
}
