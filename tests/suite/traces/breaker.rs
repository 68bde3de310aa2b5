//! The circuit breaker of a provider, as the upstream sees it: who is still asked, who is passed over, who finds out.

use std::time::Duration;

use futures_util::future::join_all;
use libgateway::{CallOptions, ErrorCode, NewTenant, Reply};
use libgateway_tests::{DEADLINE, TestGateway, backend_tests, hello};
use serde_json::{Value, json};
use upstream::{BeforeHeaders, Script};

use crate::support::{asked_first, first, pair};

/// It opens after three failures and stays open for the length of the test.
fn lasting() -> Value {
    json!({"breaker": {"failures": 3, "pause_ms": 600_000, "max_pause_ms": 600_000}})
}

/// It opens after three failures, and soon lets somebody find out.
fn brief() -> Value {
    json!({"breaker": {"failures": 3, "pause_ms": PAUSE_MS, "max_pause_ms": 600_000}})
}

const PAUSE_MS: u64 = 50;

fn failing(status: u16) -> Script {
    Script::error(status, "no").on_path("/first/")
}

/// Who answers a chat.
async fn answered(test: &TestGateway) -> String {
    by(&test.chat(hello()).await.expect("an answer"))
}

fn by(reply: &Reply) -> String {
    reply.provider.to_string()
}

/// Lets the breaker of a [`brief`] pair open, and its pause pass.
async fn open_for_a_moment(test: &TestGateway) {
    test.upstream.fallback(failing(500));
    for _ in 0..3 {
        assert_eq!(answered(test).await, "second");
    }
    // The pause itself is what is waited for: a call that asked whether it is over would be the probe.
    tokio::time::sleep(Duration::from_millis(PAUSE_MS)).await;
}

