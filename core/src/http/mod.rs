//! The gateway as HTTP, without a socket: one function from a request to a response. Whoever has HTTP-shaped calls (an
//! SDK's transport inside the process, a server) hands them in here.

mod body;
mod handler;
mod input;
mod respond;
mod route;

pub use self::body::Body;
pub(crate) use self::handler::wants_stream;
