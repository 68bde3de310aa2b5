//! The gateway as HTTP, without a socket: one function from a request to a response. Whoever has HTTP-shaped calls (an
//! SDK's transport inside the process, a server) hands them in here. The server itself is behind the feature `server`,
//! and a router for hosts whose server is axum's behind the feature `axum`.

mod body;
#[cfg(feature = "dashboard")]
mod dashboard;
mod handler;
mod input;
mod metrics;
mod respond;
mod route;
#[cfg(feature = "axum")]
mod router;
#[cfg(feature = "server")]
mod serve;

pub use self::body::Body;
pub(crate) use self::handler::may_stream;
#[cfg(feature = "server")]
pub use self::serve::{ServeConfig, ServeTls, Server};
