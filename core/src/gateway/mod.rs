//! The gateway as a host sees it: one short method per operation. What a method does is somebody else's business.

mod admin;
mod analytics;
mod backup;
mod erase;
mod export;
mod fold;
mod health;
mod keys;
mod open;
mod prices;
mod provider_handle;
mod reader;
mod reprice;
mod retain;
mod rotation;
mod shutdown;
mod tenant_handle;
mod upkeep;
mod verify;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Notify;

pub use self::{
    export::Export, open::Hooks, provider_handle::ProviderHandle, reader::TraceReader, tenant_handle::TenantHandle,
};
use crate::{
    auth::{Auth, Caller},
    config::{Config, Settings},
    crypto::MasterKeys,
    error::{Error, ErrorCode, Result},
    pipeline::Pipeline,
    pricing::PriceBook,
    registry::Registry,
    store::{Backend, Store, migration_sql},
    tasks::Background,
    types::{
        api_key::Scope,
        ids::TenantId,
        page::page_limit,
        stats::{DeadLetter, FlushReport, Health, Stats},
    },
};

/// An open gateway. Cheap to clone; all clones are one gateway, which is closed by [`Gateway::close`] or when the
/// last one is dropped: then it writes what it can for five seconds, off the caller's thread. What is left is in the spool,
/// for the next gateway on the store: a stream that lasts longer becomes `abandoned`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> libgateway::Result<()> {
/// use libgateway::{Config, Gateway, NewTenant, ProviderConfig, TraceQuery};
///
/// let gateway = Gateway::open(Config { store: "sqlite::memory:".into(), ..Config::default() }).await?;
/// let provider = ProviderConfig { kind: "mock".into(), ..ProviderConfig::default() };
/// gateway.create_tenant(NewTenant { id: Some("acme".parse()?), provider: Some(provider), ..NewTenant::default() }).await?;
///
/// let acme = gateway.tenant("acme")?;
/// let reply = acme.chat(serde_json::json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]})).await?;
/// assert_eq!(reply.text().as_deref(), Some("Hello from the mock provider."));
///
/// gateway.flush(std::time::Duration::from_secs(5)).await?;
/// assert_eq!(acme.list_traces(TraceQuery::default()).await?.traces.len(), 1);
/// # gateway.close(std::time::Duration::from_secs(5)).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Gateway {
    core: Arc<Core>,
}

/// What all clones and handles share.
pub(crate) struct Core {
    pub(crate) pipeline: Pipeline,
    pub(crate) registry: Arc<Registry>,
    pub(crate) auth: Arc<Auth>,
    pub(crate) store: Store,
    pub(crate) prices: Arc<PriceBook>,
    pub(crate) master_keys: Arc<MasterKeys>,
    pub(crate) background: Arc<Background>,
    /// A tenant was deleted.
    deleted: Arc<Notify>,
    /// How long a tenant's traces are kept has changed.
    retention_changed: Arc<Notify>,
    watch: Arc<health::Watch>,
    tasks: shutdown::Tasks,
}

impl Gateway {
    /// Opens the store, brings its schema up to date and starts the gateway's thread. No upstream is called, and no
    /// other network than the store's.
    ///
    /// Fails with `invalid_config`, `wrong_master_key`, `schema_too_new`, `schema_too_old` or `store_unavailable`.
    pub async fn open(config: Config) -> Result<Self> {
        Self::open_with(config, Hooks::default()).await
    }

    /// The same, with code of the host's own that the gateway calls.
    pub async fn open_with(config: Config, hooks: Hooks) -> Result<Self> {
        open::open(Settings::try_from(config)?, hooks).await.map(|core| Self { core: Arc::new(core) })
    }

    /// The schema of a store as one SQL script, for hosts whose role may not change it: an administrator runs it on an
    /// empty database, and the gateway is opened with [`Migrate::Check`](crate::Migrate::Check). `store` is the URL
    /// of a configuration; only its scheme matters.
    pub fn migration_sql(store: &str) -> Result<String> {
        Backend::of(store).map(migration_sql)
    }

    /// A handle that reaches one tenant's data only. Whether the tenant exists is seen when it is used.
    pub fn tenant(&self, id: impl AsRef<str>) -> Result<TenantHandle> {
        Ok(TenantHandle { core: Arc::clone(&self.core), id: id.as_ref().parse()?, api_key_id: None })
    }

