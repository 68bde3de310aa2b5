//! The server's side of HTTP/1.1: reads requests and names statuses. Knows
//! nothing of scripts.

mod asked;
mod chunked;
mod head;
mod reader;
mod reason;

pub(crate) use asked::Asked;
pub(crate) use head::Keep;
pub(crate) use reader::{Received, Request, read};
pub(crate) use reason::reason;
