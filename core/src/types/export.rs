//! Exports as the API takes and reports them.

use serde::{Deserialize, Serialize};

use super::{analytics::AnalyticsQuery, flat, time::Timestamp};

/// What an export is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExportContent {
    /// The traces, newest first, as [`Trace`](crate::Trace): without request and response.
    #[default]
    Traces,
    /// The series, bucket by bucket, as [`Bucket`](crate::Bucket).
    Timeseries,
}

/// How it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExportFormat {
    /// JSON lines: one document a line.
    #[default]
    Jsonl,
    /// An Apache Parquet file with a column for each field: where the library was built with it (feature `parquet` of the
    /// crate), else `invalid_field`.
    Parquet,
}

/// What to export. Fields are added in minor versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportQuery {
    /// What of it.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub content: ExportContent,
    /// How it is written.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub format: ExportFormat,
    /// Which window, and which traces of it; in JSON its keys stand beside the others. Traces are exported from all of the
    /// window, however many match.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub query: AnalyticsQuery,
}

impl<'de> Deserialize<'de> for ExportQuery {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            content: ExportContent,
            #[serde(default)]
            format: ExportFormat,
        }
        let (Head { content, format }, query) = flat::split::<D, Head, _>(deserializer, &["content", "format"])?;
        Ok(Self { content, format, query })
    }
}

/// How far an export has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ExportReport {
    /// The first instant of the window.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Rows so far: traces, or buckets.
    pub rows: u64,
    /// Bytes so far.
    pub bytes: u64,
    /// When the last row began: traces come newest first, buckets oldest first.
    pub reached: Option<Timestamp>,
}

/// What to export, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct ExportTarget {
    /// The file, which must not be there.
    pub(crate) path: String,
    /// What to export.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub(crate) query: ExportQuery,
}

impl<'de> Deserialize<'de> for ExportTarget {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            path: String,
        }
        let (head, query) = flat::split::<D, Head, _>(deserializer, &["path"])?;
        Ok(Self { path: head.path, query })
    }
}
