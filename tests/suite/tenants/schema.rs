//! The schema of a store: who may change it, and what is refused to be opened.

use std::fs;

use libgateway::{Config, Durability, ErrorCode, Gateway, Migrate};
use libgateway_tests::{Backend, TestGateway, backend_tests, config, hello, run};

use crate::support::{code, mock_tenant, raw::Raw, refusal};

fn with(config: Config, migrate: Migrate) -> Config {
    Config { migrate, ..config }
}

backend_tests! {
    async fn an_empty_database_is_not_touched_unless_that_is_allowed(backend: Backend) {
        let store = backend.fresh();
        let error = Gateway::open(with(config(&store), Migrate::Check)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::SchemaTooOld);
        assert!(error.to_string().contains("migrate"), "{error}");
        assert!(Gateway::open(with(config(&store), Migrate::Off)).await.is_err());
        // Neither left a table behind.
        assert_eq!(code(Gateway::open(with(config(&store), Migrate::Check)).await), ErrorCode::SchemaTooOld);
        Gateway::open(with(config(&store), Migrate::Auto)).await.expect("an empty database");
    }

    async fn a_current_schema_opens_in_every_mode(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for migrate in [Migrate::Check, Migrate::Off, Migrate::Auto] {
            let gateway = test.second_with(|config| config.migrate = migrate).await;
            gateway.tenant("acme").unwrap().chat(hello()).await.expect("an answer");
            gateway.close(libgateway_tests::DEADLINE).await.expect("its trace is written");
        }
        assert_eq!(test.traces().await.len(), 3);
    }

    async fn a_schema_made_by_the_printed_script_is_current(backend: Backend) {
        let store = backend.fresh();
        let script = Gateway::migration_sql(&store.url()).unwrap();
        if let Some(directory) = store.directory() {
            fs::write(directory.join("gateway.db"), "").unwrap();
        }
        Raw::open(&store).await.execute(&script).await;
        let gateway = Gateway::open(with(config(&store), Migrate::Check)).await.expect("a current schema");
        mock_tenant(&gateway, "t", "hi").await.chat(hello()).await.expect("an answer");
        gateway.close(libgateway_tests::DEADLINE).await.expect("its trace is written");
    }

    async fn an_older_schema_is_refused_where_it_may_not_be_changed(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let mut raw = Raw::open(test.store()).await;
        for older in ["DROP INDEX gw_traces_time", "DELETE FROM gw_migrations WHERE version = 9"] {
            raw.execute(older).await;
        }
        assert_eq!(code(Gateway::open(with(test.config().clone(), Migrate::Check)).await), ErrorCode::SchemaTooOld);
        Gateway::open(test.config().clone()).await.expect("it is brought up to date");
        Gateway::open(with(test.config().clone(), Migrate::Check)).await.expect("it is up to date");
        test.second().await.tenant("acme").unwrap().chat(hello()).await.expect("nothing was lost");
    }

    async fn a_newer_schema_is_refused(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let mut raw = Raw::open(test.store()).await;
        raw.execute("INSERT INTO gw_migrations (version, description, checksum) VALUES (9999, '9999_future', 'x')").await;
        for migrate in [Migrate::Auto, Migrate::Check] {
            let error = Gateway::open(with(test.config().clone(), migrate)).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::SchemaTooNew);
            assert!(error.to_string().contains("9999") && error.to_string().contains("upgrade"), "{error}");
        }
        Gateway::open(with(test.config().clone(), Migrate::Off)).await.expect("it is not looked at");
    }

    async fn a_changed_migration_is_refused(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let mut raw = Raw::open(test.store()).await;
        raw.execute("UPDATE gw_migrations SET checksum = 'x' WHERE version = 1").await;
        assert_eq!(code(Gateway::open(test.config().clone()).await), ErrorCode::StoreFailed);
    }

    async fn the_hosts_own_tables_are_left_alone(backend: Backend) {
        let store = backend.fresh();
        drop(Gateway::open(config(&store)).await.unwrap());
        let mut raw = Raw::open(&store).await;
        raw.execute("CREATE TABLE orders (id INTEGER); CREATE TABLE _sqlx_migrations (version BIGINT)").await;
        raw.execute("INSERT INTO _sqlx_migrations VALUES (77)").await;
        Gateway::open(config(&store)).await.expect("tables that are not ours");
        assert_eq!(raw.execute("DELETE FROM _sqlx_migrations WHERE version = 77").await, 1);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_refused_and_named() {
    run(|| async {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "text").unwrap();
        let missing = directory.path().join("missing/gateway.db");
        for path in [file.join("gateway.db"), missing, "/proc/gateway.db".into(), directory.path().into()] {
            let store = format!("sqlite:{}", path.display());
            let error = Gateway::open(Config { store, ..config(&Backend::Sqlite.fresh()) }).await.unwrap_err();
            assert_eq!(
                (error.code(), error.param()),
                (ErrorCode::InvalidConfig, Some("store")),
                "{}: {error}",
                path.display()
            );
            assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
        }
        // What is no database is not overwritten.
        let long = "no database, whatever its name says. ".repeat(100);
        fs::write(&file, &long).unwrap();
        let error =
            Gateway::open(Config { store: format!("sqlite:{}", file.display()), ..config(&Backend::Sqlite.fresh()) })
                .await
                .unwrap_err();
        assert_eq!(error.code(), ErrorCode::StoreFailed, "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), long);
    });
}

#[test]
fn a_database_server_that_is_not_there_is_unavailable() {
    run(|| async {
        let store = "postgres://user:dont-tell@127.0.0.1:1/db?sslmode=disable".to_owned();
        let durability = Some(Durability::Memory);
        let config = Config { store, durability, ..config(&Backend::Sqlite.fresh()) };
        assert_eq!(refusal(Gateway::open(config).await), (ErrorCode::StoreUnavailable, None));
    });
}
