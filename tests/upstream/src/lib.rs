//! A mock LLM provider: an HTTP/1.1 server under control of every byte and
//! every delay.
//!
//! It plays scripts (what to answer) and records requests (what was asked, and
//! whether the client stayed for the whole answer). It never talks to a real
//! provider and knows nothing of the program under test.
//!
//! ```
//! use std::time::Duration;
//! use upstream::{Script, Upstream};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let upstream = Upstream::start()?;
//! upstream.push(Script::error(429, "slow down").header("retry-after", "1"));
//! upstream.push(Script::stream(["Hel", "lo"]).gap_ms(5));
//!
//! // ... let the client under test call `upstream.url()` ...
//! # use std::{io::Write, net::TcpStream};
//! # let mut client = TcpStream::connect(upstream.address())?;
//! # client.write_all(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")?;
//! let requests = upstream.wait_for_requests(1, Duration::from_secs(5)).blocking()?;
//! assert_eq!(requests[0].path, "/v1/models");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod answer;
mod connection;
mod control;
mod http;
mod journal;
mod persona;
mod plan;
mod record;
mod render;
mod script;
mod shared;
mod stats;
mod upstream;
mod wait;

pub use control::Scripts;
pub use record::{Outcome, Recorded};
pub use script::{
    Answer, Base64, BeforeHeaders, Blob, Body, End, Event, Framing, IncludeUsage, LineEnd, Repeat, Route, Script,
    Split, Sse,
};
pub use shared::Recording;
pub use stats::Stats;
pub use upstream::{Options, Upstream};
pub use wait::{Wait, WaitError};

const _: () = {
    const fn send_and_sync<T: Send + Sync>() {}
    send_and_sync::<Upstream>();
};
