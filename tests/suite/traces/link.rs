//! The wire between a gateway and its PostgreSQL server, which a test can unplug. Knows nothing of what passes.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
};

/// A port that leads to a server.
pub(crate) struct Link {
    address: SocketAddr,
    server: String,
    task: Option<JoinHandle<()>>,
}

impl Link {
    /// A link to the server of this URL.
    pub(crate) fn to(url: &str) -> Self {
        let mut link = Self { address: (Ipv4Addr::LOCALHOST, 0).into(), server: host_of(url).to_owned(), task: None };
        link.restore();
        link
    }

    /// The URL with this link in place of the server.
    pub(crate) fn through(&self, url: &str) -> String {
        url.replacen(host_of(url), &self.address.to_string(), 1)
    }

    /// Ends all connections; new ones are refused.
    pub(crate) async fn cut(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // It ends as cancelled, and its connections with it.
            drop(task.await);
        }
    }

    /// Accepts connections again, on the same port.
    pub(crate) fn restore(&mut self) {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("a socket");
        socket.bind(self.address).expect("the port");
        let listener = socket.listen(64).expect("the port");
        self.address = listener.local_addr().expect("a port");
        self.task = Some(tokio::spawn(serve(listener, self.server.clone())));
    }
}

async fn serve(listener: TcpListener, server: String) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        let server = server.clone();
        connections.spawn(async move {
            if let Ok(mut server) = TcpStream::connect(server).await {
                // Either end may leave as it likes.
                drop(copy_bidirectional(&mut client, &mut server).await);
            }
        });
    }
}

/// `HOST:PORT` of a URL.
fn host_of(url: &str) -> &str {
    let (_, rest) = url.split_once('@').expect("a URL with a user");
    rest.split('/').next().expect("a host")
}
