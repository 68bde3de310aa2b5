//! Reads rollups, and what is not folded yet, in one statement: folding moves a delta into its rows in one transaction,
//! so that a statement sees it in one of the two places and never in both.

use std::borrow::Cow;

use super::{read_columns, sketch_names};
use crate::{
    error::Result,
    rollup::{Columns, Kind, Span, compose},
    store::{
        Store,
        db::Backend,
        names::to_json,
        query::{Query, Value, sql},
    },
    types::{analytics::Metric, ids::TenantId},
};

/// Which rollups to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RollupQuery<'a> {
    pub(crate) tenants: &'a [TenantId],
    pub(crate) kind: Kind,
    /// Where stretches of time begin and end, in order, on edges of the kind: no row that is read reaches over one.
    pub(crate) edges: &'a [i64],
    /// The distributions that are wanted.
    pub(crate) metrics: &'a [Metric],
}

/// A row that was read: a tenant's pack, and where it begins.
pub(crate) struct RollupRow {
    pub(crate) tenant: String,
    pub(crate) start_ms: i64,
    pub(crate) columns: Columns,
}

impl Store {
    /// Calls `on_row` for every row and every delta between the first and the last edge.
    pub(crate) async fn read_rollups(
        &self,
        query: RollupQuery<'_>,
        mut on_row: impl FnMut(RollupRow) -> Result<()> + Send,
    ) -> Result<()> {
        let spans = compose(query.edges, query.kind);
        let (Some(first), Some(last)) = (query.edges.first(), query.edges.last()) else { return Ok(()) };
        let statement = match self.db.backend() {
            Backend::Sqlite => for_sqlite(&query, &spans)?,
            Backend::Postgres => for_postgres(&query, &spans),
        };
        for row in self.db.fetch_all(statement.bind(*first).bind(*last)).await? {
            let mut row = row.columns();
            let (tenant, start_ms) = (row.text()?, row.int()?);
            on_row(RollupRow { tenant, start_ms, columns: read_columns(&mut row, query.metrics)? })?;
        }
        Ok(())
    }
}

/// The columns of the rows and of the deltas.
fn columns(query: &RollupQuery<'_>) -> [String; 2] {
    let sketches = sketch_names(query.metrics);
    let counts = if query.kind == Kind::ApiKeys { "api_keys" } else { "counts" };
    [format!("tenant_id, start_ms, counts{sketches}"), format!("tenant_id, start_ms, {counts}{sketches}")]
}

/// CROSS JOIN keeps the order of the loops: tenants, spans, and the few rows of each by their key.
fn for_sqlite<'q>(query: &RollupQuery<'q>, spans: &[Span]) -> Result<Query<'q>> {
    let [rows, deltas] = columns(query).map(|columns| columns.replace("tenant_id", "r.tenant_id"));
    let tenants: Vec<&str> = query.tenants.iter().map(TenantId::as_str).collect();
    let spans: Vec<_> = spans.iter().map(|span| (span.step.minutes(), span.from, span.to)).collect();
    let text = format!(
        "SELECT {rows} FROM json_each($1) t CROSS JOIN json_each($2) s CROSS JOIN gw_rollups r \
         WHERE r.tenant_id = t.value AND r.kind = $3 AND r.step = s.value ->> 0 \
         AND r.start_ms >= s.value ->> 1 AND r.start_ms < s.value ->> 2 \
         UNION ALL SELECT {deltas} FROM json_each($1) t CROSS JOIN gw_rollup_deltas r \
         WHERE r.tenant_id = t.value AND r.start_ms >= $4 AND r.start_ms < $5"
    );
    let query_ = sql(text).bind(to_json(&tenants)?).bind(to_json(&spans)?);
    Ok(query_.bind(query.kind.number()))
}

/// OFFSET 0 keeps the planner from turning the loops around: from each span it goes to the few rows by their key.
fn for_postgres<'q>(query: &RollupQuery<'q>, spans: &[Span]) -> Query<'q> {
    let [rows, deltas] = columns(query);
    let text = format!(
        "SELECT r.* FROM UNNEST($1::text[]) AS t(tenant), UNNEST($2::bigint[], $3::bigint[], $4::bigint[]) AS s(step, lo, hi), \
         LATERAL (SELECT {rows} FROM gw_rollups WHERE tenant_id = t.tenant AND kind = $5 AND step = s.step \
         AND start_ms >= s.lo AND start_ms < s.hi OFFSET 0) r \
         UNION ALL SELECT r.* FROM UNNEST($1::text[]) AS t(tenant), LATERAL (SELECT {deltas} FROM gw_rollup_deltas \
         WHERE tenant_id = t.tenant AND start_ms >= $6 AND start_ms < $7 OFFSET 0) r"
    );
    let ints = |number: fn(&Span) -> i64| Value::Ints(spans.iter().map(|span| Some(number(span))).collect());
    sql(text)
        .bind(Value::Texts(query.tenants.iter().map(|tenant| Some(Cow::Borrowed(tenant.as_str()))).collect()))
        .bind(ints(|span| span.step.minutes()))
        .bind(ints(|span| span.from))
        .bind(ints(|span| span.to))
        .bind(query.kind.number())
}
