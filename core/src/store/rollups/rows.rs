//! Rows of rollups: packs are added to those that are there. Never more than one process does so for a row at a time,
//! which [`hold`] sees to.

use std::{borrow::Cow, collections::BTreeMap};

use super::{name_of, read_columns, sketch_names, unreadable};
use crate::{
    error::Result,
    rollup::{Columns, Kind, Pack, Step},
    store::{
        db::{Backend, Tx},
        names::to_json,
        query::{Query, Value, sql},
        row::corrupt,
        traces::insert::{chunks, tuples},
    },
    types::{analytics::Metric, ids::TenantId},
};

/// Which row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) tenant: String,
    pub(super) kind: Kind,
    pub(super) step: Step,
    pub(super) start_ms: i64,
}

/// What is to be written.
pub(super) type Rows = BTreeMap<Place, Pack>;

/// Adds five minutes of a tenant to all rows that contain them.
pub(super) fn spread(rows: &mut Rows, (tenant, start_ms): (&str, i64), packs: [&Pack; 2]) -> Result<()> {
    let [models, api_keys] = packs;
    for kind in Kind::ALL {
        let pack = if kind == Kind::ApiKeys { api_keys } else { models };
        let Some(columns) = pack.columns() else { continue };
        for step in kind.steps() {
            let place = Place { tenant: tenant.to_owned(), kind, step: *step, start_ms: step.floor(start_ms) };
            rows.entry(place).or_default().merge(&columns, |key| kind.key(key)).ok_or_else(unreadable)?;
        }
    }
    Ok(())
}

/// Adds what the store has in these places.
pub(super) async fn add_stored(tx: &mut Tx, rows: &mut Rows) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let stored = tx.fetch_all(stored(tx.backend(), rows)?).await?;
    for row in &stored {
        let mut row = row.columns();
        let (tenant, kind, minutes, start_ms) = (row.text()?, row.int()?, row.int()?, row.int()?);
        let kind = Kind::ALL.into_iter().find(|known| known.number() == kind).ok_or_else(unreadable)?;
        let step = kind.steps().iter().find(|step| step.minutes() == minutes).copied().ok_or_else(unreadable)?;
        let columns = read_columns(&mut row, &Metric::ALL)?;
        let pack = rows.entry(Place { tenant, kind, step, start_ms }).or_default();
        pack.merge(&columns, |key| key).ok_or_else(unreadable)?;
    }
    Ok(())
}

fn stored(backend: Backend, rows: &Rows) -> Result<Query<'_>> {
    let columns = format!("r.tenant_id, r.kind, r.step, r.start_ms, r.counts{}", sketches_of("r"));
    match backend {
        Backend::Sqlite => {
            let places: Vec<_> = rows
                .keys()
                .map(|place| (place.tenant.as_str(), place.kind.number(), place.step.minutes(), place.start_ms))
                .collect();
            let text = format!(
                "SELECT {columns} FROM json_each($1) p CROSS JOIN gw_rollups r WHERE r.tenant_id = p.value ->> 0 \
                 AND r.kind = p.value ->> 1 AND r.step = p.value ->> 2 AND r.start_ms = p.value ->> 3"
            );
            Ok(sql(text).bind(to_json(&places)?))
        }
        Backend::Postgres => {
            let text = format!(
                "SELECT {columns} FROM UNNEST($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) \
                 AS p(tenant_id, kind, step, start_ms), LATERAL (SELECT * FROM gw_rollups s \
                 WHERE s.tenant_id = p.tenant_id AND s.kind = p.kind AND s.step = p.step AND s.start_ms = p.start_ms \
                 OFFSET 0) r"
            );
            Ok(bind_places(sql(text), &rows.keys().collect::<Vec<_>>()))
        }
    }
}

