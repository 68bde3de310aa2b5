//! A stream is traced as the answer it would have been without streaming, however its bytes were cut on the way.

use libgateway::{ReplyStream, StatusClass, TraceDetail, TraceId};
use libgateway_tests::{TestGateway, compare, hello};
use proptest::{
    collection::vec,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use upstream::{Script, Scripts};

use super::support::{SQLITE, event, read_all, usage_wanted};

const USAGE: &str = r#"{"prompt_tokens": 8, "completion_tokens": 30, "total_tokens": 38,
    "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 5}}"#;

/// An answer with three choices, whole.
fn whole() -> Value {
    json!({
        "id": "chatcmpl-7", "object": "chat.completion", "created": 1_700_000_000, "model": "gpt-4o", "system_fingerprint": "fp_1",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Grüße, \u{1F980}!"}, "finish_reason": "stop"},
            {"index": 1, "message": {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_a", "type": "function", "function": {"name": "weather", "arguments": "{\"city\": \"Köln\"}"}},
                {"id": "call_b", "type": "function", "function": {"name": "time", "arguments": "{}"}},
            ]}, "finish_reason": "tool_calls"},
            {"index": 2, "message": {"role": "assistant", "content": "Cut of", "refusal": null}, "finish_reason": "length"},
        ],
        "usage": serde_json::from_str::<Value>(USAGE).unwrap(),
    })
}

/// The same answer in pieces that come crosswise.
fn pieces() -> Vec<String> {
    let call = |index: u64, id: &str, name: &str| json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}});
    let arguments = |index: u64, text: &str| json!({"index": index, "function": {"arguments": text}});
    let deltas = [
        (0, json!({"role": "assistant", "content": ""}), Value::Null),
        (2, json!({"role": "assistant", "content": "Cut"}), Value::Null),
        (1, json!({"role": "assistant", "content": null, "tool_calls": [call(0, "call_a", "weather")]}), Value::Null),
        (0, json!({"content": "Grüße"}), Value::Null),
        (1, json!({"tool_calls": [arguments(0, "{\"city\":")]}), Value::Null),
        (1, json!({"tool_calls": [call(1, "call_b", "time")]}), Value::Null),
        (2, json!({"content": " of"}), json!("length")),
        (0, json!({"content": ", \u{1F980}"}), Value::Null),
        (1, json!({"tool_calls": [arguments(1, "{}"), arguments(0, " \"Köln\"}")]}), Value::Null),
        (1, json!({}), json!("tool_calls")),
        (0, json!({"content": "!"}), Value::Null),
        (0, json!({}), json!("stop")),
    ];
    let choice = |(index, delta, finish): (u64, Value, Value)| {
        event(
            &json!({"system_fingerprint": "fp_1", "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}),
        )
    };
    let usage = serde_json::from_str::<Value>(USAGE).unwrap();
    let last = event(&json!({"system_fingerprint": "fp_1", "choices": [], "usage": usage}));
    deltas.map(choice).into_iter().chain([last, "data: [DONE]\n\n".to_owned()]).collect()
}

async fn detail(test: &TestGateway, id: TraceId) -> TraceDetail {
    test.flush().await;
    test.acme.get_trace(id).await.expect("the trace")
}

fn response(detail: &TraceDetail) -> Value {
    serde_json::from_str(detail.response.as_ref().expect("a response").get()).expect("JSON")
}

sqlite_tests! {
    async fn a_stream_of_several_choices_and_tool_calls_is_traced_as_its_whole_answer() {
        let test = TestGateway::open(SQLITE).await;
        test.upstream.push(Script::json(200, whole()));
        let reply = test.chat(hello()).await.unwrap();
        test.upstream.push(Script::sse(pieces()));
        let mut stream = test.chat_stream(usage_wanted()).await.unwrap();
        let (bytes, error) = read_all(&mut stream).await;
        assert!(error.is_none());
        assert_eq!(String::from_utf8(bytes).unwrap(), pieces().concat());

        let (whole, streamed) = (detail(&test, reply.trace_id).await, detail(&test, stream.trace_id()).await);
        let mut expected = response(&whole);
        // A null that no piece carries is not made up.
        expected["choices"][2]["message"].as_object_mut().unwrap().remove("refusal");
        assert_eq!(compare::subset("response", &expected, &response(&streamed)), Vec::<String>::new());
        assert_eq!(
            (whole.usage, whole.trace.cost_usd, &whole.trace.model),
            (streamed.usage, streamed.trace.cost_usd, &streamed.trace.model)
        );
        assert_eq!(
            (streamed.trace.input_tokens, streamed.trace.reasoning_tokens, streamed.chunk_count),
            (Some(8), Some(5), Some(13))
        );
        assert_eq!((whole.trace.status_class, streamed.trace.status_class), (StatusClass::Ok, StatusClass::Ok));
    }

    async fn any_cut_of_any_stream_gives_the_same_bytes_and_the_same_trace() {
        let test = TestGateway::open(SQLITE).await;
        let fixtures: Vec<_> = FIXTURES.iter().map(|name| Fixture::read(name)).collect();
        let mut expected = Vec::new();
        for fixture in &fixtures {
            expected.push(fixture.run(&test, None).await);
        }
        let runtime = tokio::runtime::Handle::current();
        let test = &test;
        tokio::task::block_in_place(|| {
            let cuts = (0..FIXTURES.len(), vec(1_u64..4_000, 1..40));
            let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
            runner
                .run(&cuts, |(at, cuts)| {
                    let actual = runtime.block_on(fixtures[at].run(test, Some(cuts)));
                    proptest::prop_assert_eq!(&actual, &expected[at], "{}", FIXTURES[at]);
                    Ok(())
                })
                .unwrap_or_else(|failure| panic!("{failure}"));
        });
    }
}

/// Streams cut at random, in all.
const CASES: u32 = 96;

/// What differs in the form of its events: every kind of line, of line end and of content.
const FIXTURES: [&str; 10] = [
    "stream_tool_calls",
    "stream_several_choices",
    "stream_refusal",
    "stream_reasoning_content",
    "sse_bom",
    "sse_comments",
    "sse_cr",
    "sse_crlf",
    "sse_mixed_line_ends",
    "sse_multi_line_data",
];

/// The call of a conformance fixture and its upstream.
struct Fixture {
    body: String,
    script: Script,
}

impl Fixture {
    fn read(name: &str) -> Self {
        let path = format!("{}/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a fixture")).expect("JSON");
        let mut scripts: Scripts = serde_json::from_value(fixture["upstream"].clone()).expect("scripts");
        let script = scripts.queue.pop().expect("a script");
        Self { body: fixture["call"]["body_text"].as_str().expect("a body").to_owned(), script }
    }

    /// The caller's bytes and what the trace holds of them.
    async fn run(&self, test: &TestGateway, cuts: Option<Vec<u64>>) -> (String, Value, Value) {
        let script = self.script.clone();
        test.upstream.push(match cuts {
            Some(mut cuts) => {
                cuts.sort_unstable();
                script.at(cuts)
            }
            None => script,
        });
        let mut stream: ReplyStream = test.chat_stream(self.body.as_str()).await.expect("a stream");
        let (bytes, error) = read_all(&mut stream).await;
        assert!(error.is_none(), "{error:?}");
        let detail = detail(test, stream.trace_id()).await;
        let facts = json!([
            detail.chunk_count,
            detail.flags,
            detail.usage,
            detail.trace.status_class,
            detail.trace.ttft_ms.is_some()
        ]);
        (String::from_utf8(bytes).expect("text"), response(&detail), facts)
    }
}
