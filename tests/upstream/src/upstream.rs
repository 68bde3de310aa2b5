//! The server as an object: starts on a thread of its own, stops when dropped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::connection;
use crate::control::Scripts;
use crate::journal::Journal;
use crate::record::Recorded;
use crate::script::Script;
use crate::shared::{Recording, Shared};
use crate::stats::Stats;
use crate::wait::{Wait, WaitError};

/// Connections that the kernel may hold before they are accepted.
const BACKLOG: u32 = 4096;

/// How an upstream runs.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// The port on 127.0.0.1; any free one for 0.
    pub port: u16,
    /// How many requests are recorded.
    pub recording: Recording,
    /// Where to append the log.
    pub log: Option<PathBuf>,
}

impl Options {
    /// Sets the port.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets how many requests are recorded.
    #[must_use]
    pub fn recording(mut self, recording: Recording) -> Self {
        self.recording = recording;
        self
    }

    /// Appends a log to this file.
    #[must_use]
    pub fn log(mut self, file: impl Into<PathBuf>) -> Self {
        self.log = Some(file.into());
        self
    }
}

/// A running mock upstream, on a thread and a runtime of its own. Dropping it
/// stops it and closes its connections.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Upstream {
    /// Starts on a free port of 127.0.0.1 and records every request.
    ///
    /// # Errors
    ///
    /// When no port, thread or descriptor is left.
    pub fn start() -> io::Result<Self> {
        Self::start_with(Options::default())
    }

    /// Starts with these options.
    ///
    /// # Errors
    ///
    /// When the port is taken, the log cannot be opened, or no thread or
    /// descriptor is left.
    pub fn start_with(options: Options) -> io::Result<Self> {
        let Options { port, recording, log } = options;
        let journal = log.as_deref().map(Journal::open).transpose()?;
        let shared = Arc::new(Shared::new(recording, journal));
        let (stop, stopped) = oneshot::channel();
        let (started, start) = mpsc::channel();
        let theirs = Arc::clone(&shared);
        let thread =
            thread::Builder::new().name("upstream".to_owned()).spawn(move || run(port, theirs, &started, stopped))?;
        let (address, handle) = start.recv().map_err(|_| io::Error::other("the upstream's thread ended"))??;
        Ok(Self { address, shared, handle, stop: Some(stop), thread: Some(thread) })
    }

    /// The base URL, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Queues a script; it answers one request.
    pub fn push(&self, script: Script) {
        self.load(Scripts::queue([script]));
    }

    /// Answers every request for which there is no script in the queue.
    /// Replaces the fallback with the same condition.
    pub fn fallback(&self, script: Script) {
        self.load(Scripts::fallback([script]));
    }

    /// Queues and sets scripts in one step.
    pub fn load(&self, scripts: Scripts) {
        self.shared.load(scripts);
    }

    /// The requests recorded so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.records()
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Forgets scripts, records and counters; numbers begin at 0 again.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Waits until `count` requests have arrived in all, and gives the records.
    pub fn wait_for_requests(&self, count: u64, timeout: Duration) -> Wait<Vec<Recorded>> {
        self.wait(move |shared| async move { shared.requests(count, timeout).await })
    }

    /// Waits until the client closes the connection before request `seq` has
    /// been answered in full. Fails at once if it ends in another way.
    pub fn wait_for_close(&self, seq: u64, timeout: Duration) -> Wait<Recorded> {
        self.wait(move |shared| async move { shared.close(seq, timeout).await })
    }

    /// Waits until the answer to request `seq` has ended in any way.
    pub fn wait_for_end(&self, seq: u64, timeout: Duration) -> Wait<Recorded> {
        self.wait(move |shared| async move { shared.ended(seq, timeout).await })
    }

    /// Waits until at most `count` connections are open.
    pub fn wait_for_connections(&self, count: u64, timeout: Duration) -> Wait<Stats> {
        self.wait(move |shared| async move { shared.connections(count, timeout).await })
    }

    fn wait<T, F>(&self, waiting: impl FnOnce(Arc<Shared>) -> F) -> Wait<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, WaitError>> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let waiting = waiting(Arc::clone(&self.shared));
        self.handle.spawn(async move {
            // The waiter may have lost interest.
            drop(sender.send(waiting.await));
        });
        Wait::new(receiver)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A thread that is gone needs no stopping.
            let _already_gone = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

type Started = mpsc::Sender<io::Result<(SocketAddr, Handle)>>;

fn run(port: u16, shared: Arc<Shared>, started: &Started, stopped: oneshot::Receiver<()>) {
    let runtime = match Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(started.send(Err(error))),
    };
    let handle = runtime.handle().clone();
    runtime.block_on(async {
        let bound = bind(port).and_then(|listener| Ok((listener.local_addr()?, listener)));
        match bound {
            Err(error) => drop(started.send(Err(error))),
            Ok((address, listener)) => {
                drop(started.send(Ok((address, handle))));
                tokio::select! {
                    _ = stopped => {}
                    () = accept(listener, shared) => {}
                }
            }
        }
    });
}

fn bind(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection::serve(stream, Arc::clone(&shared)));
            }
            // Out of descriptors: some will be freed.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}
