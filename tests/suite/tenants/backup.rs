//! A backup is a store as it was at one moment, made while calls go on.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use libgateway::{Config, ErrorCode, Gateway, TraceQuery};
use libgateway_tests::{Backend, DEADLINE, TENANT, TestGateway, config, files, hello, run};
use sqlx::{Connection as _, SqliteConnection};
use tokio::task::JoinSet;

use crate::support::{code, mock_tenant, refusal, text};

async fn open(test: &TestGateway, file: &Path) -> Gateway {
    let config = Config { store: format!("sqlite:{}", file.display()), ..config(test.store()) };
    Gateway::open(config).await.expect("the backup opens")
}

#[test]
fn a_backup_that_is_made_while_calls_go_on_is_whole() {
    run(|| async {
        let test = TestGateway::open(Backend::Sqlite).await;
        let other = mock_tenant(&test.gateway, "other", "the other's answer").await;
        for _ in 0..20 {
            test.chat(hello()).await.unwrap();
        }
        other.chat(hello()).await.unwrap();
        test.flush().await;
        let mut calling = JoinSet::new();
        for _ in 0..4 {
            let acme = test.acme.clone();
            calling.spawn(async move {
                for _ in 0..50 {
                    acme.chat(hello()).await.expect("calls go on");
                }
            });
        }
        let folder = tempfile::tempdir().unwrap();
        let mut least = 20;
        for number in 0..5 {
            let file = folder.path().join(format!("backup-{number}.db"));
            test.gateway.backup(&file).await.expect("a backup");
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let mut raw = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
            let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut raw).await.unwrap();
            let settings: (i64, i64) =
                sqlx::query_as("SELECT page_size, auto_vacuum FROM pragma_page_size, pragma_auto_vacuum")
                    .fetch_one(&mut raw)
                    .await
                    .unwrap();
            raw.close().await.unwrap();
            assert_eq!((verdict.as_str(), settings), ("ok", (16_384, 2)));

            let backup = open(&test, &file).await;
            let acme = backup.tenant(TENANT).unwrap();
            let traces =
                acme.list_traces(TraceQuery { limit: Some(200), ..TraceQuery::default() }).await.unwrap().traces;
            assert!(traces.len() >= least, "{} traces after {least}", traces.len());
            least = traces.len();
            for trace in traces {
                let detail = acme.get_trace(trace.id).await.expect("its content");
                assert!(detail.request.is_some() && detail.response.is_some());
            }
            assert_eq!(text(&backup.tenant("other").unwrap().chat(hello()).await.unwrap()), "the other's answer");
            backup.close(DEADLINE).await.unwrap();
        }
        calling.join_all().await;
        let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        assert_eq!(entries.filter(|path| path.is_file()).count(), 5, "no draft is left");
        // What the backup's gateway did is its own.
        assert_eq!(other.list_traces(TraceQuery::default()).await.unwrap().traces.len(), 1);
        test.close().await;
    });
}

#[test]
fn a_backup_goes_into_a_new_file_only() {
    run(|| async {
        let test = TestGateway::open(Backend::Sqlite).await;
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken.db");
        fs::write(&taken, "precious").unwrap();
        let path = || Some("path".to_owned());
        assert_eq!(refusal(test.gateway.backup(&taken).await), (ErrorCode::AlreadyExists, path()));
        assert_eq!(refusal(test.gateway.backup(folder.path()).await), (ErrorCode::AlreadyExists, path()));
        assert_eq!(fs::read_to_string(&taken).unwrap(), "precious");
        let own = test.store().directory().unwrap().join("gateway.db");
        assert_eq!(refusal(test.gateway.backup(own).await), (ErrorCode::AlreadyExists, path()));
        let nowhere = folder.path().join("nowhere/backup.db");
        assert_eq!(refusal(test.gateway.backup(nowhere).await), (ErrorCode::InvalidField, path()));

        let once = folder.path().join("it's \"once\"?#%41.db");
        let (first, second) = tokio::join!(test.gateway.backup(&once), test.gateway.backup(&once));
        let refused = first.and(second).expect_err("the name is taken by then");
        assert_eq!(refused.code(), ErrorCode::AlreadyExists);
        assert_eq!(files(folder.path()).len(), 2, "no draft is left");
        let closed = test.gateway.clone();
        test.close().await;
        assert_eq!(code(closed.backup(folder.path().join("late.db")).await), ErrorCode::Closed);
    });
}

#[test]
fn a_store_in_memory_can_be_kept() {
    run(|| async {
        let test = TestGateway::open_with(Backend::Sqlite, |config| config.store = "sqlite::memory:".into()).await;
        let kept = test.chat(hello()).await.unwrap().trace_id;
        test.flush().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kept.db");
        test.gateway.backup(&file).await.expect("a backup");
        let backup = open(&test, &file).await;
        assert!(backup.tenant(TENANT).unwrap().get_trace(kept).await.unwrap().response.is_some());
        backup.close(DEADLINE).await.unwrap();
    });
}

#[test]
fn postgresql_has_a_tool_of_its_own() {
    run(|| async {
        let test = TestGateway::open(Backend::Postgres).await;
        let folder = tempfile::tempdir().unwrap();
        let error = test.gateway.backup(folder.path().join("backup.db")).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnsupportedOperation);
        assert!(error.to_string().contains("pg_dump"), "{error}");
        assert!(files(folder.path()).is_empty());
    });
}