fn bind_places<'r>(query: Query<'r>, places: &[&'r Place]) -> Query<'r> {
    let ints = |number: fn(&Place) -> i64| Value::Ints(places.iter().map(|place| Some(number(place))).collect());
    query
        .bind(Value::Texts(places.iter().map(|place| Some(Cow::Borrowed(place.tenant.as_str()))).collect()))
        .bind(ints(|place| place.kind.number()))
        .bind(ints(|place| place.step.minutes()))
        .bind(ints(|place| place.start_ms))
}

/// Puts the rows in their places, whatever is there. A row of nothing goes.
pub(super) async fn write(tx: &mut Tx, rows: &Rows) -> Result<()> {
    let mut full: Vec<(&Place, Columns)> = Vec::with_capacity(rows.len());
    for (place, pack) in rows {
        match pack.columns() {
            Some(columns) => full.push((place, columns)),
            None => remove(tx, place).await?,
        }
    }
    if full.is_empty() {
        return Ok(());
    }
    let names = format!("tenant_id, kind, step, start_ms, counts{}", sketch_names(&Metric::ALL));
    let changes: String = Metric::ALL.iter().map(|metric| format!(", {0} = excluded.{0}", name_of(*metric))).collect();
    let conflict =
        format!("ON CONFLICT (tenant_id, kind, step, start_ms) DO UPDATE SET counts = excluded.counts{changes}");
    match tx {
        Tx::Sqlite(_) => {
            for chunk in chunks(&full) {
                let text = format!("INSERT INTO gw_rollups ({names}) VALUES {} {conflict}", tuples(10, chunk.len()));
                let mut query = sql(text);
                for (place, columns) in chunk {
                    query = query.bind(place.tenant.as_str()).bind(place.kind.number()).bind(place.step.minutes());
                    query = query.bind(place.start_ms).bind(columns.counts.as_slice());
                    query = query.bind_all(Metric::ALL.map(|metric| columns.sketches.of(metric).as_deref().into()));
                }
                tx.execute(query).await?;
            }
        }
        Tx::Postgres { .. } => {
            let text = format!(
                "INSERT INTO gw_rollups ({names}) SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::bigint[], \
                 $4::bigint[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[], $10::bytea[]) {conflict}"
            );
            let sketch = |metric: Metric| {
                Value::ByteStrings(full.iter().map(|(_, columns)| columns.sketches.of(metric).as_deref()).collect())
            };
            let query = bind_places(sql(text), &full.iter().map(|(place, _)| *place).collect::<Vec<_>>());
            let counts = full.iter().map(|(_, columns)| Some(columns.counts.as_slice())).collect();
            tx.execute(query.bind(Value::ByteStrings(counts)).bind_all(Metric::ALL.map(sketch))).await?;
        }
    }
    Ok(())
}

async fn remove(tx: &mut Tx, place: &Place) -> Result<()> {
    let delete = sql("DELETE FROM gw_rollups WHERE tenant_id = $1 AND kind = $2 AND step = $3 AND start_ms = $4");
    let delete = delete.bind(place.tenant.as_str()).bind(place.kind.number()).bind(place.step.minutes());
    tx.execute(delete.bind(place.start_ms)).await.map(drop)
}

/// Removes up to `limit` rows of a tenant's rollups, and its deltas; whether there may be more.
pub(in crate::store) async fn remove_some(tx: &mut Tx, tenant: &TenantId, limit: u32) -> Result<bool> {
    hold(tx).await?;
    let deltas = sql("DELETE FROM gw_rollup_deltas WHERE tenant_id = $1");
    tx.execute(deltas.bind(tenant.as_str())).await?;
    let rows = sql("DELETE FROM gw_rollups WHERE tenant_id = $1 AND (kind, step, start_ms) IN \
         (SELECT kind, step, start_ms FROM gw_rollups WHERE tenant_id = $1 ORDER BY kind, step, start_ms LIMIT $2)");
    let removed = tx.execute(rows.bind(tenant.as_str()).bind(i64::from(limit))).await?;
    Ok(removed >= u64::from(limit))
}

/// Keeps everybody else from changing rows of rollups until the transaction ends.
pub(super) async fn hold(tx: &mut Tx) -> Result<()> {
    let hold = sql("UPDATE gw_leases SET holder = holder WHERE name = 'rollups'");
    match tx.execute(hold).await? {
        0 => Err(corrupt("no lease of the rollups")),
        _ => Ok(()),
    }
}

fn sketches_of(table: &str) -> String {
    Metric::ALL.iter().map(|metric| format!(", {table}.{}", name_of(*metric))).collect()
}
