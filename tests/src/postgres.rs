//! One PostgreSQL server for the test process, and a database of its own for each test; and a server of its own for a
//! test that stops it. A server that does not start is a failure, never a reason to skip.

use std::{
    env, process,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::SystemTime,
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::script::Script;

/// Where a server runs already; none is started then.
const GIVEN: &str = "LIBGATEWAY_TEST_POSTGRES";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/postgres.sh");

/// A running server.
#[derive(Debug)]
pub struct Server {
    url: String,
    /// It serves as long as this process lives.
    _script: Option<Script>,
}

impl Server {
    /// The URL of its database `postgres`, whose user may create others.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// The server, started when it is first asked for.
///
/// # Panics
///
/// When it does not start.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    match SERVER.get_or_init(start) {
        Ok(server) => server,
        Err(problem) => panic!("no PostgreSQL to test on: {problem}"),
    }
}

/// A server for one test, which may stop it and start it again. Dropping it ends it.
#[derive(Debug)]
pub struct PrivateServer {
    url: String,
    script: Script,
}

impl PrivateServer {
    /// Starts a server.
    ///
    /// # Panics
    ///
    /// When it does not start, as in all that follows.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with options of its own, as in `["-c", "max_connections=20"]`.
    pub fn start_with(options: &[&str]) -> Self {
        let (url, script) = launch(options).unwrap_or_else(|problem| panic!("no PostgreSQL to test on: {problem}"));
        Self { url, script }
    }

    /// What `Config::store` takes: the one database there is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server and cuts its connections, as an administrator does; its data stay.
    pub fn stop(&mut self) {
        assert_eq!(self.script.tell("stop"), "stopped");
    }

    /// Ends the server as a power failure does: it has to recover when it is started again.
    pub fn crash(&mut self) {
        assert_eq!(self.script.tell("crash"), "stopped");
    }

    /// Starts the server that was stopped, at the same address.
    pub fn resume(&mut self) {
        assert_eq!(self.script.tell("start"), self.url, "the server did not start again");
    }

    /// Starts the server that was stopped in recovery, as a standby whose primary is gone: it can be read, and is
    /// written to once `pg_promote()` has been called.
    pub fn resume_as_standby(&mut self) {
        assert_eq!(self.script.tell("standby"), self.url, "the server did not start again");
    }
}

fn start() -> Result<Server, String> {
    if let Ok(url) = env::var(GIVEN) {
        return Ok(Server { url, _script: None });
    }
    launch(&[]).map(|(url, script)| Server { url, _script: Some(script) })
}

fn launch(options: &[&str]) -> Result<(String, Script), String> {
    Script::launch(SCRIPT, options)
}

/// A database of its own; dropping it drops it on the server.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// Creates an empty database.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub fn create() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let nanos = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().subsec_nanos();
        let name = format!("gateway_test_{}_{nanos}_{number}", process::id());
        execute(format!("CREATE DATABASE {name} TEMPLATE template0")).expect("a database for the test");
        Self { name }
    }

    /// What `Config::store` takes.
    pub fn url(&self) -> String {
        with_database(server().url(), &self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(error) = execute(format!("DROP DATABASE {} WITH (FORCE)", self.name)) {
            #[expect(clippy::print_stderr, reason = "no test fails for what it leaves behind")]
            {
                eprintln!("database {} was not dropped: {error}", self.name);
            }
        }
    }
}

/// Runs one statement on the server, from any thread, within a runtime or outside.
fn execute(statement: String) -> Result<(), sqlx::Error> {
    let work = move || -> Result<(), sqlx::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(sqlx::Error::Io)?;
        runtime.block_on(async {
            let mut connection = PgConnection::connect(server().url()).await?;
            connection.execute(AssertSqlSafe(statement)).await?;
            connection.close().await
        })
    };
    thread::spawn(work).join().unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed))
}

/// The URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let (server, _) = address.rsplit_once('/').expect("a URL with a database");
    query.map_or_else(|| format!("{server}/{name}"), |query| format!("{server}/{name}?{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        for (url, replaced) in [
            ("postgres://u@127.0.0.1:1/postgres", "postgres://u@127.0.0.1:1/t"),
            ("postgres://u:p@h/postgres?sslmode=disable", "postgres://u:p@h/t?sslmode=disable"),
        ] {
            assert_eq!(with_database(url, "t"), replaced);
        }
    }
}
