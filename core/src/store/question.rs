//! Whose traces a question is about, and what it asks.

use crate::types::ids::TenantId;

/// A question about the traces of one tenant, or of all.
#[derive(Clone, Debug)]
pub(crate) struct Question<Q> {
    /// All tenants when omitted.
    pub(crate) tenant: Option<TenantId>,
    pub(crate) query: Q,
}
