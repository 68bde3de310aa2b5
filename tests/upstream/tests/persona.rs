//! Answers that look like a provider's.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test is the report")]

mod common;

use common::{Client, Response};
use serde_json::{Value, json};
use upstream::{IncludeUsage, Script, Upstream};

fn data(response: &Response) -> Vec<Value> {
    response
        .text()
        .split("\n\n")
        .filter_map(|event| event.lines().last()?.strip_prefix("data: "))
        .filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[tokio::test]
async fn a_chat_echoes_the_model_and_counts_tokens() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::chat("hello there"));
    upstream.push(Script::chat("x").model("served").usage(json!({"total_tokens": 0})));
    let mut client = Client::connect(&upstream).await;
    let path = "/v1/chat/completions";
    let body = client.post(path, json!({"model": "asked"})).await.json();
    assert_eq!(body["model"], "asked");
    assert_eq!(body["choices"][0]["message"]["content"], "hello there");
    assert_eq!(body["usage"]["total_tokens"], 13);
    let body = client.post(path, json!({"model": "asked"})).await.json();
    assert_eq!(body["model"], "served");
    assert_eq!(body["usage"], json!({"total_tokens": 0}));
}

#[tokio::test]
async fn a_stream_has_usage_when_it_is_asked_for() {
    let upstream = Upstream::start().unwrap();
    let script = Script::stream(["Hel", "lo"]);
    upstream.push(script.clone());
    upstream.push(script.clone());
    upstream.push(script.clone().include_usage(IncludeUsage::Always));
    upstream.push(script.include_usage(IncludeUsage::Never));
    let mut client = Client::connect(&upstream).await;
    let asking = json!({"model": "m", "stream": true, "stream_options": {"include_usage": true}});
    for (body, with_usage) in
        [(json!({"stream": true}), false), (asking.clone(), true), (json!({}), true), (asking, false)]
    {
        let response = client.post("/v1/chat/completions", body).await;
        assert!(response.text().ends_with("data: [DONE]\n\n"));
        let chunks = data(&response);
        assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
        assert_eq!(chunks[2]["choices"][0]["delta"]["content"], "lo");
        assert_eq!(chunks[3]["choices"][0]["finish_reason"], "stop");
        assert_eq!(chunks.len(), if with_usage { 5 } else { 4 });
        assert_eq!(response.chunks.len(), chunks.len() + 1);
        if with_usage {
            assert_eq!(chunks[3]["usage"], Value::Null);
            assert_eq!(chunks[4]["choices"], json!([]));
            assert_eq!(chunks[4]["usage"]["completion_tokens"], 2);
        }
    }
}

#[tokio::test]
async fn the_persona_answers_the_usual_paths_without_a_script() {
    let upstream = Upstream::start().unwrap();
    let mut client = Client::connect(&upstream).await;

    let chat = client.post("/v1/chat/completions", json!({"model": "m"})).await;
    assert_eq!(chat.header("x-request-id"), Some("req_0"));
    let text = chat.json()["choices"][0]["message"]["content"].clone();
    assert_eq!(text, "Hello! This is the mock upstream, answering as m.");

    let whole = client.post("/v1/responses", json!({"model": "m"})).await.json();
    assert_eq!(whole["output"][0]["content"][0]["text"], text);
    let streamed = client.post("/v1/responses", json!({"model": "m", "stream": true})).await;
    assert!(streamed.text().starts_with("event: response.created\ndata: "));
    let events = data(&streamed);
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(last["response"]["usage"], whole["usage"]);
    assert_eq!(last["sequence_number"], events.len() - 1);

    let models = client.exchange("GET", "/v1/models", "").await.json();
    assert_eq!(models["data"][0]["object"], "model");
    let model = client.exchange("GET", "/v1/models/gpt-9", "").await.json();
    assert_eq!(model["id"], "gpt-9");
    let unknown = client.exchange("GET", "/v1/unknown", "").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["error"]["type"], "invalid_request_error");
}

#[tokio::test]
async fn embeddings_come_one_per_input_in_either_encoding() {
    let upstream = Upstream::start().unwrap();
    let mut client = Client::connect(&upstream).await;
    for (input, count) in
        [(json!("text"), 1), (json!([1, 2, 3]), 1), (json!(["a", "b"]), 2), (json!([[1], [2], [3]]), 3)]
    {
        let body = json!({"model": "e", "input": input});
        let list = client.post("/v1/embeddings", body).await.json();
        assert_eq!(list["data"].as_array().unwrap().len(), count);
    }
    let body = json!({"input": "x", "dimensions": 3, "encoding_format": "base64"});
    let list = client.post("/v1/embeddings", body).await.json();
    assert_eq!(list["data"][0]["embedding"].as_str().unwrap().len(), 16);
}

#[tokio::test]
async fn azure_paths_name_the_deployment_and_filter_results() {
    let upstream = Upstream::start().unwrap();
    let mut client = Client::connect(&upstream).await;
    let path = "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21";
    let whole = client.post(path, json!({})).await.json();
    assert_eq!(whole["model"], "my-gpt");
    assert!(whole["prompt_filter_results"].is_array());
    let chunks = data(&client.post(path, json!({"stream": true})).await);
    assert_eq!(chunks[0]["choices"], json!([]));
    assert!(chunks[0]["prompt_filter_results"].is_array());

    let path = "/openai/v1/chat/completions";
    let whole = client.post(path, json!({"model": "my-gpt"})).await.json();
    assert_eq!(whole["model"], "my-gpt");
    assert!(whole.get("prompt_filter_results").is_none());
}

#[tokio::test]
async fn a_status_alone_is_a_plausible_error() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::persona().status(429));
    let mut client = Client::connect(&upstream).await;
    let response = client.post("/v1/chat/completions", json!({})).await;
    assert_eq!(response.status, 429);
    assert_eq!(response.json()["error"]["code"], "rate_limit_exceeded");
}