backend_tests! {
    async fn a_provider_that_fails_again_and_again_is_passed_over(backend: Backend) {
        let test = pair(backend, &lasting()).await;
        test.upstream.fallback(failing(500));
        for asked in [1, 2, 3, 3, 3] {
            assert_eq!(answered(&test).await, "second");
            assert_eq!(asked_first(&test), asked);
        }
        let newest = test.traces().await[0].clone();
        assert_eq!((newest.provider.as_deref(), newest.attempt_count), (Some("second"), 1), "who was not asked does not count");
        let attempts = test.acme.get_trace(newest.id).await.unwrap().attempts;
        let seen: Vec<_> = attempts.iter().map(|one| (one.provider.as_str(), one.status_code, one.error_code)).collect();
        assert_eq!(seen, [("openai", None, Some(ErrorCode::CircuitOpen)), ("second", Some(200), None)]);
        assert_eq!((attempts[0].duration_ms, attempts[0].delay_ms), (0.0, 0.0));
        assert_eq!((ErrorCode::CircuitOpen.number(), ErrorCode::CircuitOpen.name()), (411, "circuit_open"));
    }

    async fn a_stream_passes_it_over_too(backend: Backend) {
        let test = pair(backend, &lasting()).await;
        test.upstream.fallback(failing(503));
        for _ in 0..4 {
            let mut stream = test.chat_stream(hello()).await.unwrap();
            assert_eq!(stream.provider().as_str(), "second");
            while let Some(chunk) = stream.next_chunk().await {
                chunk.unwrap();
            }
        }
        assert_eq!(asked_first(&test), 3);
    }

    async fn what_a_provider_cannot_help_does_not_count(backend: Backend) {
        let test = pair(backend, &lasting()).await;
        for status in [400, 403, 404, 413, 422] {
            test.upstream.fallback(failing(status));
            for _ in 0..4 {
                drop(test.chat(hello()).await);
            }
        }
        assert_eq!(asked_first(&test), 20);
        // Nor does it count for the provider.
        for (status, asked) in [(500, 21), (429, 22), (400, 23), (401, 24), (500, 24)] {
            test.upstream.fallback(failing(status));
            drop(test.chat(hello()).await);
            assert_eq!(asked_first(&test), asked, "{status}");
        }
    }

    async fn a_caller_in_a_hurry_does_not_count(backend: Backend) {
        let test = pair(backend, &lasting()).await;
        test.upstream.fallback(Script::no_answer(BeforeHeaders::Hang).on_path("/first/"));
        for asked in 1..=5 {
            let hurry = CallOptions { timeout_ms: Some(50), ..CallOptions::default() };
            assert_eq!(test.chat_with(hello(), hurry).await.unwrap_err().code(), ErrorCode::TotalTimeout);
            assert!(asked_first(&test) <= asked);
        }
        test.upstream.fallback(Script::chat("hi").on_path("/first/"));
        assert_eq!(answered(&test).await, "openai");
    }

    async fn an_answer_between_failures_begins_the_count_anew(backend: Backend) {
        let test = pair(backend, &lasting()).await;
        for script in [failing(500), failing(500), Script::chat("hi").on_path("/first/"), failing(500), failing(500)] {
            test.upstream.push(script);
            answered(&test).await;
        }
        assert_eq!((asked_first(&test), answered(&test).await.as_str()), (5, "openai"));
    }

    async fn one_request_finds_out_while_the_others_go_on(backend: Backend) {
        let test = pair(backend, &brief()).await;
        open_for_a_moment(&test).await;
        test.upstream.fallback(Script::chat("hi").on_path("/first/").delay_ms(1_000));
        let replies = join_all((0..20).map(|_| test.chat(hello()))).await;
        let by_first = replies.iter().filter(|reply| by(reply.as_ref().unwrap()) == "openai").count();
        assert_eq!((by_first, asked_first(&test)), (1, 4));
        test.upstream.fallback(Script::chat("hi").on_path("/first/"));
        let replies = join_all((0..20).map(|_| test.chat(hello()))).await;
        assert!(replies.iter().all(|reply| by(reply.as_ref().unwrap()) == "openai"), "it has answered: it is closed");
    }

    async fn one_that_finds_out_in_vain_asks_once_and_is_answered_elsewhere(backend: Backend) {
        let mut patient = brief();
        patient["retry"] = json!({"max_attempts": 3});
        let test = pair(backend, &patient).await;
        open_for_a_moment(&test).await;
        assert_eq!((asked_first(&test), answered(&test).await.as_str()), (9, "second"));
        assert_eq!(asked_first(&test), 10, "three calls with three attempts, and one that finds out");
        assert_eq!(test.traces().await[0].attempt_count, 2);
    }

    async fn one_that_goes_away_leaves_it_to_the_next(backend: Backend) {
        let test = pair(backend, &brief()).await;
        open_for_a_moment(&test).await;
        test.upstream.fallback(Script::no_answer(BeforeHeaders::Hang).on_path("/first/"));
        let (acme, requests) = (test.acme.clone(), test.upstream.requests().len());
        let call = tokio::spawn(async move { acme.chat(hello()).await });
        test.upstream.wait_for_requests(requests as u64 + 1, DEADLINE).await.unwrap();
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        test.upstream.fallback(Script::chat("hi").on_path("/first/"));
        assert_eq!(answered(&test).await, "openai");
    }

    async fn one_that_is_alone_is_asked_all_the_same(backend: Backend) {
        let mut alone = lasting();
        alone["fallbacks"] = json!([]);
        let test = pair(backend, &alone).await;
        test.upstream.fallback(failing(500));
        for _ in 0..6 {
            assert_eq!(test.chat(hello()).await.unwrap_err().code(), ErrorCode::UpstreamFailed);
        }
        assert_eq!(asked_first(&test), 6);
        // A fallback that does not exist is none.
        let mut nobody = lasting();
        nobody["fallbacks"] = json!(["nobody"]);
        test.acme.set_provider(first(&test, &nobody)).await.unwrap();
        for _ in 0..6 {
            assert_eq!(test.chat(hello()).await.unwrap_err().code(), ErrorCode::UpstreamFailed);
        }
        assert_eq!(asked_first(&test), 12);
    }

    async fn who_names_the_provider_has_it_asked(backend: Backend) {
        let test = pair(backend, &lasting()).await;
        test.upstream.fallback(failing(500));
        for _ in 0..4 {
            answered(&test).await;
        }
        test.upstream.fallback(Script::chat("hi").on_path("/first/"));
        let handle = test.acme.get_provider_for_tenant(None).await.unwrap();
        assert_eq!(by(&handle.chat(hello()).await.unwrap()), "openai");
        assert_eq!(answered(&test).await, "openai", "its answer has closed it");
    }

    async fn a_provider_that_is_evicted_or_changed_begins_anew(backend: Backend) {
        let test = pair(backend, &lasting()).await;
        test.upstream.fallback(failing(500));
        for asked in [1, 2, 3, 3] {
            answered(&test).await;
            assert_eq!(asked_first(&test), asked);
        }
        assert!(test.acme.evict_provider(None).await.unwrap());
        for asked in [4, 5, 6, 6] {
            answered(&test).await;
            assert_eq!(asked_first(&test), asked);
        }
        test.acme.set_provider(first(&test, &lasting())).await.unwrap();
        answered(&test).await;
        assert_eq!(asked_first(&test), 7);
    }

    async fn zero_failures_switch_it_off(backend: Backend) {
        let test = pair(backend, &json!({"breaker": {"failures": 0}})).await;
        test.upstream.fallback(failing(500));
        for _ in 0..8 {
            assert_eq!(answered(&test).await, "second");
        }
        assert_eq!(asked_first(&test), 8);
    }

    async fn tenants_that_share_the_gateways_providers_have_breakers_of_their_own(backend: Backend) {
        let test = pair(backend, &json!({})).await;
        for id in ["a", "b"] {
            test.gateway.create_tenant(NewTenant { id: Some(id.parse().unwrap()), ..NewTenant::default() }).await.unwrap();
        }
        let second = json!({"name": "second", "kind": "mock"});
        let providers = vec![first(&test, &lasting()), serde_json::from_value(second).unwrap()];
        let gateway = test.second_with(|config| config.providers = providers).await;
        test.upstream.fallback(failing(500));
        for (id, asked) in [("a", 3), ("b", 6)] {
            for _ in 0..5 {
                assert_eq!(by(&gateway.tenant(id).unwrap().chat(hello()).await.unwrap()), "second");
            }
            assert_eq!(asked_first(&test), asked, "{id}");
        }
        gateway.close(DEADLINE).await.unwrap();
    }
}
