//! The traces of a window that stand out: the slowest, and the most expensive.

use super::{source::Source, window::Window};
use crate::{
    clock,
    error::Result,
    rollup::Step,
    store::{Coverage, Question, Store},
    types::{
        analytics::{TopQuery, TopTraces},
        page::page_limit,
    },
};

/// The first ones in the order asked for; the newest among equals.
pub(crate) async fn top(store: Store, question: Question<TopQuery>) -> Result<TopTraces> {
    let Question { tenant, query: TopQuery { order, limit, query } } = question;
    let limit = page_limit(limit)?;
    let window = Window::of(&query, Step::FiveMinutes, clock::now())?;
    let edges = window.whole();
    let source = Source { store: &store, tenant: tenant.as_ref(), filter: &query.filter, edges: &edges, metrics: &[] };
    let (traces, coverage) = store.top_traces(source.traces(), order, limit).await?;
    Ok(TopTraces { from: window.from, to: window.to, complete: coverage == Coverage::Complete, traces })
}
