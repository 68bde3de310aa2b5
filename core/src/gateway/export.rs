//! Takes traces and series out of the store, a piece at a time: never more than a piece is in memory.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    sync::Arc,
};

use bytes::Bytes;

use super::{Core, TenantHandle};
use crate::{
    analytics,
    error::{Error, ErrorCode, Result},
    export::{Encoder, Rows},
    store::Question,
    tasks::beside,
    traces,
    types::{
        analytics::AnalyticsQuery,
        export::{ExportContent, ExportQuery, ExportReport},
        ids::TenantId,
        time::Timestamp,
        trace::TraceQuery,
    },
};

/// Traces that are read at a time.
const PAGE: u32 = 200;

/// An export that goes on as long as it is asked for more. Dropped, it ends.
pub struct Export {
    core: Arc<Core>,
    tenant: TenantId,
    left: Left,
    /// Gone while it works, and once the file is whole.
    encoder: Option<Encoder>,
    is_over: bool,
    report: ExportReport,
}

/// What was not read yet.
enum Left {
    Traces(TraceQuery),
    Timeseries(AnalyticsQuery),
    Nothing,
}

impl TenantHandle {
    /// Begins an export, which is read piece by piece.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> libgateway::Result<()> {
    /// # use libgateway::{Config, ExportQuery, Gateway, NewTenant};
    /// # let gateway = Gateway::open(Config { store: "sqlite::memory:".into(), ..Config::default() }).await?;
    /// # gateway.create_tenant(NewTenant { id: Some("acme".parse()?), ..NewTenant::default() }).await?;
    /// let mut export = gateway.tenant("acme")?.export(ExportQuery::default()).await?;
    /// while let Some(lines) = export.next().await? {
    ///     print!("{}", String::from_utf8_lossy(&lines));
    ///     println!("# {} traces, back to {:?}", export.progress().rows, export.progress().reached);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn export(&self, query: ExportQuery) -> Result<Export> {
        self.core.registry.tenant(&self.id).await?;
        let ExportQuery { content, format, mut query } = query;
        let encoder = Some(Encoder::new(format, content)?);
        let (from, to) = analytics::window(&query)?;
        let left = match content {
            ExportContent::Traces => Left::Traces(TraceQuery {
                limit: Some(PAGE),
                since: Some(from),
                until: Some(to),
                filter: query.filter,
                ..TraceQuery::default()
            }),
            ExportContent::Timeseries => {
                // What is now moves on; what is exported does not.
                (query.window_hours, query.since, query.until) = (None, Some(from), Some(to));
                Left::Timeseries(query)
            }
        };
        let report = ExportReport { from, to, rows: 0, bytes: 0, reached: None };
        Ok(Export { core: Arc::clone(&self.core), tenant: self.id.clone(), left, encoder, is_over: false, report })
    }

    /// Writes an export to a new file, readable by its owner alone. Where it fails half-way, the file is removed.
    ///
    /// Fails with `already_exists` (param `path`) where there is a file, and `invalid_field` where none can be made.
    pub async fn export_to_file(&self, query: ExportQuery, path: impl AsRef<Path>) -> Result<ExportReport> {
        self.export_to_file_with(query, path, |_| {}).await
    }

    /// The same, with a function that is told how far it is after each piece, on the gateway's thread: it should return
    /// soon.
    pub async fn export_to_file_with(
        &self,
        query: ExportQuery,
        path: impl AsRef<Path>,
        mut on_progress: impl FnMut(ExportReport) + Send + 'static,
    ) -> Result<ExportReport> {
        let mut export = self.export(query).await?;
        let path = path.as_ref().to_owned();
        let work = async move {
            let created = path.clone();
            let mut file = beside(move || create(&created)).await?;
            match export.write(&mut file, &mut on_progress).await {
                Ok(()) => Ok(export.report),
                Err(error) => {
                    drop(beside(move || std::fs::remove_file(path).map_err(|error| failed(&error))).await);
                    Err(error)
                }
            }
        };
        self.core.background.run_to_end(work).await
    }
}

impl Export {
    /// The next piece of the file; `None` when there are no more. A piece of JSON lines ends with a line.
    ///
    /// After an error, or a wait that was given up, there is no going on: a new export begins anew.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        while !self.is_over {
            let broken = || Error::new(ErrorCode::InvalidRequest, "the export was broken off; begin a new one");
            let mut encoder = self.encoder.take().ok_or_else(broken)?;
            let rows = self.read().await?;
            let work = move || match rows {
                Some(rows) => encoder.add(rows).map(|piece| (piece, Some(encoder))),
                None => encoder.finish().map(|piece| (piece, None)),
            };
            let (piece, encoder) = self.core.run(|_| beside(work)).await?;
            self.is_over = encoder.is_none();
            self.encoder = encoder;
            if !piece.is_empty() {
                self.report.bytes += u64::try_from(piece.len()).unwrap_or_default();
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    /// The next rows: maybe none, where a filter without an index has walked far.
    async fn read(&mut self) -> Result<Option<Rows>> {
        let tenant = Some(self.tenant.clone());
        match std::mem::replace(&mut self.left, Left::Nothing) {
            Left::Nothing => Ok(None),
            Left::Traces(mut query) => {
                let question = Question { tenant, query: query.clone() };
                let page = self.core.run(|store| traces::list(store, question)).await?;
                self.count(page.traces.len(), page.traces.last().map(|trace| trace.created_at));
                if page.next_cursor.is_some() {
                    query.cursor = page.next_cursor;
                    self.left = Left::Traces(query);
                }
                Ok(Some(Rows::Traces(page.traces)))
            }
            Left::Timeseries(query) => {
                let question = Question { tenant, query };
                let series = self.core.run(|store| analytics::timeseries(store, question)).await?.timeseries;
                self.count(series.len(), series.last().map(|bucket| bucket.start));
                Ok(Some(Rows::Buckets(series)))
            }
        }
    }

    /// How far it has come.
    pub fn progress(&self) -> ExportReport {
        self.report
    }

    fn count(&mut self, rows: usize, reached: Option<Timestamp>) {
        self.report.rows += u64::try_from(rows).unwrap_or_default();
        self.report.reached = reached.or(self.report.reached);
    }

    async fn write(&mut self, file: &mut File, on_progress: &mut (impl FnMut(ExportReport) + Send)) -> Result<()> {
        while let Some(piece) = self.next().await? {
            let mut file = file.try_clone().map_err(|error| failed(&error))?;
            beside(move || file.write_all(&piece).map_err(|error| failed(&error))).await?;
            on_progress(self.report);
        }
        let file = file.try_clone().map_err(|error| failed(&error))?;
        beside(move || file.sync_all().map_err(|error| failed(&error))).await
    }
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").field("tenant", &self.tenant).field("report", &self.report).finish_non_exhaustive()
    }
}

fn create(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            let message = format!("{} exists already; an export goes into a new file", path.display());
            Error::new(ErrorCode::AlreadyExists, message).with_param("path")
        }
        _ => failed(&error),
    })
}

fn failed(error: &std::io::Error) -> Error {
    Error::invalid("path", format!("the export cannot be written ({}): choose another path", error.kind()))
}
