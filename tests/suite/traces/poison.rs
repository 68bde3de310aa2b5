//! A row the store refuses loses itself at most: it becomes a dead letter that can be looked at, and the others of its
//! batch are stored.

use std::collections::BTreeSet;

use libgateway::{ErrorCode, HealthStatus, TraceFilter};
use libgateway_tests::{Backend, TENANT, TestGateway, backend_tests, hello};
use serde_json::{Value, json};

use crate::support::{Direct, all_traces, assert_adds_up};

/// From now on the store refuses every trace whose model is `poison`.
pub(crate) async fn poison(test: &TestGateway) {
    let mut direct = Direct::to(test.store()).await;
    let sqlite = "CREATE TRIGGER poison BEFORE INSERT ON gw_traces WHEN NEW.model = 'poison' BEGIN SELECT RAISE(ABORT, 'poisoned'); END";
    let postgres = "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poisoned'; END $$; \
        CREATE TRIGGER poison BEFORE INSERT ON gw_traces FOR EACH ROW WHEN (NEW.model = 'poison') EXECUTE FUNCTION poison()";
    direct.execute(sqlite, postgres).await;
}

async fn mend(test: &TestGateway) {
    Direct::to(test.store()).await.execute("DROP TRIGGER poison", "DROP TRIGGER poison ON gw_traces").await;
}

/// A gateway that writes in one batch, when it is flushed.
async fn batching(backend: Backend) -> TestGateway {
    TestGateway::open_with(backend, |config| config.recorder.flush_ms = 600_000).await
}

fn poisonous() -> Value {
    json!({"model": "poison", "messages": [{"role": "user", "content": "canary-91c2"}]})
}

backend_tests! {
    async fn only_the_refused_rows_of_a_batch_become_dead_letters(backend: Backend) {
        let test = batching(backend).await;
        poison(&test).await;
        let (mut good, mut bad) = (BTreeSet::new(), BTreeSet::new());
        for number in 0..40 {
            if number % 13 == 7 {
                bad.insert(test.chat(poisonous()).await.unwrap().trace_id);
            } else {
                good.insert(test.chat(hello()).await.unwrap().trace_id);
            }
        }
        assert_eq!(test.gateway.stats().pending, 40, "they are one batch");
        let report = test.flush().await;
        assert_eq!((report.persisted, report.dead_lettered, report.dropped, report.pending), (37, 3, 0, 0));
        let health = test.gateway.health();
        assert_eq!(health.status, HealthStatus::Degraded);
        assert!(health.reasons.concat().contains("the store refused 3 traces"), "{health:?}");
        assert_adds_up(&test.gateway.stats());

        let traces = all_traces(&test.acme, &TraceFilter::default()).await;
        assert_eq!(traces.iter().map(|trace| trace.id).collect::<BTreeSet<_>>(), good);
        let letters = test.gateway.list_dead_letters(10).await.unwrap();
        assert_eq!(letters.iter().map(|letter| letter.trace_id).collect::<BTreeSet<_>>(), bad);
        for letter in &letters {
            assert_eq!(letter.tenant_id.as_str(), TENANT);
            assert!(letter.reason.contains("poisoned"), "{}", letter.reason);
            let record: Value = serde_json::from_str(&letter.record).unwrap();
            assert_eq!((&record["model"], &record["status_class"]), (&json!("poison"), &json!("ok")));
            assert!(!letter.record.contains("canary-91c2"), "the content is encrypted");
            assert_eq!(test.acme.get_trace(letter.trace_id).await.unwrap_err().code(), ErrorCode::TraceNotFound);
        }
        assert_eq!(test.gateway.list_dead_letters(1).await.unwrap().len(), 1);
    }

    async fn after_a_dead_letter_traces_are_written_as_before(backend: Backend) {
        let test = batching(backend).await;
        poison(&test).await;
        test.chat(poisonous()).await.unwrap();
        test.flush().await;
        mend(&test).await;
        test.chat(poisonous()).await.unwrap();
        let report = test.flush().await;
        assert_eq!((report.persisted, report.dead_lettered), (1, 0), "a report is of what happened meanwhile");
        let stats = test.gateway.stats();
        assert_eq!((stats.persisted, stats.dead_lettered), (1, 1));
        assert_eq!(test.gateway.health().reasons.len(), 1, "the dead letter is told for a while");
    }

    async fn a_batch_of_nothing_but_poison_is_kept_whole(backend: Backend) {
        let test = batching(backend).await;
        poison(&test).await;
        for _ in 0..5 {
            test.chat(poisonous()).await.unwrap();
        }
        let report = test.flush().await;
        assert_eq!((report.persisted, report.dead_lettered, report.pending), (0, 5, 0));
        assert_eq!(test.gateway.list_dead_letters(200).await.unwrap().len(), 5);
        for limit in [0, 201] {
            let error = test.gateway.list_dead_letters(limit).await.unwrap_err();
            assert_eq!((error.code(), error.param()), (ErrorCode::InvalidField, Some("limit")));
        }
    }
}

libgateway_tests::pooled_tests! {
    only_the_refused_rows_of_a_batch_become_dead_letters,
}
