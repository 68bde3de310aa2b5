//! By what traces were priced: a dictionary per tenant, since most of its traces share a few rules. What a rule says is
//! the pricing module's business.

use std::collections::{BTreeMap, HashSet};

use parking_lot::Mutex;

use super::record::TraceRecord;
use crate::{
    error::Result,
    store::{Store, db::Tx, query::sql},
    types::ids::TenantId,
};

/// Rules that are known to be in the store; so many are remembered.
const REMEMBERED: usize = 10_000;

/// A tenant, when it was created, and a rule of it.
type Key = (TenantId, Option<i64>, i64);

/// What need not be written again.
#[derive(Debug, Default)]
pub(in crate::store) struct KnownRules(Mutex<HashSet<Key>>);

impl KnownRules {
    fn has(&self, key: &Key) -> bool {
        self.0.lock().contains(key)
    }

    /// They are committed.
    pub(super) fn remember(&self, keys: Vec<Key>) {
        if keys.is_empty() {
            return;
        }
        let mut known = self.0.lock();
        if known.len() + keys.len() > REMEMBERED {
            known.clear();
        }
        known.extend(keys);
    }
}

/// The number of a rule, which follows from its text.
pub(super) fn rule_id(rule: &str) -> i64 {
    let digest = ring::digest::digest(&ring::digest::SHA256, rule.as_bytes());
    digest.as_ref().first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes))
}

/// Writes the rules of the records that may not be there yet. They are to be remembered after the commit.
pub(super) async fn insert_rules(tx: &mut Tx, known: &KnownRules, records: &[&TraceRecord]) -> Result<Vec<Key>> {
    // Sorted, so that two processes wait for each other instead of deadlocking.
    let mut rules = BTreeMap::new();
    for record in records {
        if let Some(rule) = &record.price_rule {
            rules.insert((record.tenant_id.clone(), record.tenant_since_ms, rule_id(rule)), rule.as_str());
        }
    }
    rules.retain(|key, _| !known.has(key));
    for ((tenant, _, id), rule) in &rules {
        insert_rule(tx, tenant, (*id, rule)).await?;
    }
    Ok(rules.into_keys().collect())
}

/// Writes a rule that may be there already.
pub(super) async fn insert_rule(tx: &mut Tx, tenant: &TenantId, (id, rule): (i64, &str)) -> Result<()> {
    let insert = sql("INSERT INTO gw_price_rules (tenant_id, id, rule) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
    tx.execute(insert.bind(tenant.as_str()).bind(id).bind(rule)).await.map(drop)
}

impl Store {
    /// The rule of that number.
    pub(super) async fn price_rule(&self, tenant: &TenantId, id: i64) -> Result<Option<String>> {
        let query = sql("SELECT rule FROM gw_price_rules WHERE tenant_id = $1 AND id = $2");
        let row = self.db.fetch_optional(query.bind(tenant.as_str()).bind(id)).await?;
        row.map(|row| row.columns().text()).transpose()
    }
}
