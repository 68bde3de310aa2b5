//! The wire between a gateway and its PostgreSQL server, which a test can unplug, slow down, or let lead to a server that
//! takes no connection. Knows nothing of what passes.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

/// A port that leads to a server.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    server: String,
    /// How long whatever passes is held back, in milliseconds.
    delay_ms: Arc<AtomicU64>,
    task: Option<JoinHandle<()>>,
}

impl Link {
    /// A link to the server of this URL.
    ///
    /// # Panics
    ///
    /// When there is no port for it, as in what follows.
    pub fn to(url: &str) -> Self {
        let mut link = Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            server: host_of(url).to_owned(),
            delay_ms: Arc::default(),
            task: None,
        };
        link.restore();
        link
    }

    /// The URL with this link in place of the server.
    pub fn through(&self, url: &str) -> String {
        url.replacen(host_of(url), &self.address.to_string(), 1)
    }

    /// Ends all connections; new ones are refused.
    pub async fn cut(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // It ends as cancelled, and its connections with it.
            drop(task.await);
        }
    }

    /// Accepts connections again, on the same port.
    pub fn restore(&mut self) {
        let listener = self.listen();
        self.task = Some(tokio::spawn(serve(listener, self.server.clone(), Arc::clone(&self.delay_ms))));
    }

    /// From now on, every piece takes so much longer, in either direction; connections stay.
    pub fn slow(&self, delay: Duration) {
        self.delay_ms.store(delay.as_millis().try_into().expect("milliseconds"), Ordering::Relaxed);
    }

    /// Ends all connections, and answers new ones as a server does that takes none, with this SQLSTATE and message.
    pub async fn refuse(&mut self, state: &str, message: &str) {
        self.cut().await;
        let (listener, refusal) = (self.listen(), refusal(state, message));
        self.task = Some(tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                // What the client has to say is read: a connection that is closed before loses its answer. Either end
                // may leave as it likes.
                drop(client.read(&mut [0; 1024]).await);
                drop(client.write_all(&refusal).await);
            }
        }));
    }

    fn listen(&mut self) -> TcpListener {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("a socket");
        socket.bind(self.address).expect("the port");
        let listener = socket.listen(64).expect("the port");
        self.address = listener.local_addr().expect("a port");
        listener
    }
}

/// PostgreSQL's message `ErrorResponse`: its fields begin with a letter and end with a zero.
fn refusal(state: &str, message: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C{state}\0M{message}\0\0");
    let length = u32::try_from(fields.len() + 4).expect("a short message");
    [b"E".as_slice(), &length.to_be_bytes(), fields.as_bytes()].concat()
}

async fn serve(listener: TcpListener, server: String, delay_ms: Arc<AtomicU64>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (server, delay_ms) = (server.clone(), Arc::clone(&delay_ms));
        connections.spawn(async move {
            if let Ok(server) = TcpStream::connect(server).await {
                let (client, server) = (client.into_split(), server.into_split());
                tokio::join!(carry(client.0, server.1, &delay_ms), carry(server.0, client.1, &delay_ms));
            }
        });
    }
}

/// Carries what comes from one end to the other, until either leaves.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, delay_ms: &AtomicU64) {
    let mut piece = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        match delay_ms.load(Ordering::Relaxed) {
            0 => {}
            delay_ms => sleep(Duration::from_millis(delay_ms)).await,
        }
        if to.write_all(&piece[..length]).await.is_err() {
            break;
        }
    }
    // The other end may be gone already.
    drop(to.shutdown().await);
}

/// `HOST:PORT` of a URL.
fn host_of(url: &str) -> &str {
    let (_, rest) = url.split_once('@').expect("a URL with a user");
    rest.split('/').next().expect("a host")
}
