//! Opening stores: new, old, newer, foreign, unwritable.

use std::{os::unix::fs::PermissionsExt, time::Instant};

use super::{
    corpus::{records, tenant},
    support::{Kind, Place, in_every_shared_place, in_place, now},
};
use crate::{
    config::Migrate,
    error::{Error, ErrorCode},
    store::{Backend, Store, StoreOptions, migration_sql, query::sql},
};

async fn open(place: &Place, migrate: Migrate) -> Result<Store, Error> {
    Store::open(&StoreOptions { migrate, ..place.options() }).await
}

async fn run(store: &Store, script: impl Into<String>) {
    let mut tx = store.db.begin().await.unwrap();
    tx.run_script(script.into()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn fails(place: &Place, migrate: Migrate) -> ErrorCode {
    open(place, migrate).await.unwrap_err().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_there_when_the_store_is_opened_again_and_again() {
    in_every_shared_place(async |place| {
        let written = records(&tenant("acme"), now(), 10);
        place.open().await.insert_traces(&written).await.unwrap();
        for migrate in [Migrate::Auto, Migrate::Check, Migrate::Off] {
            let store = open(place, migrate).await.unwrap();
            assert!(store.get_trace(&tenant("acme"), written[3].id).await.unwrap().is_some());
            store.generation().await.unwrap();
            store.close().await;
            assert_eq!(store.generation().await.unwrap_err().code(), ErrorCode::Closed);
        }
        let begun = Instant::now();
        for _ in 0..10 {
            open(place, Migrate::Auto).await.unwrap().close().await;
        }
        eprintln!("an open of an existing store takes {:?}", begun.elapsed() / 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_an_older_and_a_changed_schema_are_told_apart() {
    in_every_shared_place(async |place| {
        assert_eq!(fails(place, Migrate::Check).await, ErrorCode::SchemaTooOld);
        let store = place.open().await;
        run(&store, "DELETE FROM gw_migrations WHERE version = 9; DROP INDEX gw_traces_time").await;
        assert_eq!(fails(place, Migrate::Check).await, ErrorCode::SchemaTooOld);
        open(place, Migrate::Off).await.unwrap();
        open(place, Migrate::Auto).await.unwrap().list_tenants(None, 1).await.unwrap();
        run(&store, "INSERT INTO gw_migrations (version, description, checksum) VALUES (9999, 'future', 'x')").await;
        for migrate in [Migrate::Auto, Migrate::Check] {
            assert_eq!(fails(place, migrate).await, ErrorCode::SchemaTooNew);
        }
        open(place, Migrate::Off).await.unwrap();
        run(
            &store,
            "DELETE FROM gw_migrations WHERE version = 9999; UPDATE gw_migrations SET checksum = 'x' WHERE version = 1",
        )
        .await;
        assert_eq!(fails(place, Migrate::Auto).await, ErrorCode::StoreFailed);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_schema_passes_the_check() {
    in_every_shared_place(async |place| {
        let bare = open(place, Migrate::Off).await.unwrap();
        let script = migration_sql(bare.db.backend());
        run(&bare, script.replace("BEGIN;", "").replace("COMMIT;", "")).await;
        let store = open(place, Migrate::Check).await.unwrap();
        assert_eq!(store.insert_traces(&records(&tenant("acme"), now(), 3)).await.unwrap().rows, 3);
    })
    .await;
    assert!(migration_sql(Backend::Postgres).starts_with("BEGIN;"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_own_tables_are_left_alone() {
    in_every_shared_place(async |place| {
        let bare = open(place, Migrate::Off).await.unwrap();
        run(
            &bare,
            "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY); CREATE TABLE users (id BIGINT); INSERT INTO users VALUES (1)",
        )
        .await;
        let store = place.open().await;
        assert_eq!(store.db.fetch_optional(sql("SELECT id FROM users")).await.unwrap().unwrap().columns().int().unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_is_private_has_its_options_and_is_whole_after_close() {
    in_place(Kind::File, async |place| {
        let store = place.open().await;
        store.insert_traces(&records(&tenant("acme"), now(), 500)).await.unwrap();
        let file = place.folder.path().join("gateway.db");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        for (pragma, expected) in [("page_size", 16_384), ("auto_vacuum", 2)] {
            let value = store
                .db
                .fetch_optional(sql(format!("PRAGMA {pragma}")))
                .await
                .unwrap()
                .unwrap()
                .columns()
                .int()
                .unwrap();
            assert_eq!(value, expected, "{pragma}");
        }
        let mode =
            store.db.fetch_optional(sql("PRAGMA journal_mode")).await.unwrap().unwrap().columns().text().unwrap();
        assert_eq!(mode, "wal");
        store.close().await;
        let names: Vec<_> =
            std::fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["gateway.db"], "no WAL is left");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_url_and_an_unwritable_place_name_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), [b'x'; 4096]).unwrap();
    let folder = folder.path().display();
    let urls = [
        String::new(),
        "gateway.db".to_owned(),
        "mysql://host/db".to_owned(),
        "sqlite:".to_owned(),
        "sqlite:a.db?mode=ro".to_owned(),
        "postgres://".to_owned(),
        "postgres://host".to_owned(),
        "postgres://user:secret@host/db?pooler=session".to_owned(),
        format!("sqlite:{folder}/missing/gateway.db"),
        format!("sqlite:{folder}"),
        format!("sqlite:{folder}/file/gateway.db"),
    ];
    for url in urls {
        let error =
            Store::open(&StoreOptions { url: url.clone(), migrate: Migrate::Auto, pool_size: None, now: now() })
                .await
                .unwrap_err();
        assert_eq!((error.code(), error.param()), (ErrorCode::InvalidConfig, Some("store")), "{url}: {error}");
        assert!(!format!("{error:?}").contains("secret"));
    }
    let error = Store::open(&StoreOptions {
        url: format!("sqlite:{folder}/file"),
        migrate: Migrate::Auto,
        pool_size: None,
        now: now(),
    })
    .await
    .unwrap_err();
    assert_eq!(error.code(), ErrorCode::StoreFailed, "no database: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_written_is_refused_when_it_is_opened() {
    in_place(Kind::File, async |place| {
        place.open().await.close().await;
        let file = place.folder.path().join("gateway.db");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o400)).unwrap();
        // An administrator may write whatever the permissions say.
        let writable = std::fs::OpenOptions::new().write(true).open(&file).is_ok();
        let error =
            Store::open(&place.options()).await.err().map(|error| (error.code(), error.param().map(str::to_owned)));
        assert_eq!(error, (!writable).then(|| (ErrorCode::InvalidConfig, Some("store".to_owned()))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_or_refuses_is_unavailable_and_keeps_its_secrets() {
    in_place(Kind::Postgres, async |place| {
        let missing = url::Url::parse(&place.url).map(|mut url| {
            url.set_path("gw_no_such_database");
            url.set_password(Some("hunter2")).unwrap();
            url.to_string()
        });
        for url in [
            missing.unwrap(),
            "postgres://user:hunter2@127.0.0.1:9/db".to_owned(),
            "postgres://user:hunter2@no-such-host.invalid/db".to_owned(),
        ] {
            let error = Store::open(&StoreOptions { url, ..place.options() }).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::StoreUnavailable, "{error}");
            let shown = format!("{error:?} {error}");
            assert!(!["hunter2", "127.0.0.1", "no-such-host"].iter().any(|secret| shown.contains(secret)), "{shown}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_named_statements_all_works_the_same() {
    in_place(Kind::Postgres, async |place| {
        let separator = if place.url.contains('?') { '&' } else { '?' };
        let options = StoreOptions {
            url: format!("{}{separator}pooler=transaction", place.url),
            pool_size: Some(1),
            ..place.options()
        };
        let store = Store::open(&options).await.unwrap();
        let written = records(&tenant("acme"), now(), 30);
        store.insert_traces(&written).await.unwrap();
        assert!(store.get_trace(&tenant("acme"), written[0].id).await.unwrap().is_some());
        assert_eq!(
            store
                .db
                .fetch_optional(sql("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"))
                .await
                .unwrap()
                .unwrap()
                .columns()
                .int()
                .unwrap(),
            0
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_create_reads_and_writes_a_checked_store() {
    in_place(Kind::Postgres, async |place| {
        let store = place.open().await;
        let role = format!("gw_role_{}", uuid::Uuid::new_v4().simple());
        run(&store, format!("CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"))
            .await;
        let mut url = url::Url::parse(&place.url).unwrap();
        url.set_username(&role).unwrap();
        let options = StoreOptions { url: url.into(), migrate: Migrate::Check, ..place.options() };
        let limited = Store::open(&options).await.unwrap();
        assert_eq!(limited.insert_traces(&records(&tenant("acme"), now(), 3)).await.unwrap().rows, 3);
        limited.close().await;
        run(&store, format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    })
    .await;
}
