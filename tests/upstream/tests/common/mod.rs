//! A client of few lines that sees every byte.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test file uses a part of it, and a failed test is the report"
)]

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use upstream::Upstream;

/// More than enough for anything that is meant to happen.
pub const SOON: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Client {
    pub stream: TcpStream,
    pub buffer: BytesMut,
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The sizes of the chunks, with chunked framing.
    pub chunks: Vec<usize>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(listed, _)| listed == name)?;
        Some(&found.1)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Client {
    pub async fn connect(upstream: &Upstream) -> Self {
        let stream = TcpStream::connect(upstream.address()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: BytesMut::new() }
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    pub async fn ask(&mut self, method: &str, path: &str, body: &str) {
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n");
        self.send(format!("{head}\r\n{body}")).await;
    }

    pub async fn exchange(&mut self, method: &str, path: &str, body: &str) -> Response {
        self.ask(method, path, body).await;
        self.response().await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Response {
        self.exchange("POST", path, &body.to_string()).await
    }

    /// Reads until `count` bytes are there, and takes them.
    pub async fn read(&mut self, count: usize) -> BytesMut {
        while self.buffer.len() < count {
            assert!(self.more().await.unwrap() > 0, "the connection ended");
        }
        self.buffer.split_to(count)
    }

    /// Reads to the end of the connection, which may be an error.
    pub async fn rest(&mut self) -> (BytesMut, io::Result<()>) {
        loop {
            match self.more().await {
                Ok(0) => return (self.buffer.split(), Ok(())),
                Ok(_) => {}
                Err(error) => return (self.buffer.split(), Err(error)),
            }
        }
    }

    pub async fn response(&mut self) -> Response {
        let mut response = self.head().await;
        if let Some(length) = response.header("content-length") {
            let length = length.parse().unwrap();
            response.body = self.read(length).await.to_vec();
        } else if response.header("transfer-encoding").is_some() {
            loop {
                let chunk = self.chunk().await;
                if chunk.is_empty() {
                    break;
                }
                response.chunks.push(chunk.len());
                response.body.extend(chunk);
            }
        } else {
            let (rest, end) = self.rest().await;
            end.unwrap();
            response.body = rest.to_vec();
        }
        response
    }

    pub async fn head(&mut self) -> Response {
        let head = self.until(b"\r\n\r\n").await;
        let head = String::from_utf8(head.to_vec()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        Response {
            status: status.parse().unwrap(),
            headers: lines.map(header).collect(),
            body: Vec::new(),
            chunks: Vec::new(),
        }
    }

    pub async fn chunk(&mut self) -> BytesMut {
        let size = self.until(b"\r\n").await;
        let size = std::str::from_utf8(&size).unwrap().trim_end();
        let size = usize::from_str_radix(size, 16).unwrap();
        let mut chunk = self.read(size + 2).await;
        chunk.truncate(size);
        chunk
    }

    async fn until(&mut self, end: &[u8]) -> BytesMut {
        loop {
            let found = self.buffer.windows(end.len()).position(|part| part == end);
            match found {
                Some(at) => return self.buffer.split_to(at + end.len()),
                None => assert!(self.more().await.unwrap() > 0, "the connection ended"),
            }
        }
    }

    async fn more(&mut self) -> io::Result<usize> {
        tokio::time::timeout(SOON, self.stream.read_buf(&mut self.buffer)).await.unwrap()
    }
}
