//! Writing traces and reading them back one by one.

use super::{
    corpus::{record, records, tenant},
    support::{Kind, in_place, now, on_every_store},
};
use crate::{error::ErrorCode, store::is_transient, types::time::Timestamp};

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_comes_back_as_it_was_written_and_for_its_tenant_only() {
    on_every_store(async |store| {
        let id = tenant("acme");
        let written = records(&id, now(), 330);
        assert_eq!(store.insert_traces(&written).await.unwrap().rows, 330);
        for record in &written {
            let stored = store.get_trace(&id, record.id).await.unwrap().unwrap();
            assert_eq!(
                (&stored.request, &stored.response, &stored.attempts),
                (&record.request, &record.response, &record.attempts)
            );
            assert_eq!(
                (stored.usage, stored.usage_source, stored.flags),
                (record.usage, record.usage_source, record.flags)
            );
            assert_eq!(
                (&stored.deployment, &stored.price_version, stored.chunk_count),
                (&record.deployment, &record.price_version, record.chunk_count)
            );
            assert_eq!(stored.api_key_id, record.api_key_id);
            let trace = stored.trace;
            assert_eq!(
                (trace.id, &trace.tenant_id, trace.created_at.as_millis()),
                (record.id, &id, record.created_ms())
            );
            assert_eq!(
                (trace.status_class, trace.status_code, trace.error_code),
                (record.status_class, record.status_code, record.error_code)
            );
            assert_eq!(
                (&trace.model, &trace.provider, &trace.requested_model),
                (&record.model, &record.provider, &record.requested_model)
            );
            assert_eq!(
                (&trace.request_id, &trace.upstream_request_id),
                (&record.request_id, &record.upstream_request_id)
            );
            assert_eq!(
                (&trace.user_id, &trace.session_id, &trace.metadata),
                (&record.user_id, &record.session_id, &record.metadata)
            );
            assert_eq!(
                (trace.stream, trace.attempt_count, trace.overhead_us),
                (record.stream, record.attempt_count, record.overhead_us)
            );
            assert_eq!(trace.latency_ms, record.latency_us as f64 / 1000.0);
            assert_eq!(
                (trace.ttfb_ms, trace.ttft_ms),
                (record.ttfb_us.map(|us| us as f64 / 1000.0), record.ttft_us.map(|us| us as f64 / 1000.0))
            );
            assert_eq!(trace.cost_usd.map(|cost| cost.0), record.cost_pico_usd.map(i128::from));
            assert_eq!(trace.total_tokens, record.usage.total_tokens());
        }
        assert!(store.get_trace(&tenant("globex"), written[0].id).await.unwrap().is_none());
        assert!(store.get_trace(&id, super::corpus::nil()).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_written_again_adds_only_what_is_new() {
    on_every_store(async |store| {
        let written = records(&tenant("acme"), now(), 200);
        assert_eq!(store.insert_traces(&[]).await.unwrap().rows, 0);
        assert_eq!(store.insert_traces(&written[50..150]).await.unwrap().rows, 100);
        assert_eq!(store.insert_traces(&written).await.unwrap().rows, 100);
        assert_eq!(store.insert_traces(&written).await.unwrap().rows, 0);
        let twice = [written[0].clone(), written[0].clone(), record(&tenant("acme"), now().as_millis(), 7777)];
        assert_eq!(store.insert_traces(&twice).await.unwrap().rows, 1);
        // The same id under another tenant is another trace.
        let mut other = written[0].clone();
        other.tenant_id = tenant("globex");
        other.request = Some(b"theirs".to_vec());
        assert_eq!(store.insert_traces(&[written[0].clone(), other.clone()]).await.unwrap().rows, 1);
        assert_eq!(store.get_trace(&other.tenant_id, other.id).await.unwrap().unwrap().request, other.request);
        assert_eq!(store.get_trace(&tenant("acme"), other.id).await.unwrap().unwrap().request, written[0].request);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_postgres_refuses_fails_its_batch_for_good_and_leaves_nothing() {
    in_place(Kind::Postgres, async |place| {
        let store = place.open().await;
        let mut batch = records(&tenant("acme"), now(), 10);
        batch[4].model = Some("gpt\0".to_owned());
        let error = store.insert_traces(&batch).await.unwrap_err();
        assert_eq!((error.code(), is_transient(&error)), (ErrorCode::StoreFailed, false));
        assert!(store.get_trace(&tenant("acme"), batch[0].id).await.unwrap().is_none());
        batch.remove(4);
        assert_eq!(store.insert_traces(&batch).await.unwrap().rows, 9);
        // An index entry has a longest length.
        let mut long = record(&tenant("acme"), now().as_millis(), 4);
        long.user_id = Some((0..4_000).map(|number| super::corpus::id(1, number).to_string()).collect());
        let error = store.insert_traces(&[long]).await.unwrap_err();
        assert_eq!((error.code(), is_transient(&error)), (ErrorCode::StoreFailed, false));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_records_are_kept_and_listed_newest_first() {
    on_every_store(async |store| {
        let letter = |number: u64| crate::types::stats::DeadLetter {
            tenant_id: tenant("acme"),
            trace_id: super::corpus::id(1_790_000_000_000, number),
            failed_at: Timestamp::from_millis(number as i64),
            reason: "the store refused \0".to_owned(),
            record: "{}".to_owned(),
        };
        for number in [1, 3, 2, 3] {
            store.insert_dead_letter(&letter(number)).await.unwrap();
        }
        let listed = store.list_dead_letters(2).await.unwrap();
        assert_eq!(listed.iter().map(|letter| letter.failed_at.as_millis()).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(
            (listed[0].trace_id, &listed[0].record, listed[0].reason.as_str()),
            (letter(3).trace_id, &letter(3).record, "the store refused \u{fffd}")
        );
    })
    .await;
}