    /// The handle of the tenant an API key belongs to, for work that needs the scope; its calls are traced as made
    /// with that key. `insufficient_scope` without the scope, and for an admin key, which has no tenant.
    pub fn tenant_of(&self, caller: &Caller, scope: Scope) -> Result<TenantHandle> {
        caller.require(scope)?;
        let no_tenant = || Error::new(ErrorCode::InsufficientScope, "an admin key has no tenant; name one");
        let id = caller.tenant_id.clone().ok_or_else(no_tenant)?;
        Ok(TenantHandle { core: Arc::clone(&self.core), id, api_key_id: Some(caller.api_key_id.as_str().into()) })
    }

    /// The handle of a tenant that an operator names; its calls are traced as made with the operator's key.
    pub(crate) fn tenant_for(&self, operator: &Caller, id: TenantId) -> TenantHandle {
        TenantHandle { core: Arc::clone(&self.core), id, api_key_id: Some(operator.api_key_id.as_str().into()) }
    }

    /// How many bytes a request may have.
    pub(crate) fn body_limit(&self) -> usize {
        self.core.pipeline.body_limit()
    }

    /// The caller an API key stands for: `missing_api_key` or `invalid_api_key` when there is none. `secret` is the
    /// bare key, without a scheme.
    pub async fn authenticate(&self, secret: Option<&str>) -> Result<Caller> {
        self.core.open()?;
        self.core.auth.authenticate(secret).await
    }

    /// Waits until every trace accepted so far is in the store, or the time is over. Fails with `store_unavailable`
    /// when the time is over; the traces stay in the queue.
    pub async fn flush(&self, timeout: Duration) -> Result<FlushReport> {
        self.core.open()?;
        checked(self.core.pipeline.recorder.flush(timeout).await)
    }

    /// Ends the gateway: waits until every request has ended and its trace is in the store, or the time is over, and
    /// closes the store. New calls are refused; those still running after the time go on, and their traces become
    /// `abandoned`. What is not in the store then waits in the spool for the next gateway; with `durability: memory` it is
    /// lost. Fails with `store_unavailable` when not all traces are in the store.
    pub async fn close(&self, timeout: Duration) -> Result<FlushReport> {
        checked(self.core.shutdown(timeout).await)
    }

    /// The newest traces the store refused, at most `limit` (1 to 200): what is known of each, and why it was refused.
    pub async fn list_dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>> {
        page_limit(Some(limit))?;
        self.core.run(move |store| async move { store.list_dead_letters(limit).await }).await
    }

    /// Counters since the gateway was opened.
    pub fn stats(&self) -> Stats {
        let mut stats = self.core.pipeline.recorder.stats();
        stats.in_flight = self.core.pipeline.limits.in_flight().into();
        stats
    }

    /// Whether the gateway is well, and why not: `degraded` while requests are served and no trace is lost, but the store is
    /// away, traces wait in the spool, the spool cannot be written, the store refused a trace within the last minute, or
    /// a chore fails; `failing` when traces were lost within the last minute, when the store has been away for
    /// `stale_limit_ms`, and after the gateway was closed. Asks no database, and may be asked as often as one likes.
    pub fn health(&self) -> Health {
        let signs = health::Signs {
            stats: self.stats(),
            is_closed: self.core.tasks.closed(),
            is_stale: self.core.registry.freshness().is_over(),
        };
        self.core.watch.judge(signs, Instant::now())
    }
}

impl Core {
    /// How long a query may take.
    const ANSWER: Duration = Duration::from_secs(60);

    /// Runs a query on the gateway's thread.
    async fn run<T, F>(&self, query: impl FnOnce(Store) -> F + Send) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        self.open()?;
        let answer = tokio::time::timeout(Self::ANSWER, self.background.run(query(self.store.clone()))).await;
        answer.unwrap_or_else(|_| Err(Error::new(ErrorCode::StoreUnavailable, "the store does not answer")))
    }

    /// Refuses work after the gateway was closed.
    pub(crate) fn open(&self) -> Result<()> {
        if self.tasks.closed() {
            Err(Error::new(ErrorCode::Closed, "the gateway is closed; open a new one"))
        } else {
            Ok(())
        }
    }
}

/// A report of unfinished work is an error.
fn checked(report: FlushReport) -> Result<FlushReport> {
    if report.is_complete() {
        return Ok(report);
    }
    let FlushReport { pending, spooled, dropped, .. } = report;
    let reason = report.error.as_deref().unwrap_or("the time was too short");
    let message = format!(
        "{} traces are not in the store yet, {spooled} of them are safe in the spool, and {dropped} are lost: {reason}",
        pending + spooled
    );
    Err(Error::new(ErrorCode::StoreUnavailable, message))
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
