//! The formats of an export: rows go in, and pieces of the file come out, in the order they stand in it.

mod jsonl;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod table;

use bytes::Bytes;

use crate::{
    error::Result,
    types::{
        analytics::Bucket,
        export::{ExportContent, ExportFormat},
        trace::Trace,
    },
};

/// Some of the rows of an export.
#[derive(Debug)]
pub(crate) enum Rows {
    Traces(Vec<Trace>),
    Buckets(Vec<Bucket>),
}

/// Writes rows, all of which are of one kind.
pub(crate) enum Encoder {
    Jsonl,
    #[cfg(feature = "parquet")]
    Traces(Box<table::Table<Trace>>),
    #[cfg(feature = "parquet")]
    Buckets(Box<table::Table<Bucket>>),
}

impl Encoder {
    /// Fails with `invalid_field` for a format that was not compiled in.
    pub(crate) fn new(format: ExportFormat, content: ExportContent) -> Result<Self> {
        match (format, content) {
            (ExportFormat::Jsonl, _) => Ok(Self::Jsonl),
            #[cfg(feature = "parquet")]
            (ExportFormat::Parquet, ExportContent::Traces) => {
                parquet::traces().map(|table| Self::Traces(Box::new(table)))
            }
            #[cfg(feature = "parquet")]
            (ExportFormat::Parquet, ExportContent::Timeseries) => {
                parquet::buckets().map(|table| Self::Buckets(Box::new(table)))
            }
            #[cfg(not(feature = "parquet"))]
            (ExportFormat::Parquet, _) => Err(crate::error::Error::invalid(
                "format",
                "this build of the library writes no Parquet (the feature `parquet` of the crate); use jsonl",
            )),
        }
    }

    /// Takes further rows, and gives what they make ready of the file: nothing where they wait for others.
    pub(crate) fn add(&mut self, rows: Rows) -> Result<Bytes> {
        match (self, rows) {
            (Self::Jsonl, Rows::Traces(rows)) => jsonl::lines(&rows),
            (Self::Jsonl, Rows::Buckets(rows)) => jsonl::lines(&rows),
            #[cfg(feature = "parquet")]
            (Self::Traces(table), Rows::Traces(rows)) => table.add(rows),
            #[cfg(feature = "parquet")]
            (Self::Buckets(table), Rows::Buckets(rows)) => table.add(rows),
            #[cfg(feature = "parquet")]
            (Self::Traces(_) | Self::Buckets(_), _) => {
                Err(crate::error::Error::new(crate::error::ErrorCode::Internal, "rows of another kind"))
            }
        }
    }

    /// What stands at the end of the file.
    pub(crate) fn finish(self) -> Result<Bytes> {
        match self {
            Self::Jsonl => Ok(Bytes::new()),
            #[cfg(feature = "parquet")]
            Self::Traces(table) => table.finish(),
            #[cfg(feature = "parquet")]
            Self::Buckets(table) => table.finish(),
        }
    }
}
