//! One PostgreSQL server for the test process, and a database of its own for each test; and a server of its own for a
//! test that stops it. A server that does not start is a failure, never a reason to skip.

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{self, Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, SystemTime},
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// Where a server runs already; none is started then.
const GIVEN: &str = "LIBGATEWAY_TEST_POSTGRES";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/postgres.sh");
const START: Duration = Duration::from_secs(50);

/// A running server.
#[derive(Debug)]
pub struct Server {
    url: String,
    /// The script serves as long as its standard input is open, which is as long as this process lives.
    _script: Option<Child>,
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
    script: Child,
    lines: mpsc::Receiver<String>,
}

impl PrivateServer {
    /// Starts a server.
    ///
    /// # Panics
    ///
    /// When it does not start, as in all that follows.
    pub fn start() -> Self {
        let (url, script, lines) = launch().unwrap_or_else(|problem| panic!("no PostgreSQL to test on: {problem}"));
        Self { url, script, lines }
    }

    /// What `Config::store` takes: the one database there is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server and cuts its connections, as an administrator does; its data stay.
    pub fn stop(&mut self) {
        assert_eq!(self.tell("stop"), "stopped");
    }

    /// Starts the server that was stopped, at the same address.
    pub fn resume(&mut self) {
        let url = self.tell("start");
        assert_eq!(url, self.url, "the server did not start again");
    }

    fn tell(&mut self, command: &str) -> String {
        let stdin = self.script.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{command}").expect("the script listens");
        self.lines.recv_timeout(START).unwrap_or_default()
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        // The script ends with its standard input, and the server with it.
        drop(self.script.stdin.take());
        drop(self.script.wait());
    }
}

fn start() -> Result<Server, String> {
    if let Ok(url) = env::var(GIVEN) {
        return Ok(Server { url, _script: None });
    }
    let (url, script, _) = launch()?;
    Ok(Server { url, _script: Some(script) })
}

/// Runs the script: the server's URL, and the lines that the script will print after it.
fn launch() -> Result<(String, Child, mpsc::Receiver<String>), String> {
    let mut script = Command::new(SCRIPT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{SCRIPT} cannot be run: {error}"))?;
    let stdout = script.stdout.take().expect("a pipe");
    let (sender, lines) = mpsc::sync_channel(1);
    thread::spawn(move || {
        // An error ends it, as does a script that ends and a test that listens no more.
        for line in BufReader::new(stdout).lines() {
            if !line.is_ok_and(|line| sender.send(line).is_ok()) {
                break;
            }
        }
    });
    let url = lines.recv_timeout(START).unwrap_or_default();
    if url.is_empty() {
        // Closes its standard input, on which it ends if it has not.
        drop(script.stdin.take());
        drop(script.kill());
        let mut said = String::new();
        drop(script.stderr.take().expect("a pipe").read_to_string(&mut said));
        return Err(format!("tests/postgres.sh gave no URL: {}", said.trim().replace('\n', " | ")));
    }
    Ok((url, script, lines))
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
