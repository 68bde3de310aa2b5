//! A server that other people wrote, as a child process on loopback. Knows nothing of what it serves.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

/// How long one answer is waited for.
const ANSWER: Duration = Duration::from_secs(5);
/// How often it is asked whether it is ready.
const POLL: Duration = Duration::from_millis(20);

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub struct Foreign {
    child: Child,
    log: NamedTempFile,
}

impl Foreign {
    /// Starts it. Its standard input stays open as long as this process lives.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let log = NamedTempFile::new()?;
        command.stdin(Stdio::piped()).stdout(log.reopen()?).stderr(log.reopen()?);
        Ok(Self { child: command.spawn()?, log })
    }

    /// A command in an environment of nothing but `PATH`: no proxies, no options, no keys.
    pub fn command(program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command
    }

    /// What it has printed.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Asks until there is an answer; `ready` is given what the server has printed.
    ///
    /// # Panics
    ///
    /// When the server ends, or the time is over.
    pub async fn wait<T>(&mut self, patience: Duration, mut ready: impl AsyncFnMut(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + patience;
        loop {
            let said = self.said();
            if let Some(answer) = ready(&said).await {
                return answer;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the server ended at once, with {status}: {}", self.said());
            }
            assert!(Instant::now() < deadline, "the server is not ready within {patience:?}: {said}");
            sleep(POLL).await;
        }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // Neither fails but for a server that has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port that nobody listened on a moment ago, for a server that does not choose one itself.
///
/// # Panics
///
/// When there is none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// What the server at `http://host:port` answers with `200`; `None` for any other answer, and for none.
pub async fn ask(server: &str, path: &str) -> Option<String> {
    let exchange = async {
        let mut connection = TcpStream::connect(server.strip_prefix("http://")?).await.ok()?;
        // In HTTP/1.0 the body ends with the connection.
        connection.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        (head.split(' ').nth(1) == Some("200")).then(|| body.to_owned())
    };
    timeout(ANSWER, exchange).await.ok().flatten()
}
