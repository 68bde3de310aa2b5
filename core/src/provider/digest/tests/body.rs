use serde_json::json;

use crate::{
    provider::digest::{Digest, Wire, digest_body},
    types::usage::UsageSource,
};

#[test]
fn a_body_names_its_model_usage_and_tier() {
    let chat = json!({"id": "chatcmpl-1", "model": "gpt-4o", "service_tier": "flex", "error": null,
        "choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}});
    let digest = digest_body(Wire::Chat, chat.to_string().as_bytes());
    assert_eq!((digest.model.as_deref(), digest.service_tier.as_deref()), (Some("gpt-4o"), Some("flex")));
    assert_eq!((digest.usage.total_tokens(), digest.usage_source), (Some(3), UsageSource::Reported));
    assert_eq!((digest.content, digest.chunk_count, digest.finished, digest.error), (None, None, true, None));
}

#[test]
fn embeddings_report_their_input_and_models_nothing() {
    let embeddings = json!({"object": "list", "model": "m", "data": [{"embedding": [0.1]}], "usage": {"prompt_tokens": 8, "total_tokens": 8}});
    let digest = digest_body(Wire::Embeddings, embeddings.to_string().as_bytes());
    assert_eq!((digest.usage.input_uncached, digest.usage_mismatch, digest.finished), (Some(8), false, true));
    let models = digest_body(Wire::Models, br#"{"object":"list","data":[{"id":"gpt-4o"}]}"#);
    assert_eq!((models.usage_source, models.model, models.finished), (UsageSource::None, None, true));
}

#[test]
fn an_error_inside_a_success_is_found() {
    for body in [
        json!({"error": {"message": "no room", "type": "server_error", "code": "busy"}}),
        json!({"id": "resp_1", "status": "failed", "error": {"code": "busy", "message": "no room"}}),
        json!({"choices": [{"index": 0, "message": {}, "error": {"code": "busy", "message": "no room"}}]}),
    ] {
        let error = digest_body(Wire::Chat, body.to_string().as_bytes()).error.unwrap();
        assert_eq!((error.message.as_str(), error.code.as_deref()), ("no room", Some("busy")));
    }
}

#[test]
fn a_body_that_is_no_json_object_gives_an_empty_digest() {
    for body in
        [b"".as_slice(), b"<html>", b"[1]", b"null", b"{\"model\":\"m\"", b"{\"model\":\"m\",\"x\":tru}", b"\xFF"]
    {
        assert_eq!(digest_body(Wire::Chat, body), Digest::default());
    }
}

#[test]
fn long_labels_and_messages_are_cut() {
    let long = "é".repeat(10_000);
    let digest = digest_body(Wire::Chat, json!({"model": long, "error": {"message": long}}).to_string().as_bytes());
    assert_eq!((digest.model.unwrap().len(), digest.error.unwrap().message.len()), (512, 512));
}
