//! An upstream that sends what a test tells it to, when the test tells it to. It records nothing.

use libgateway::ProviderConfig;
use libgateway_tests::API_KEY;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};

/// Connections the kernel may hold before they are accepted.
const BACKLOG: u32 = 4096;

/// A listening upstream.
pub(crate) struct Manual {
    listener: TcpListener,
}

/// A request that waits for its answer.
pub(crate) struct Exchange {
    socket: TcpStream,
    /// The body of the request.
    pub(crate) body: Value,
}

impl Manual {
    pub(crate) fn start() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        Self { listener: socket.listen(BACKLOG).expect("a listener") }
    }

    /// A provider `openai` that is this upstream.
    pub(crate) fn provider(&self) -> ProviderConfig {
        let mut provider =
            ProviderConfig { kind: "openai".to_owned(), api_key: Some(API_KEY.into()), ..ProviderConfig::default() };
        let address = self.listener.local_addr().expect("an address");
        provider.settings.base_url = Some(format!("http://{address}/v1"));
        provider
    }

    /// The next request on a new connection.
    pub(crate) async fn accept(&self) -> Exchange {
        let (mut socket, _) = self.listener.accept().await.expect("a connection");
        socket.set_nodelay(true).expect("a socket");
        let mut request = Vec::new();
        loop {
            assert_ne!(socket.read_buf(&mut request).await.expect("a request"), 0, "the client left");
            if let Some(body) = body_of(&request) {
                return Exchange { socket, body };
            }
        }
    }
}

impl Exchange {
    /// Answers with the head of a stream of events.
    pub(crate) async fn begin(&mut self) {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        self.socket.write_all(head.as_bytes()).await.expect("a client");
    }

    /// Sends one chunk.
    pub(crate) async fn send(&mut self, text: &str) {
        let chunk = format!("{:x}\r\n{text}\r\n", text.len());
        self.socket.write_all(chunk.as_bytes()).await.expect("a client");
    }

    /// Ends the stream.
    pub(crate) async fn end(&mut self) {
        self.socket.write_all(b"0\r\n\r\n").await.expect("a client");
    }

    /// Answers with a whole JSON body.
    pub(crate) async fn answer(&mut self, body: &Value) {
        let body = body.to_string();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.socket.write_all(answer.as_bytes()).await.expect("a client");
    }
}

/// The body of a request that has arrived in full.
fn body_of(request: &[u8]) -> Option<Value> {
    let head = request.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&request[..head]).expect("a head of text").to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().expect("a length"));
    let body = request.get(head + 4..head + 4 + length)?;
    Some(serde_json::from_slice(body).unwrap_or_default())
}
