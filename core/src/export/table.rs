//! A Parquet file of rows of any kind, written a group of rows at a time: no more than a group is in memory.

use std::sync::Arc;

use bytes::Bytes;
use parquet::{
    basic::{Compression, DecimalType, LogicalType, Repetition, TimeUnit, TimestampType, Type as Physical},
    column::writer::ColumnWriter,
    data_type::{ByteArray, FixedLenByteArray},
    errors::{ParquetError, Result as ParquetResult},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::types::Type,
};

use crate::{
    error::{Error, ErrorCode, Result},
    types::{money::PicoUsd, time::Timestamp},
};

/// Rows that are written together.
const GROUP: usize = 10_000;
/// Bytes of a 128-bit number.
const WIDE: i32 = 16;

/// A column: its name, and what a row has in it.
pub(super) struct Column<T: 'static> {
    pub(super) name: &'static str,
    pub(super) value: Value<T>,
}

/// What a row has, by the type of the column.
pub(super) enum Value<T: 'static> {
    Text(fn(&T) -> Option<String>),
    Int(fn(&T) -> Option<i64>),
    Double(fn(&T) -> Option<f64>),
    Bool(fn(&T) -> Option<bool>),
    Time(fn(&T) -> Option<Timestamp>),
    Money(fn(&T) -> Option<PicoUsd>),
}

/// A file that grows.
pub(crate) struct Table<T: 'static> {
    columns: Vec<Column<T>>,
    file: SerializedFileWriter<Vec<u8>>,
    /// Rows that do not make a group yet.
    waiting: Vec<T>,
}

impl<T> Table<T> {
    pub(super) fn new(name: &str, columns: Vec<Column<T>>) -> Result<Self> {
        let fields = columns.iter().map(|column| column.field().map(Arc::new)).collect::<ParquetResult<Vec<_>>>();
        let schema = fields.and_then(|fields| Type::group_type_builder(name).with_fields(fields).build());
        let properties = WriterProperties::builder()
            .set_created_by(concat!("libgateway version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::SNAPPY)
            .build();
        let file = schema
            .and_then(|schema| SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties)))
            .map_err(unwritable)?;
        Ok(Self { columns, file, waiting: Vec::new() })
    }

    /// Takes further rows; the group that they fill, if they do.
    pub(super) fn add(&mut self, rows: Vec<T>) -> Result<Bytes> {
        self.waiting.extend(rows);
        if self.waiting.len() < GROUP {
            return Ok(Bytes::new());
        }
        self.write_group().map_err(unwritable)?;
        Ok(std::mem::take(self.file.inner_mut()).into())
    }

    /// The last group, and where everything is.
    pub(super) fn finish(mut self) -> Result<Bytes> {
        if !self.waiting.is_empty() {
            self.write_group().map_err(unwritable)?;
        }
        self.file.into_inner().map(Bytes::from).map_err(unwritable)
    }

    fn write_group(&mut self) -> ParquetResult<()> {
        let rows = std::mem::take(&mut self.waiting);
        let mut group = self.file.next_row_group()?;
        for column in &self.columns {
            let mut writer = group.next_column()?.ok_or_else(|| ParquetError::EOF("a column".to_owned()))?;
            column.value.write(&rows, writer.untyped())?;
            writer.close()?;
        }
        group.close()?;
        self.file.flush()?;
        Ok(())
    }
}

impl<T> Column<T> {
    fn field(&self) -> ParquetResult<Type> {
        let time = || TimestampType { is_adjusted_to_u_t_c: true, unit: TimeUnit::MILLIS };
        let (physical, logical) = match self.value {
            Value::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Value::Int(_) => (Physical::INT64, None),
            Value::Double(_) => (Physical::DOUBLE, None),
            Value::Bool(_) => (Physical::BOOLEAN, None),
            Value::Time(_) => (Physical::INT64, Some(LogicalType::Timestamp(time()))),
            Value::Money(_) => {
                let decimal = LogicalType::Decimal(DecimalType { scale: 12, precision: 38 });
                let field = Type::primitive_type_builder(self.name, Physical::FIXED_LEN_BYTE_ARRAY);
                let field = field.with_length(WIDE).with_precision(38).with_scale(12);
                return field.with_logical_type(Some(decimal)).with_repetition(Repetition::OPTIONAL).build();
            }
        };
        let field = Type::primitive_type_builder(self.name, physical).with_logical_type(logical);
        field.with_repetition(Repetition::OPTIONAL).build()
    }
}

impl<T> Value<T> {
    fn write(&self, rows: &[T], column: &mut ColumnWriter<'_>) -> ParquetResult<()> {
        match (self, column) {
            (Self::Text(value), ColumnWriter::ByteArrayColumnWriter(column)) => {
                let (values, levels) = split(rows, |row| value(row).map(|text| ByteArray::from(text.into_bytes())));
                column.write_batch(&values, Some(&levels), None)?;
            }
            (Self::Int(value), ColumnWriter::Int64ColumnWriter(column)) => {
                let (values, levels) = split(rows, value);
                column.write_batch(&values, Some(&levels), None)?;
            }
            (Self::Time(value), ColumnWriter::Int64ColumnWriter(column)) => {
                let (values, levels) = split(rows, |row| value(row).map(Timestamp::as_millis));
                column.write_batch(&values, Some(&levels), None)?;
            }
            (Self::Double(value), ColumnWriter::DoubleColumnWriter(column)) => {
                let (values, levels) = split(rows, value);
                column.write_batch(&values, Some(&levels), None)?;
            }
            (Self::Bool(value), ColumnWriter::BoolColumnWriter(column)) => {
                let (values, levels) = split(rows, value);
                column.write_batch(&values, Some(&levels), None)?;
            }
            (Self::Money(value), ColumnWriter::FixedLenByteArrayColumnWriter(column)) => {
                let bytes = |usd: PicoUsd| FixedLenByteArray::from(usd.0.to_be_bytes().to_vec());
                let (values, levels) = split(rows, |row| value(row).map(bytes));
                column.write_batch(&values, Some(&levels), None)?;
            }
            _ => return Err(ParquetError::General("a column of another type".to_owned())),
        }
        Ok(())
    }
}

/// The values that are there, and for each row whether it has one.
fn split<T, V>(rows: &[T], value: impl Fn(&T) -> Option<V>) -> (Vec<V>, Vec<i16>) {
    let mut values = Vec::with_capacity(rows.len());
    let levels = rows.iter().map(|row| match value(row) {
        Some(value) => {
            values.push(value);
            1
        }
        None => 0,
    });
    let levels = levels.collect();
    (values, levels)
}

fn unwritable(error: ParquetError) -> Error {
    Error::new(ErrorCode::Internal, "the rows cannot be written as Parquet").with_source(error)
}
