//! A statement and its values, written once for both databases. Values are bound, never formatted into the text.

use std::borrow::Cow;

use sqlx::{AssertSqlSafe, postgres::PgArguments, sqlite::SqliteArguments};
use uuid::Uuid;

use crate::error::{Error, ErrorCode, Result};

/// A value to bind. Every variant but the identifiers can be NULL and still has a type, which PostgreSQL wants to know.
#[derive(Debug)]
pub(crate) enum Value<'q> {
    Int(Option<i64>),
    Text(Option<Cow<'q, str>>),
    Bytes(Option<Cow<'q, [u8]>>),
    Uuid(Uuid),
    /// Arrays are PostgreSQL's, for `UNNEST`.
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<Cow<'q, str>>>),
    ByteStrings(Vec<Option<&'q [u8]>>),
    Uuids(Vec<Uuid>),
}

macro_rules! value_from {
    ($($type:ty, $from:ident => $value:expr;)+) => {
        $(impl<'q> From<$type> for Value<'q> {
            fn from($from: $type) -> Self { $value }
        })+
    };
}

value_from! {
    i64, value => Value::Int(Some(value));
    Option<i64>, value => Value::Int(value);
    bool, value => Value::Int(Some(i64::from(value)));
    &'q str, value => Value::Text(Some(Cow::Borrowed(value)));
    Option<&'q str>, value => Value::Text(value.map(Cow::Borrowed));
    String, value => Value::Text(Some(Cow::Owned(value)));
    Option<String>, value => Value::Text(value.map(Cow::Owned));
    &'q [u8], value => Value::Bytes(Some(Cow::Borrowed(value)));
    Option<&'q [u8]>, value => Value::Bytes(value.map(Cow::Borrowed));
    Uuid, value => Value::Uuid(value);
}

/// A statement with `$1` placeholders, which both databases understand, and its values.
#[derive(Debug)]
pub(crate) struct Query<'q> {
    text: Cow<'static, str>,
    values: Vec<Value<'q>>,
}

/// A statement without values yet.
pub(crate) fn sql<'q>(text: impl Into<Cow<'static, str>>) -> Query<'q> {
    Query { text: text.into(), values: Vec::new() }
}

impl<'q> Query<'q> {
    /// Binds the next placeholder.
    pub(crate) fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds the next placeholders.
    pub(crate) fn bind_all(mut self, values: impl IntoIterator<Item = Value<'q>>) -> Self {
        self.values.extend(values);
        self
    }

    /// As SQLite's driver takes it.
    pub(super) fn for_sqlite(self) -> Result<sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>> {
        let mut query = sqlx::query(trusted(self.text));
        for value in self.values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value.map(Cow::into_owned)),
                Value::Bytes(value) => query.bind(value.map(Cow::into_owned)),
                Value::Uuid(value) => query.bind(value),
                Value::Ints(_) | Value::Texts(_) | Value::ByteStrings(_) | Value::Uuids(_) => {
                    return Err(Error::new(ErrorCode::Internal, "sqlite has no arrays"));
                }
            };
        }
        Ok(query)
    }

    /// As PostgreSQL's driver takes it.
    pub(super) fn for_postgres(self, persistent: bool) -> sqlx::query::Query<'static, sqlx::Postgres, PgArguments> {
        let mut query = sqlx::query(trusted(self.text)).persistent(persistent);
        for value in self.values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value.as_deref()),
                Value::Bytes(value) => query.bind(value.as_deref()),
                Value::Uuid(value) => query.bind(value),
                Value::Ints(values) => query.bind(values),
                Value::Texts(values) => query.bind(values),
                Value::ByteStrings(values) => query.bind(values),
                Value::Uuids(values) => query.bind(values),
            };
        }
        query
    }
}

/// The one place that vouches for statement text: it is made of constants of this crate, never of input.
pub(super) fn trusted(text: Cow<'static, str>) -> AssertSqlSafe<Cow<'static, str>> {
    AssertSqlSafe(text)
}
