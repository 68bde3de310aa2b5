//! Filters as conditions. At most one filter decides which index is walked; the others are written so that no index
//! can serve them, which keeps the number of rows a query touches in our hands and not in a planner's.

use std::collections::BTreeMap;

use crate::{
    error::Result,
    store::{
        db::Backend,
        names::{of_json, to_json},
        query::{Query, Value, sql},
        traces::cursor::Position,
    },
    types::{
        ids::TenantId,
        trace::{StatusClass, TraceFilter},
    },
};

/// A condition on one column.
#[derive(Clone, Copy)]
enum Term<'f> {
    Text(&'static str, &'f str),
    Int(&'static str, i64),
}

/// The conditions of a filter.
pub(in crate::store) struct Terms<'f> {
    /// Served by the index of its column.
    indexed: Option<Term<'f>>,
    /// Looked at row by row.
    scanned: Vec<Term<'f>>,
    filter: &'f TraceFilter,
}

impl<'f> Terms<'f> {
    pub(in crate::store) fn of(filter: &'f TraceFilter) -> Self {
        let text = |column, value: &'f Option<String>| value.as_deref().map(|value| Term::Text(column, value));
        let class = filter.status_class.map(|class| Term::Int("status_class", class.number()));
        let failed = class.filter(|_| filter.status_class != Some(StatusClass::Ok));
        // Those with the fewest rows per value first.
        let indexed = [
            text("request_id", &filter.request_id),
            text("session_id", &filter.session_id),
            text("user_id", &filter.user_id),
            failed,
            text("model", &filter.model),
        ];
        let mut terms: Vec<Term<'f>> = indexed.into_iter().flatten().collect();
        let indexed = if terms.is_empty() { None } else { Some(terms.remove(0)) };
        terms.extend(class.filter(|_| failed.is_none()));
        terms.extend(text("provider", &filter.provider));
        terms.extend(filter.status_code.map(|code| Term::Int("status_code", code.into())));
        terms.extend(filter.error_code.map(|code| Term::Int("error_code", code.number().into())));
        Self { indexed, scanned: terms, filter }
    }

    /// Whether rows have to be looked at that do not match.
    pub(in crate::store) fn scans(&self) -> bool {
        !self.scanned.is_empty() || !self.filter.metadata.is_empty()
    }

    /// Whether the metadata really holds what is asked: the database only compares text.
    pub(in crate::store) fn metadata_matches(&self, metadata: &BTreeMap<String, String>) -> bool {
        self.filter.metadata.iter().all(|(key, value)| metadata.get(key) == Some(value))
    }

    /// The same of metadata as it is stored.
    pub(in crate::store) fn stored_metadata_matches(&self, metadata: Option<&str>) -> Result<bool> {
        let metadata = metadata.map(|text| of_json(text, "metadata")).transpose()?;
        Ok(self.metadata_matches(&metadata.unwrap_or_default()))
    }
}

/// A statement that grows condition by condition.
pub(in crate::store) struct Conditions<'q> {
    backend: Backend,
    text: String,
    values: Vec<Value<'q>>,
}

impl<'q> Conditions<'q> {
    /// Begins with the tenant and the filter that an index serves.
    pub(in crate::store) fn new(backend: Backend, tenant: &'q TenantId, terms: &Terms<'q>) -> Self {
        let mut conditions = Self { backend, text: String::from("tenant_id = $1"), values: vec![tenant.as_str().into()] };
        match terms.indexed {
            Some(Term::Text(column, value)) => conditions.and(column, " =", value),
            Some(Term::Int(column, value)) => {
                conditions.and(column, " =", value);
                // The partial index is used only where its own condition is spelled out.
                conditions.text.push_str(" AND status_class <> 0");
            }
            None => {}
        }
        conditions
    }

    /// Adds the filters that no index serves.
    pub(in crate::store) fn scan(&mut self, terms: &Terms<'q>) -> Result<()> {
        for term in &terms.scanned {
            match *term {
                Term::Text(column, value) => self.and(column, " || '' =", value),
                Term::Int(column, value) => self.and(column, " + 0 =", value),
            }
        }
        let contains = match self.backend {
            Backend::Sqlite => "instr(metadata, ",
            Backend::Postgres => "strpos(metadata, ",
        };
        for (key, value) in &terms.filter.metadata {
            // Metadata is stored as compact JSON of strings, where a pair always reads like this; that this text can
            // also stand elsewhere is why the rows are looked at again.
            self.values.push(format!("{}:{}", to_json(key)?, to_json(value)?).into());
            self.text.push_str(&format!(" AND {contains}${}) > 0", self.values.len()));
        }
        Ok(())
    }

    /// From `since` on, inclusive, and up to `until`, exclusive.
    pub(in crate::store) fn between(&mut self, since: Option<i64>, until: Option<i64>) {
        if let Some(since) = since {
            self.and("created_ms", " >=", since);
        }
        if let Some(until) = until {
            self.and("created_ms", " <", until);
        }
    }

    /// Compares the position of a row: `comparison` is one of `<`, `>`, `>=`.
    pub(in crate::store) fn position(&mut self, comparison: &'static str, position: Position) {
        self.values.push(position.created_ms.into());
        let created = self.values.len();
        self.values.push(position.id.as_uuid().into());
        self.text.push_str(&format!(" AND (created_ms, id) {comparison} (${created}, ${})", self.values.len()));
        if self.backend == Backend::Postgres {
            // Partitions are left out by conditions on the one column only.
            let bound = if comparison == "<" { "<=" } else { ">=" };
            self.text.push_str(&format!(" AND created_ms {bound} ${created}"));
        }
    }

    /// The statement: `select`, these conditions, and what follows them.
    pub(in crate::store) fn query(self, select: &str, rest: &str) -> Query<'q> {
        sql(format!("SELECT {select} FROM gw_traces WHERE {} {rest}", self.text)).bind_all(self.values)
    }

    fn and(&mut self, column: &'static str, comparison: &'static str, value: impl Into<Value<'q>>) {
        self.values.push(value.into());
        self.text.push_str(&format!(" AND {column}{comparison} ${}", self.values.len()));
    }
}
