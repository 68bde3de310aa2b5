#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

fn spliced(body: &str, model: Option<&str>) -> String {
    let envelope = Envelope::read(body.as_bytes(), false).unwrap();
    let splices = Splices { model, include_usage: envelope.wants_usage_added() };
    String::from_utf8(envelope.splice(&Bytes::copy_from_slice(body.as_bytes()), &splices).to_vec()).unwrap()
}

#[test]
fn a_body_without_need_of_a_change_is_the_same_bytes() {
    let body =
        Bytes::from_static(br#" { "model" : "m", "n": 12345678901234567890123, "x": {"model": 1, "model": 2} } "#);
    let envelope = Envelope::read(&body, false).unwrap();
    let same = envelope.splice(&body, &Splices::default());
    assert_eq!(same.as_ptr(), body.as_ptr());
}

#[test]
fn usage_is_asked_for_by_splicing_alone() {
    for (body, expected) in [
        (r#"{"model":"m","stream":true}"#, r#"{"stream_options":{"include_usage":true},"model":"m","stream":true}"#),
        (
            r#"{"model":"m","stream":true,"stream_options":null}"#,
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"model":"m","stream":true,"stream_options":{ }}"#,
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true }}"#,
        ),
        (
            r#"{"stream_options":{"a":1},"model":"m","stream":true}"#,
            r#"{"stream_options":{"include_usage":true,"a":1},"model":"m","stream":true}"#,
        ),
        (
            r#"{"stream_options":{"include_usage" : false},"model":"m","stream":true}"#,
            r#"{"stream_options":{"include_usage" : true},"model":"m","stream":true}"#,
        ),
        (
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#,
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (r#"{"model":"m","stream":false}"#, r#"{"model":"m","stream":false}"#),
    ] {
        assert_eq!(spliced(body, None), expected);
    }
}

#[test]
fn the_model_is_replaced_where_it_stands() {
    assert_eq!(
        spliced(r#"{"a":"model","model" : "m\u0061x","b":1}"#, Some("x\"y")),
        r#"{"a":"model","model" : "x\"y","b":1}"#
    );
    assert_eq!(
        spliced(r#"{"stream":true,"model":"m"}"#, Some("n")),
        r#"{"stream_options":{"include_usage":true},"stream":true,"model":"n"}"#
    );
}

#[test]
fn duplicates_and_odd_types_name_the_field() {
    for (body, code, param) in [
        (r#"{"model":"a","model":"b"}"#, ErrorCode::DuplicateField, Some("model")),
        (r#"{"model":"a","stream":true,"stream":false}"#, ErrorCode::DuplicateField, Some("stream")),
        (r#"{"model":"a","\u006dodel":"b"}"#, ErrorCode::DuplicateField, Some("model")),
        (r#"{"model":"a","stream_options":{},"stream_options":{}}"#, ErrorCode::DuplicateField, Some("stream_options")),
        (r#"{"messages":[]}"#, ErrorCode::MissingField, Some("model")),
        (r#"{"model":null}"#, ErrorCode::MissingField, Some("model")),
        (r#"{"model":7}"#, ErrorCode::InvalidField, Some("model")),
        (r#"{"model":""}"#, ErrorCode::InvalidField, Some("model")),
        (r#"{"model":"a","stream":"yes"}"#, ErrorCode::InvalidField, Some("stream")),
        (r#"{"model":"a","stream":true,"stream_options":[]}"#, ErrorCode::InvalidField, Some("stream_options")),
        (r#"{"model":"a""#, ErrorCode::InvalidJson, None),
        (r#"["model", true, {}]"#, ErrorCode::InvalidJson, None),
        ("", ErrorCode::InvalidJson, None),
    ] {
        let error = Envelope::read(body.as_bytes(), true).unwrap_err();
        assert_eq!((error.code(), error.param()), (code, param), "{body}");
    }
}

#[test]
fn a_stream_is_asked_for_by_splicing_alone() {
    for (body, expected) in [
        (r#"{"model":"m"}"#, r#"{"stream":true,"model":"m"}"#),
        (r#"{"model":"m","stream":false}"#, r#"{"model":"m","stream":true}"#),
        (r#"{"model":"m","stream":true}"#, r#"{"model":"m","stream":true}"#),
    ] {
        let envelope = Envelope::read(body.as_bytes(), true).unwrap();
        assert!(envelope.stream());
        assert_eq!(envelope.splice(&Bytes::from(body), &Splices::default()), expected);
    }
}
