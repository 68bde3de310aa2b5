//! Exports: JSON lines or Parquet of all that matches, piece by piece or to a file.

use bytes::Bytes;
use libgateway::{
    AnalyticsQuery, ErrorCode, Export, ExportContent, ExportFormat, ExportQuery, Metric, PicoUsd, Trace, TraceFilter,
};
use libgateway_tests::{TestGateway, backend_tests};
use parquet::{
    file::reader::{FileReader as _, SerializedFileReader},
    record::Field,
};
use serde_json::{Map, Value, json};

use crate::{
    corpus::{self, BASE_MS, ROWS, STEP_MS, at},
    support::{Direct, all_traces},
};

fn everything(content: ExportContent, filter: TraceFilter) -> ExportQuery {
    let query = AnalyticsQuery {
        since: Some(at(BASE_MS)),
        until: Some(at(BASE_MS + STEP_MS * ROWS)),
        bucket_minutes: Some(30),
        filter,
        ..AnalyticsQuery::default()
    };
    ExportQuery { content, query, ..ExportQuery::default() }
}

/// All lines of an export, and the most bytes that came at once.
async fn read(mut export: Export) -> (Vec<Value>, usize) {
    let (mut lines, mut largest, mut before) = (Vec::new(), 0, export.progress());
    while let Some(piece) = export.next().await.unwrap() {
        assert!(piece.ends_with(b"\n"));
        largest = largest.max(piece.len());
        lines.extend(
            piece
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(|line| serde_json::from_slice::<Value>(line).unwrap()),
        );
        let now = export.progress();
        assert_eq!((now.rows, now.bytes), (lines.len() as u64, before.bytes + piece.len() as u64));
        assert!(now.reached.is_some());
        before = now;
    }
    assert!(export.next().await.unwrap().is_none(), "an end stays an end");
    (lines, largest)
}

/// Adds so many copies of a trace.
async fn copy(test: &TestGateway, times: i64) {
    let columns = "tenant_id, created_ms, ended_ms, endpoint, stream, status_class, latency_us, overhead_us, usage_source, \
        flags, attempt_count";
    let copies = |numbers: &str, id: &str| {
        format!(
            "INSERT INTO gw_traces (id, {columns}) SELECT {id}, {columns} FROM gw_traces, {numbers} WHERE request_id = '7'"
        )
    };
    Direct::to(test.store()).await.copy(times, copies).await;
}

/// The rows of a Parquet file as the JSON documents they were, by the reader of the format's own crate.
fn rows_of(file: Bytes) -> Vec<Value> {
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| json!(row.unwrap().get_column_iter().map(value_of).collect::<Map<_, _>>())).collect()
}

fn value_of((name, field): (&String, &Field)) -> (String, Value) {
    let value = match field {
        Field::Null => Value::Null,
        Field::Bool(value) => json!(value),
        Field::Long(value) => json!(value),
        Field::Double(value) => json!(value),
        Field::Str(text) if ["metadata", "distributions"].contains(&name.as_str()) => {
            serde_json::from_str(text).unwrap()
        }
        Field::Str(text) => json!(text),
        Field::TimestampMillis(millis) => json!(at(*millis)),
        Field::Decimal(decimal) => {
            assert_eq!((decimal.precision(), decimal.scale()), (38, 12));
            json!(PicoUsd(i128::from_be_bytes(decimal.data().try_into().unwrap())))
        }
        field => panic!("{name} is {field:?}"),
    };
    (name.clone(), value)
}

async fn whole(mut export: Export) -> (Bytes, usize) {
    let (mut file, mut pieces) = (Vec::new(), 0);
    while let Some(piece) = export.next().await.unwrap() {
        file.extend(piece);
        pieces += 1;
    }
    assert_eq!(export.progress().bytes, file.len() as u64);
    (file.into(), pieces)
}

