//! The gateway as a part of a server of axum's.

use axum::{Router, body, extract::Request};

use crate::gateway::Gateway;

impl Gateway {
    /// What [`Gateway::handle`] answers, as a router: `Router::new().nest("/llm", gateway.router())` has OpenAI's API at
    /// `/llm/v1`. Bodies stream both ways; how large one may be is the gateway's to say (`limits.body_bytes`).
    pub fn router(&self) -> Router {
        let gateway = self.clone();
        Router::new()
            .fallback(move |request: Request| async move { gateway.handle(request).await.map(body::Body::new) })
    }
}
