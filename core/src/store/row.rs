//! Rows of either database, read column by column in the order of the SELECT. Integers of any width read as `i64`.

use sqlx::{Row as _, TypeInfo as _, ValueRef as _, postgres::PgRow, sqlite::SqliteRow};
use uuid::Uuid;

use super::error::store_error;
use crate::error::{Error, ErrorCode, Result};

/// One row.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// Reads the columns from the first on.
    pub(crate) fn columns(&self) -> Columns<'_> {
        Columns { row: self, next: 0 }
    }
}

/// The columns of a row that were not read yet.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

macro_rules! read {
    ($self:ident, $type:ty) => {{
        let index = $self.advance();
        match $self.row {
            Row::Sqlite(row) => row.try_get::<Option<$type>, _>(index),
            Row::Postgres(row) => row.try_get::<Option<$type>, _>(index),
        }
        .map_err(store_error)
    }};
}

impl Columns<'_> {
    pub(crate) fn int_or_null(&mut self) -> Result<Option<i64>> {
        let index = self.advance();
        match self.row {
            Row::Sqlite(row) => row.try_get(index),
            Row::Postgres(row) => postgres_int(row, index),
        }
        .map_err(store_error)
    }

    pub(crate) fn text_or_null(&mut self) -> Result<Option<String>> {
        read!(self, String)
    }

    pub(crate) fn bytes_or_null(&mut self) -> Result<Option<Vec<u8>>> {
        read!(self, Vec<u8>)
    }

    pub(crate) fn int(&mut self) -> Result<i64> {
        self.int_or_null()?.ok_or_else(|| self.null())
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        self.text_or_null()?.ok_or_else(|| self.null())
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>> {
        self.bytes_or_null()?.ok_or_else(|| self.null())
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid> {
        let uuid: Result<Option<Uuid>> = read!(self, Uuid);
        uuid?.ok_or_else(|| self.null())
    }

    /// 0 is false.
    pub(crate) fn flag(&mut self) -> Result<bool> {
        Ok(self.int()? != 0)
    }

    fn advance(&mut self) -> usize {
        let index = self.next;
        self.next += 1;
        index
    }

    fn null(&self) -> Error {
        Error::new(
            ErrorCode::StoreFailed,
            format!("the store has no value in column {} of a row that needs one", self.next),
        )
    }
}

fn postgres_int(row: &PgRow, index: usize) -> Result<Option<i64>, sqlx::Error> {
    let value = row.try_get_raw(index)?;
    if value.is_null() {
        return Ok(None);
    }
    match value.type_info().name() {
        "INT2" => row.try_get::<i16, _>(index).map(|value| Some(value.into())),
        "INT4" => row.try_get::<i32, _>(index).map(|value| Some(value.into())),
        _ => row.try_get(index),
    }
}

/// An integer as a float, exact up to 2⁵³.
pub(crate) fn float(value: i64) -> f64 {
    let low = u32::try_from(value & i64::from(u32::MAX)).unwrap_or_default();
    let high = i32::try_from(value >> 32).unwrap_or_default();
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

/// What the store holds is not what it can hold: a damaged or foreign database.
pub(crate) fn corrupt(what: &str) -> Error {
    Error::new(
        ErrorCode::StoreFailed,
        format!("the store holds {what} that this library cannot read; restore the store from a backup"),
    )
}
