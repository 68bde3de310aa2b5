//! Writes batches of traces, each in one transaction. A trace that is there already is left as it is, so that a batch
//! can be written again; only an `abandoned` one gives way to what really became of the request. Text that the database
//! refuses fails the batch, and is never changed to fit.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    columns::{COLUMNS, names},
    record::TraceRecord,
    rules::insert_rules,
};
use crate::{
    error::Result,
    store::{
        Store,
        db::Tx,
        query::{Value, sql},
        rollups::Deltas,
        scan::ScanRow,
    },
    types::{ids::TraceId, trace::StatusClass},
};

/// What makes a trace one and the same.
const KEY: &str = "tenant_id, created_ms, id";

/// Tenants that are looked up by one statement.
const OWNERS: [usize; 4] = [1, 5, 25, 100];

/// One of the encrypted contents.
type Body = fn(&TraceRecord) -> Option<&[u8]>;

/// Rows per statement in SQLite: few sizes, so that the statements stay prepared, and none above the 32,766 values a
/// statement may have.
const CHUNKS: [usize; 4] = [100, 25, 5, 1];

impl Store {
    /// Inserts the traces that are not there yet, and the ends of those that seemed abandoned. Leaves out those whose
    /// tenant is gone, so that nobody who has its id later sees them.
    pub(crate) async fn insert_traces(&self, batch: &[TraceRecord]) -> Result<Inserted> {
        if batch.is_empty() {
            return Ok(Inserted::default());
        }
        // In the order of the key: indexes grow at their end, and two processes that replay the same records wait for
        // each other instead of deadlocking.
        let mut records: Vec<&TraceRecord> = batch.iter().collect();
        records.sort_by_key(|record| (&record.tenant_id, record.id, is_abandoned(record)));
        records.dedup_by_key(|record| (&record.tenant_id, record.id));
        let mut tx = self.db.begin().await?;
        let owners = owners(&mut tx, &records).await?;
        let (records, disowned): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| is_owned(record, &owners));
        let (rows, deltas) = write(&mut tx, &records).await?;
        deltas.append(&mut tx).await?;
        let rules = insert_rules(&mut tx, &self.rules, &records).await?;
        tx.commit().await?;
        self.rules.remember(rules);
        Ok(Inserted { rows, disowned: disowned.into_iter().map(|record| record.id).collect() })
    }
}

/// What became of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inserted {
    /// How many the store did not have.
    pub(crate) rows: u64,
    /// Those whose tenant is gone.
    pub(crate) disowned: HashSet<TraceId>,
}

/// When the tenants of the records were created; `None` for those that are deleted.
pub(in crate::store) async fn owners(tx: &mut Tx, records: &[&TraceRecord]) -> Result<HashMap<String, Option<i64>>> {
    let mut ids: Vec<&str> = records.iter().map(|record| record.tenant_id.as_str()).collect();
    ids.dedup();
    let mut owners = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(*OWNERS.last().unwrap_or(&1)) {
        // Few sizes, so that the statements stay prepared: the last one is asked for again.
        let size = OWNERS.into_iter().find(|size| *size >= ids.len()).unwrap_or(ids.len());
        let padded = ids.iter().chain(ids.last().into_iter().cycle()).take(size);
        let places: Vec<_> = (1..=size).map(|place| format!("${place}")).collect();
        let text = format!("SELECT id, created_ms, deleted_ms FROM gw_tenants WHERE id IN ({})", places.join(", "));
        for row in tx.fetch_all(sql(text).bind_all(padded.map(|id| Value::from(Some(*id))))).await? {
            let mut columns = row.columns();
            let (id, created_ms) = (columns.text()?, columns.int()?);
            owners.insert(id, columns.int_or_null()?.is_none().then_some(created_ms));
        }
    }
    Ok(owners)
}

/// Whether the tenant of a record is still the one it was made for.
fn is_owned(record: &TraceRecord, owners: &HashMap<String, Option<i64>>) -> bool {
    match (record.tenant_since_ms, owners.get(record.tenant_id.as_str())) {
        (Some(since), Some(owner)) => *owner == Some(since),
        _ => true,
    }
}

/// Writes the rows; how many, and what they add to the rollups.
pub(in crate::store) async fn write(tx: &mut Tx, records: &[&TraceRecord]) -> Result<(u64, Deltas)> {
    let mut deltas = Deltas::default();
    let there = insert(tx, records, &mut deltas).await?;
    let ends: Vec<_> = there.iter().copied().filter(|record| !is_abandoned(record)).collect();
    let replaced = remove_abandoned(tx, &ends, &mut deltas).await?;
    let again = insert(tx, &replaced, &mut deltas).await?;
    let written = records.len() - there.len() + replaced.len() - again.len();
    Ok((u64::try_from(written).unwrap_or(u64::MAX), deltas))
}

/// Inserts what is not there; returns what is.
async fn insert<'r>(tx: &mut Tx, records: &[&'r TraceRecord], deltas: &mut Deltas) -> Result<Vec<&'r TraceRecord>> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let inserted = match tx {
        Tx::Sqlite(_) => insert_sqlite(tx, records).await?,
        Tx::Postgres { .. } => insert_postgres(tx, records).await?,
    };
    let is_new = |record: &&TraceRecord| {
        inserted
            .get(&record.id.as_uuid())
            .is_some_and(|owners| owners.iter().any(|owner| owner == record.tenant_id.as_str()))
    };
    let (new, there): (Vec<_>, Vec<_>) = records.iter().copied().partition(is_new);
    new.iter().for_each(|record| deltas.add(&record.tenant_id, &record.counted()));
    Ok(there)
}

