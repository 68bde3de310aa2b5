//! A gateway on a fresh store, its mock upstream and one tenant. A host's code, as short as a test wants it.

use std::time::{Duration, Instant};

use libgateway::{
    CallOptions, Config, FlushReport, Gateway, NewTenant, PrivateAddresses, ProviderConfig, RecorderConfig, Reply,
    ReplyStream, Request, Result, Retry, TenantHandle, Timeouts, Trace, TraceDetail, TraceQuery,
};
use serde_json::{Value, json};
use upstream::{Outcome, Upstream};

use crate::{Backend, FreshStore};

/// The master key of every test gateway.
pub const MASTER_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// The tenant of every test gateway.
pub const TENANT: &str = "acme";
/// The key of the tenant's provider.
pub const API_KEY: &str = "sk-test";

/// How long a flush or a close may take, of a gateway or of a connection.
const FLUSH: Duration = Duration::from_secs(20);

/// A configuration for tests on this store: loopback upstreams, short timeouts, retries without much waiting.
pub fn config(store: &FreshStore) -> Config {
    let mut config = Config {
        store: store.url(),
        spool_dir: store.directory().is_none().then(|| store.spool_dir()),
        master_key: Some(MASTER_KEY.into()),
        timeouts: Timeouts { connect_ms: 2_000, first_byte_ms: 10_000, idle_ms: 10_000, total_ms: 30_000 },
        retry: Retry { max_attempts: 3, base_ms: 1, max_ms: 5 },
        recorder: RecorderConfig { flush_ms: 10, ..RecorderConfig::default() },
        ..Config::default()
    };
    config.network.private = PrivateAddresses::Allow;
    config
}

/// The body of a small chat.
pub fn hello() -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]})
}

/// Text that does not compress, of hexadecimal digits.
pub fn noise(length: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let digit = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from_digit((state % 16) as u32, 16).expect("a digit")
    };
    std::iter::repeat_with(digit).take(length).collect()
}

/// An open gateway with the tenant `acme`, whose provider `openai` is the mock upstream.
#[derive(Debug)]
pub struct TestGateway {
    /// The gateway.
    pub gateway: Gateway,
    /// The tenant.
    pub acme: TenantHandle,
    /// What the tenant's provider talks to.
    pub upstream: Upstream,
    config: Config,
    /// Dropped after the gateway.
    store: FreshStore,
}

impl TestGateway {
    /// Opens a gateway as [`config`] has it.
    pub async fn open(backend: Backend) -> Self {
        Self::open_with(backend, |_| {}).await
    }

    /// Opens a gateway whose configuration is adjusted first.
    ///
    /// # Panics
    ///
    /// When any step of the set-up fails, as in all that follows.
    pub async fn open_with(backend: Backend, adjust: impl FnOnce(&mut Config)) -> Self {
        let store = backend.fresh();
        let mut config = config(&store);
        adjust(&mut config);
        let upstream = Upstream::start().expect("a mock upstream");
        let gateway = Gateway::open(config.clone()).await.expect("a gateway on a fresh store");
        let provider = Self::provider(&upstream);
        let tenant = NewTenant { id: Some(tenant_id()), provider: Some(provider), ..NewTenant::default() };
        gateway.create_tenant(tenant).await.expect("a tenant");
        let acme = gateway.tenant(TENANT).expect("a tenant's handle");
        Self { gateway, acme, upstream, config, store }
    }

    /// A provider `openai` whose upstream is this mock.
    pub fn provider(upstream: &Upstream) -> ProviderConfig {
        let mut provider =
            ProviderConfig { kind: "openai".to_owned(), api_key: Some(API_KEY.into()), ..ProviderConfig::default() };
        provider.settings.base_url = Some(format!("{}/v1", upstream.url()));
        provider
    }

    /// Calls `acme`'s provider.
    pub async fn chat(&self, request: impl Into<Request>) -> Result<Reply> {
        self.acme.chat(request).await
    }

    /// Calls `acme`'s provider for a stream.
    pub async fn chat_stream(&self, request: impl Into<Request>) -> Result<ReplyStream> {
        self.acme.chat_stream(request).await
    }

    /// Calls `acme`'s provider with options.
    pub async fn chat_with(&self, request: impl Into<Request>, options: CallOptions) -> Result<Reply> {
        self.acme.chat(request.into().with_options(options)).await
    }

    /// Waits until every trace so far is in the store.
    pub async fn flush(&self) -> FlushReport {
        self.gateway.flush(FLUSH).await.expect("a flush")
    }

    /// `acme`'s traces, newest first, after a flush; at most 200.
    pub async fn traces(&self) -> Vec<Trace> {
        self.flush().await;
        let query = TraceQuery { limit: Some(200), ..TraceQuery::default() };
        self.acme.list_traces(query).await.expect("a page of traces").traces
    }

    /// `acme`'s one trace with its content, after a flush.
    pub async fn only_trace(&self) -> TraceDetail {
        let traces = self.traces().await;
        let [trace] = traces.as_slice() else { panic!("one trace was expected, not {}: {traces:#?}", traces.len()) };
        self.acme.get_trace(trace.id).await.expect("the trace's content")
    }

    /// Drops a call that the upstream has not finished answering; how long it takes until the upstream sees its
    /// connection close.
    pub async fn time_to_close<T>(&self, seq: u64, call: T) -> Duration {
        assert_eq!(self.upstream.requests().last().expect("a request").outcome, Outcome::Pending);
        let dropped = Instant::now();
        drop(call);
        let closed = self.upstream.wait_for_close(seq, FLUSH).await.expect("a close");
        closed.ended().expect("an end").saturating_duration_since(dropped)
    }

    /// A second gateway on the same store, as another process would open it.
    pub async fn second(&self) -> Gateway {
        self.second_with(|_| {}).await
    }

    /// A second gateway on the same store, whose configuration is adjusted first.
    pub async fn second_with(&self, adjust: impl FnOnce(&mut Config)) -> Gateway {
        let mut config = self.config.clone();
        adjust(&mut config);
        Gateway::open(config).await.expect("a second gateway on the store")
    }

    /// Closes the gateway and opens one on the same store; the upstream stays.
    pub async fn reopen(self) -> Self {
        self.reopen_with(|_| {}).await
    }

    /// Closes the gateway and opens one on the same store, whose configuration is adjusted first.
    pub async fn reopen_with(mut self, adjust: impl FnOnce(&mut Config)) -> Self {
        self.close().await;
        adjust(&mut self.config);
        self.gateway = Gateway::open(self.config.clone()).await.expect("a gateway on its old store");
        self.acme = self.gateway.tenant(TENANT).expect("a tenant's handle");
        self
    }

    /// Closes the gateway; every trace is in the store then.
    pub async fn close(&self) -> FlushReport {
        self.gateway.close(FLUSH).await.expect("a close")
    }

    /// What the gateway was opened with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where it stores.
    pub fn store(&self) -> &FreshStore {
        &self.store
    }
}

fn tenant_id() -> libgateway::TenantId {
    TENANT.parse().expect("a tenant's id")
}
