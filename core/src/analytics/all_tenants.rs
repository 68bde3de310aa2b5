//! A walk through all tenants, for answers that are about every one of them.

use crate::{
    error::Result,
    rollup::{Kind, Span, compose},
    store::Store,
    types::ids::TenantId,
};

/// A walk through all tenants, by id, some at a time: what their rows hold in memory is bounded.
pub(super) struct AllTenants<'a> {
    store: &'a Store,
    together: u32,
    after: Option<TenantId>,
    is_over: bool,
}

impl<'a> AllTenants<'a> {
    /// At most so many tenants are read together, and about so many rows.
    const TOGETHER: i64 = 200;
    const ROWS: i64 = 30_000;

    /// A walk for whoever reads the rows of that kind between the edges.
    pub(super) fn of(store: &'a Store, kind: Kind, edges: &[i64]) -> Self {
        let rows_of = |span: &Span| (span.to - span.from) / span.step.millis();
        let rows: i64 = compose(edges, kind).iter().map(rows_of).sum();
        let together = (Self::ROWS / rows.max(1)).clamp(1, Self::TOGETHER);
        Self { store, together: u32::try_from(together).unwrap_or(1), after: None, is_over: false }
    }

    /// The next ones; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<TenantId>>> {
        if self.is_over {
            return Ok(None);
        }
        let page = self.store.list_tenants(self.after.as_ref(), self.together).await?;
        let tenants: Vec<TenantId> = page.tenants.into_iter().map(|tenant| tenant.id).collect();
        self.is_over = page.next_cursor.is_none();
        self.after = tenants.last().cloned();
        Ok(Some(tenants))
    }
}