/// Ids, and the tenants of each: almost always one.
type Keys = HashMap<Uuid, Vec<String>>;

/// Rows by multi-row statements, then the bodies of the rows that were really inserted, under their numbers.
async fn insert_sqlite(tx: &mut Tx, records: &[&TraceRecord]) -> Result<Keys> {
    let mut inserted = Keys::with_capacity(records.len());
    for chunk in chunks(records) {
        let mut values = Vec::with_capacity(chunk.len() * COLUMNS.len());
        for record in chunk {
            for column in COLUMNS {
                values.push(column.source.value(record)?);
            }
        }
        let text = format!(
            "INSERT INTO gw_traces ({}) VALUES {} ON CONFLICT ({KEY}) DO NOTHING RETURNING seq, id, tenant_id",
            names(),
            tuples(COLUMNS.len(), chunk.len()),
        );
        let rows = tx.fetch_all(sql(text).bind_all(values)).await?;
        let with_bodies: HashMap<(&str, Uuid), &TraceRecord> = chunk
            .iter()
            .filter(|record| record.has_bodies())
            .map(|record| ((record.tenant_id.as_str(), record.id.as_uuid()), *record))
            .collect();
        let mut bodies = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut columns = row.columns();
            let (seq, id, tenant) = (columns.int()?, columns.uuid()?, columns.text()?);
            bodies.extend(with_bodies.get(&(tenant.as_str(), id)).map(|record| (seq, *record)));
            inserted.entry(id).or_default().push(tenant);
        }
        insert_bodies(tx, &bodies).await?;
    }
    Ok(inserted)
}

async fn insert_bodies(tx: &mut Tx, bodies: &[(i64, &TraceRecord)]) -> Result<()> {
    for chunk in chunks(bodies) {
        let text =
            format!("INSERT INTO gw_trace_bodies (seq, request, response, attempts) VALUES {}", tuples(4, chunk.len()));
        let values = chunk.iter().flat_map(|(seq, record)| {
            let TraceRecord { request, response, attempts, .. } = record;
            [Value::from(*seq), request.as_deref().into(), response.as_deref().into(), attempts.as_deref().into()]
        });
        tx.execute(sql(text).bind_all(values)).await?;
    }
    Ok(())
}

/// One statement whose values are arrays, a column each.
async fn insert_postgres(tx: &mut Tx, records: &[&TraceRecord]) -> Result<Keys> {
    let mut arrays = Vec::with_capacity(COLUMNS.len() + 3);
    let mut places = Vec::with_capacity(COLUMNS.len() + 3);
    for column in COLUMNS {
        arrays.push(column.source.array(records)?);
        places.push(format!("${}::{}", arrays.len(), column.source.array_type()));
    }
    let bodies: [Body; 3] =
        [|record| record.request.as_deref(), |record| record.response.as_deref(), |record| record.attempts.as_deref()];
    for body in bodies {
        arrays.push(Value::ByteStrings(records.iter().map(|record| body(record)).collect()));
        places.push(format!("${}::bytea[]", arrays.len()));
    }
    let text = format!(
        "INSERT INTO gw_traces ({}) SELECT * FROM UNNEST({}) ON CONFLICT ({KEY}) DO NOTHING RETURNING id, tenant_id",
        super::columns::with_bodies(),
        places.join(", "),
    );
    let mut inserted = Keys::with_capacity(records.len());
    for row in &tx.fetch_all(sql(text).bind_all(arrays)).await? {
        let mut columns = row.columns();
        inserted.entry(columns.uuid()?).or_default().push(columns.text()?);
    }
    Ok(inserted)
}

/// Removes the rows of these requests that say `abandoned`, and takes back what they counted; returns those whose row is
/// gone. Two that do so for one row wait for each other, and one of them finds nothing.
async fn remove_abandoned<'r>(
    tx: &mut Tx,
    ends: &[&'r TraceRecord],
    deltas: &mut Deltas,
) -> Result<Vec<&'r TraceRecord>> {
    let mut removed = Vec::new();
    for end in ends {
        let delete = sql(format!(
            "DELETE FROM gw_traces WHERE tenant_id = $1 AND created_ms = $2 AND id = $3 AND status_class = {} RETURNING {}",
            StatusClass::Abandoned.number(),
            ScanRow::COLUMNS
        ));
        let delete = delete.bind(end.tenant_id.as_str()).bind(end.created_ms()).bind(end.id.as_uuid());
        if let Some(row) = tx.fetch_optional(delete).await? {
            let abandoned = ScanRow::read(&mut row.columns())?;
            deltas.take_back(&end.tenant_id, &abandoned.counted());
            removed.push(*end);
        }
    }
    Ok(removed)
}

fn is_abandoned(record: &TraceRecord) -> bool {
    record.status_class == StatusClass::Abandoned
}

/// Cuts a slice into pieces of the lengths in [`CHUNKS`].
pub(in crate::store) fn chunks<T>(mut rest: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = CHUNKS.into_iter().find(|length| *length <= rest.len())?;
        let (chunk, left) = rest.split_at_checked(length)?;
        rest = left;
        Some(chunk)
    })
}

/// `(?, ?), (?, ?)`: numbered placeholders would be looked up by name, one by one.
pub(in crate::store) fn tuples(width: usize, count: usize) -> String {
    let tuple = format!("({})", vec!["?"; width].join(","));
    vec![tuple; count].join(",")
}
