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

impl Term<'_> {
    /// The index of its column.
    fn index(self) -> &'static str {
        match self {
            Self::Text("request_id", _) => "gw_traces_request",
            Self::Text("session_id", _) => "gw_traces_session",
            Self::Text("user_id", _) => "gw_traces_user",
            Self::Text("model", _) => "gw_traces_model",
            Self::Int("status_class", _) => "gw_traces_status",
            Self::Text(..) | Self::Int(..) => "gw_traces_key",
        }
    }
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
    /// The filter of a list of `tenant`, or of all tenants: the indexes by column are those of one tenant.
    pub(in crate::store) fn of(filter: &'f TraceFilter, tenant: Option<&TenantId>) -> Self {
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
        let indexed = if terms.is_empty() || tenant.is_none() { None } else { Some(terms.remove(0)) };
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

    /// Whether no trace can match: text with a NUL is never stored, since PostgreSQL has no such text and refuses to
    /// compare with it.
    pub(in crate::store) fn match_nothing(&self) -> bool {
        self.indexed
            .iter()
            .chain(&self.scanned)
            .any(|term| matches!(term, Term::Text(_, value) if value.contains('\0')))
    }

    /// Whether the metadata really holds what is asked: the database only compares text.
    pub(in crate::store) fn metadata_matches(&self, metadata: &BTreeMap<String, String>) -> bool {
        self.filter.metadata.iter().all(|(key, value)| metadata.get(key) == Some(value))
    }

    /// The same of metadata as it is stored.
    pub(in crate::store) fn stored_metadata_matches(&self, metadata: Option<&str>) -> Result<bool> {
        if self.filter.metadata.is_empty() {
            return Ok(true);
        }
        let metadata = metadata.map(|text| of_json(text, "metadata")).transpose()?;
        Ok(self.metadata_matches(&metadata.unwrap_or_default()))
    }
}

/// A statement that grows condition by condition.
pub(in crate::store) struct Conditions<'q> {
    backend: Backend,
    index: &'static str,
    text: String,
    values: Vec<Value<'q>>,
}

impl<'q> Conditions<'q> {
    /// Begins with the tenant, all of them when omitted, and the filter that an index serves.
    pub(in crate::store) fn new(backend: Backend, tenant: Option<&'q TenantId>, terms: &Terms<'q>) -> Self {
        let mut conditions = match tenant {
            Some(tenant) => {
                let index = terms.indexed.map_or("gw_traces_key", Term::index);
                Self { backend, index, text: "tenant_id = $1".to_owned(), values: vec![tenant.as_str().into()] }
            }
            None => Self { backend, index: "gw_traces_time", text: "TRUE".to_owned(), values: Vec::new() },
        };
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

    /// Only what is older than this place.
    pub(in crate::store) fn older_than(&mut self, position: Position) {
        self.compare("<", "<=", position);
    }

    /// Only what is at this place or newer.
    pub(in crate::store) fn not_older_than(&mut self, position: Position) {
        self.compare(">=", ">=", position);
    }

    /// Only what is newer than this place.
    pub(in crate::store) fn newer_than(&mut self, position: Position) {
        self.compare(">", ">=", position);
    }

    /// Compares time and id at once. To be called once for each side: given two conditions on the time, SQLite walks
    /// its index from either of them, and from the wrong one every page would begin at the newest row again.
    fn compare(&mut self, both: &'static str, time: &'static str, position: Position) {
        self.values.push(position.created_ms.into());
        let created = self.values.len();
        self.values.push(position.id.as_uuid().into());
        self.text.push_str(&format!(" AND (created_ms, id) {both} (${created}, ${})", self.values.len()));
        if self.backend == Backend::Postgres {
            // Partitions are left out by conditions on the one column only.
            self.text.push_str(&format!(" AND created_ms {time} ${created}"));
        }
    }

    /// The statement: `select`, these conditions, and what follows them.
    pub(in crate::store) fn query(self, select: &str, rest: &str) -> Query<'q> {
        let table = match self.backend {
            // Without statistics SQLite likes ranges better than equal values.
            Backend::Sqlite => format!("gw_traces INDEXED BY {}", self.index),
            Backend::Postgres => "gw_traces".to_owned(),
        };
        sql(format!("SELECT {select} FROM {table} WHERE {} {rest}", self.text)).bind_all(self.values)
    }

    fn and(&mut self, column: &'static str, comparison: &'static str, value: impl Into<Value<'q>>) {
        self.values.push(value.into());
        self.text.push_str(&format!(" AND {column}{comparison} ${}", self.values.len()));
    }
}