backend_tests! {
    async fn every_trace_that_matches_is_a_line(backend: Backend) {
        let test = corpus::open(backend).await;
        for filter in [
            TraceFilter::default(),
            TraceFilter { model: Some("o3".into()), ..TraceFilter::default() },
            TraceFilter { status_code: Some(503), ..TraceFilter::default() },
            TraceFilter { user_id: Some("nobody".into()), ..TraceFilter::default() },
        ] {
            let export = test.acme.export(everything(ExportContent::Traces, filter.clone())).await.unwrap();
            let (lines, _) = read(export).await;
            let traces: Vec<Value> = all_traces(&test.acme, &filter).await.iter().map(|trace: &Trace| json!(trace)).collect();
            assert_eq!(lines, traces, "{filter:?}");
        }
    }

    async fn many_traces_come_in_pieces(backend: Backend) {
        let test = corpus::open(backend).await;
        copy(&test, 3_000).await;
        let export = test.acme.export(everything(ExportContent::Traces, TraceFilter::default())).await.unwrap();
        let (lines, largest) = read(export).await;
        assert_eq!(lines.len() as i64, 3_000 + ROWS);
        assert!(largest < 300_000, "{largest} bytes at once");
    }

    async fn a_series_is_a_line_for_each_bucket(backend: Backend) {
        let test = corpus::open(backend).await;
        let query = everything(ExportContent::Timeseries, TraceFilter::default());
        let series = test.acme.analytics_timeseries(query.query.clone()).await.unwrap();
        let (lines, _) = read(test.acme.export(query).await.unwrap()).await;
        assert_eq!(Value::from(lines), json!(series.timeseries));
    }

    async fn a_file_holds_the_same_and_takes_no_others_place(backend: Backend) {
        let test = corpus::open(backend).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("traces.jsonl");
        let query = || everything(ExportContent::Traces, TraceFilter::default());
        let report = test.acme.export_to_file(query(), &path).await.unwrap();
        let (lines, _) = read(test.acme.export(query()).await.unwrap()).await;
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>(), lines);
        assert_eq!((report.rows, report.bytes), (ROWS as u64, text.len() as u64));
        let error = test.acme.export_to_file(query(), &path).await.unwrap_err();
        assert_eq!((error.code(), error.param()), (ErrorCode::AlreadyExists, Some("path")));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        let error = test.acme.export_to_file(query(), folder.path().join("no/such/folder")).await.unwrap_err();
        assert_eq!((error.code(), error.param()), (ErrorCode::InvalidField, Some("path")));
    }

    async fn a_parquet_file_has_what_the_lines_have(backend: Backend) {
        let test = corpus::open(backend).await;
        let nothing = TraceFilter { user_id: Some("nobody".into()), ..TraceFilter::default() };
        for (content, filter) in [
            (ExportContent::Traces, TraceFilter::default()),
            (ExportContent::Traces, nothing),
            (ExportContent::Timeseries, TraceFilter::default()),
        ] {
            let mut query = everything(content, filter);
            query.query.distributions = vec![Metric::Ttft];
            let (lines, _) = read(test.acme.export(query.clone()).await.unwrap()).await;
            query.format = ExportFormat::Parquet;
            let (file, _) = whole(test.acme.export(query.clone()).await.unwrap()).await;
            let mut rows = rows_of(file);
            for row in &mut rows {
                // An empty one is left out in JSON.
                let row = row.as_object_mut().unwrap();
                row.retain(|name, value| name != "distributions" || *value != json!({}));
            }
            assert_eq!(rows, lines, "{query:?}");
        }
    }

    async fn a_large_parquet_file_comes_in_groups_of_rows(backend: Backend) {
        let test = corpus::open(backend).await;
        copy(&test, 12_000).await;
        let query = || ExportQuery { format: ExportFormat::Parquet, ..everything(ExportContent::Traces, TraceFilter::default()) };
        let (file, pieces) = whole(test.acme.export(query()).await.unwrap()).await;
        assert_eq!(pieces, 2, "a full group, and the rest with the end of the file");
        assert_eq!(SerializedFileReader::new(file.clone()).unwrap().num_row_groups(), 2);
        assert_eq!(rows_of(file.clone()).len() as i64, 12_000 + ROWS);
        let folder = tempfile::tempdir().unwrap();
        let (told, heard) = std::sync::mpsc::channel();
        let on_progress = move |report| told.send(report).unwrap();
        let path = folder.path().join("traces.parquet");
        let report = test.acme.export_to_file_with(query(), &path, on_progress).await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), file);
        let progress: Vec<_> = heard.iter().collect();
        assert_eq!((progress.len(), progress[1]), (2, report));
        assert!(progress[0].rows >= 10_000 && progress[0].bytes < report.bytes);
    }

    async fn what_cannot_be_asked_is_refused_before_anything_is_written(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let query = ExportQuery { query: AnalyticsQuery { window_hours: Some(0), ..AnalyticsQuery::default() }, ..ExportQuery::default() };
        let folder = tempfile::tempdir().unwrap();
        let error = test.acme.export_to_file(query, folder.path().join("x")).await.unwrap_err();
        assert_eq!(error.param(), Some("window_hours"));
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
