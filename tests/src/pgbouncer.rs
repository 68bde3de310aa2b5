//! A PgBouncer in transaction mode before a PostgreSQL server. One that does not start is a failure, never a reason to
//! skip.

use std::sync::OnceLock;

use crate::{postgres::server, script::Script};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pgbouncer.sh");

/// A running pooler. Dropping it ends it.
#[derive(Debug)]
pub struct PgBouncer {
    url: String,
    _script: Script,
}

/// The pooler before the server that the whole test process shares, started when it is first asked for.
///
/// # Panics
///
/// When either does not start.
pub fn shared() -> &'static PgBouncer {
    static POOLER: OnceLock<PgBouncer> = OnceLock::new();
    POOLER.get_or_init(|| PgBouncer::before(server().url()))
}

impl PgBouncer {
    /// Starts a pooler before the server of this URL.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn before(server: &str) -> Self {
        let started = Script::launch(SCRIPT, &[server]);
        let (url, script) = started.unwrap_or_else(|problem| panic!("no PgBouncer to test on: {problem}"));
        Self { url, _script: script }
    }

    /// What `Config::store` takes to reach a database of the server through the pooler.
    ///
    /// # Panics
    ///
    /// When the URL names no database.
    pub fn through(&self, url: &str) -> String {
        let name = |url: &str| url.rsplit_once('/').map(|(_, rest)| rest.split('?').next().unwrap_or(rest).to_owned());
        let (theirs, ours) = (name(url).expect("a database"), name(&self.url).expect("a database"));
        self.url.replacen(&format!("/{ours}?"), &format!("/{theirs}?"), 1)
    }
}
