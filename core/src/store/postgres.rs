//! PostgreSQL: a small fixed pool, the options of a connection and the server's errors.

use std::time::Duration;

use sqlx::{
    Pool,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use url::Url;

use super::{
    db::{Gated, Tx},
    error::{failed, unavailable},
    gate::Gate,
    reach::Reach,
};
use crate::error::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_TIMEOUT: Duration = Duration::from_secs(600);

/// The connections to one PostgreSQL database.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    pub(super) pool: Pool<sqlx::Postgres>,
    reach: Reach,
    /// Behind a transaction-mode pooler: no named statements, and every query in a transaction, since the server's
    /// connection is ours only within one. Asked for with `?pooler=transaction`.
    pub(super) pooler: bool,
    pub(super) gate: Gate,
}

impl Postgres {
    pub(super) fn open(url: &str, connections: u32) -> Result<Self> {
        let invalid =
            || Error::config("store", "the store's URL is not valid: expected postgres://USER:PASSWORD@HOST/DATABASE");
        let mut url = Url::parse(url).map_err(|_| invalid())?;
        let pooler = take_pooler(&mut url)?;
        let given = |names: &[&str]| url.query_pairs().any(|(name, _)| names.contains(&&*name));
        let mut options: PgConnectOptions = url.as_str().parse().map_err(|_| invalid())?;
        // The driver fills what the URL leaves open from the environment. Nothing here reads the environment unasked.
        if url.host_str().is_none_or(str::is_empty) && !given(&["host", "hostaddr"]) {
            options = options.host("localhost");
        }
        if url.port().is_none() && !given(&["port"]) {
            options = options.port(5432);
        }
        if url.username().is_empty() && !given(&["user"]) {
            return Err(invalid());
        }
        if url.path().trim_matches('/').is_empty() && !given(&["dbname"]) {
            return Err(invalid());
        }
        if url.password().is_none() && !given(&["password"]) {
            options = options.password("");
        }
        if !given(&["sslmode", "ssl-mode"]) {
            options = options.ssl_mode(PgSslMode::Prefer);
        }
        if !given(&["application_name"]) {
            options = options.application_name("libgateway");
        }
        if pooler {
            // A pooler passes few start-up parameters on, and this one is only for floats, of which there are none.
            options = options.statement_cache_capacity(0).extra_float_digits(None);
        }
        let pool = PgPoolOptions::new()
            .max_connections(connections.max(1))
            .acquire_timeout(CONNECT_TIMEOUT)
            .idle_timeout(IDLE_TIMEOUT)
            .connect_lazy_with(options);
        Ok(Self { pool, reach: Reach::default(), pooler, gate: Gate::default() })
    }

    pub(super) async fn connection(&self) -> Result<PoolConnection<sqlx::Postgres>> {
        self.reach.get(self.pool.acquire(), || self.is_busy()).await
    }

    pub(super) async fn begin(&self) -> Result<Tx> {
        let tx = self.reach.get(self.pool.begin(), || self.is_busy()).await?;
        Ok(Tx::Postgres { tx: Gated { tx, gate: self.gate.clone() }, persistent: !self.pooler })
    }

    /// Looks whether a server that was away is back, as long as a connection may take.
    pub(super) async fn look(&self) -> Result<()> {
        if self.reach.is_away() {
            self.reach.look(self.pool.acquire()).await?;
        }
        Ok(())
    }

    /// Whether no further connection may be made.
    fn is_busy(&self) -> bool {
        self.pool.size() >= self.pool.options().get_max_connections()
    }
}

/// Reads and removes the parameter that the driver does not know.
fn take_pooler(url: &mut Url) -> Result<bool> {
    let (ours, theirs): (Vec<_>, Vec<_>) = url.query_pairs().into_owned().partition(|(name, _)| name == "pooler");
    if ours.is_empty() {
        return Ok(false);
    }
    url.set_query(None);
    if !theirs.is_empty() {
        url.query_pairs_mut().extend_pairs(theirs);
    }
    match ours.iter().all(|(_, value)| value == "transaction") {
        true => Ok(true),
        false => Err(Error::config(
            "store",
            "the store's URL has an unknown pooler mode: use pooler=transaction or leave it out",
        )),
    }
}

/// Sorts by SQLSTATE: the first two characters are the class. What is no fault of the data is transient, so that a
/// misconfigured or replaced server costs no record.
pub(super) fn database_error(code: &str, message: &str) -> Error {
    match code {
        "40001" | "40P01" => unavailable("the store gave up a transaction in favour of another one"),
        "42501" => unavailable("the store's role lacks a right it needs: grant it"),
        "25006" => unavailable("the store is read-only, as a standby server is"),
        "3D000" => unavailable("the store's database does not exist; create it"),
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "57" => unavailable(format!("the store is not accepting queries ({code})")),
            "53" => unavailable(format!("the store is out of resources: {message} ({code})")),
            "55" | "58" => unavailable(format!("the store cannot serve the statement now: {message} ({code})")),
            // The message may name the client's address.
            "28" => {
                unavailable(format!("the store refused the login ({code}); check user and password in the store's URL"))
            }
            _ => failed(format!("the store refused a statement: {message} ({code})")),
        },
    }
}
