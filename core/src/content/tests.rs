//! What becomes of whole bodies.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const KEYS: [&str; 7] = ["data", "b64_json", "file_data", "content", "url", "b64_json_", "text"];

fn pseudo_random(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[0]
    };
    (0..len).map(|_| next()).collect()
}

fn png(len: usize) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), &pseudo_random(len - 8)].concat()
}

fn object(mime: &str, bytes: &[u8]) -> Value {
    let sha256 = ring::digest::digest(&ring::digest::SHA256, bytes);
    let sha256: String = sha256.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"sha256": sha256, "mime": mime, "length": bytes.len()})
}

fn prepared(body: &str) -> Value {
    let prepared = prepare(body.as_bytes(), BODY_LIMIT);
    assert!(!prepared.capped);
    serde_json::from_slice(&prepared.bytes).unwrap()
}

#[test]
fn an_image_of_ten_megabytes_becomes_a_few_bytes() {
    let image = png(10 * 1024 * 1024);
    let url = format!("data:image/png;base64,{}", STANDARD.encode(&image));
    let chat = |url: &Value| {
        json!({"model": "gpt-4o", "messages": [{"role": "user", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": url, "detail": "high"}},
        ]}]})
    };
    let body = chat(&json!(url)).to_string();
    let stored = prepare(body.as_bytes(), BODY_LIMIT);
    assert!(stored.bytes.len() < 8 * 1024 && !stored.capped);
    assert_eq!(prepared(&body), chat(&object("image/png", &image)));
}

#[test]
fn payloads_are_found_under_their_keys_at_any_depth() {
    let (image, wav, pdf) =
        (png(700), [b"RIFF\x24\0\0\0WAVE".as_slice(), &pseudo_random(5000)].concat(), b"%PDF-1.7".repeat(90));
    let body = |image: Value, wav: Value, pdf: Value| {
        json!([{"data": [{"b64_json": image, "revised_prompt": "a cat"}]}, {"choices": [{"message": {"audio": {"id": "a", "data": wav}}}]},
            {"input_audio": {"data": wav, "format": "wav"}}, {"file": {"file_data": pdf, "filename": "a.pdf"}}])
    };
    let given = body(json!(STANDARD.encode(&image)), json!(STANDARD_NO_PAD.encode(&wav)), json!(URL_SAFE.encode(&pdf)));
    let expected = body(object("image/png", &image), object("audio/wav", &wav), object("application/pdf", &pdf));
    assert_eq!(prepared(&given.to_string()), expected);
    assert_eq!(prepared(&serde_json::to_string_pretty(&given).unwrap()), expected);
}

#[test]
fn escapes_inside_a_data_uri_are_read() {
    let image = pseudo_random(9001);
    let base64 = STANDARD.encode(&image);
    let expected = json!({"url": object("image/svg+xml", &image)});
    let wrapped: Vec<&str> = base64.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    for text in [
        format!("data:image/svg+xml;base64,{base64}"),
        format!("DATA:image/svg+xml;charset=utf-8;base64,{base64}"),
        format!("data:image/svg+xml;base64,{base64}").replace('/', "\\/"),
        format!("data:image/svg+xml;base64,{base64}").replace('+', "\\u002B").replace('=', "\\u003d"),
        format!("data:image/svg+xml;base64,{}", wrapped.join("\\r\\n")),
    ] {
        assert_eq!(prepared(&format!("{{ \"url\" : \"{text}\" }}")), expected);
    }
    let nameless = format!(r#"{{"url":"data:;base64,{base64}"}}"#);
    assert_eq!(prepared(&nameless), json!({"url": object("text/plain", &image)}));
    let odd = format!(r#"{{"url":"data:a b;base64,{base64}"}}"#);
    assert_eq!(prepared(&odd), json!({"url": object("application/octet-stream", &image)}));
}

#[test]
fn what_is_no_payload_stays() {
    let base64 = STANDARD.encode(pseudo_random(3000));
    let short = STANDARD.encode(pseudo_random(180));
    for body in [
        format!(r#"{{"content":"{base64}"}}"#),
        format!(r#"{{"data":["{base64}"]}}"#),
        format!(r#"{{"data":1,"x":"{base64}"}}"#),
        format!(r#"{{"data":"{base64}!"}}"#),
        format!(r#"{{"data":"\t{base64}"}}"#),
        // Padding in the middle, where one piece of the decoder ends.
        format!(r#"{{"data":"{}=={base64}"}}"#, "A".repeat(4094)),
        format!(r#"{{"data":"{short}","url":"data:image/png;base64,{short}"}}"#),
        format!(r#"{{"text":"see data:image/png;base64,{base64}"}}"#),
        format!(r#"{{"url":"data:text/plain,x;base64,{base64}"}}"#),
        format!(r#"{{"arguments":"{{\"data\":\"{base64}\"}}"}}"#),
        format!(r#"{{"data:image/png;base64,{base64}":1}}"#),
        format!(r#"{{"data":"{base64}"#),
        format!(r#"<img data="data:image/png;base64,{base64}">"#),
        format!(r#"{{"data":[{{"embedding":[{}]}}]}}"#, "0.0123,".repeat(400)),
    ] {
        assert_eq!(
            prepare(body.as_bytes(), BODY_LIMIT),
            Prepared { bytes: Cow::Borrowed(body.as_bytes()), capped: false }
        );
    }
}

#[test]
fn everything_around_a_payload_keeps_its_bytes() {
    let base64 = STANDARD.encode(png(400));
    let (before, after) = ("{ \"n\": 1.50e+3,\n\t\"é\\u00e9\":\"data\" , \"b64_json\" :  ", " ,\"n\":1 }  ");
    let body = format!("{before}\"{base64}\"{after}");
    let stored = prepare(body.as_bytes(), BODY_LIMIT).bytes.into_owned();
    let stored = String::from_utf8(stored).unwrap();
    assert!(
        stored.starts_with(&format!("{before}{{\"sha256\":")) && stored.ends_with(&format!("}}{after}")),
        "{stored}"
    );
}

#[test]
fn a_long_body_is_cut_between_characters() {
    let body = format!("{{\"a\":\"{}\"}}", "é€😀".repeat(100));
    for limit in 0..body.len() + 2 {
        let cut = prepare(body.as_bytes(), limit);
        assert_eq!(cut.capped, limit < body.len());
        let text = std::str::from_utf8(&cut.bytes).unwrap();
        assert!(body.starts_with(text) && text.len() <= limit && limit.min(body.len()) - text.len() < 4);
    }
    assert_eq!(prepare(&[0x80; 10], 5), Prepared { bytes: Cow::Borrowed(&[0x80; 5]), capped: true });
}

#[test]
fn a_long_body_is_cut_after_its_payloads_were_replaced() {
    let base64 = STANDARD.encode(png(3000));
    let body = format!(r#"{{"b64_json":"{base64}","text":"{}"}}"#, "é ".repeat(1000));
    let whole = prepare(body.as_bytes(), BODY_LIMIT).bytes.into_owned();
    for limit in [100, 1000, 1001, whole.len() - 1, whole.len()] {
        let cut = prepare(body.as_bytes(), limit);
        assert_eq!(cut.capped, limit < whole.len());
        assert!(whole.starts_with(&cut.bytes) && limit - cut.bytes.len() < 4);
    }
}

/// JSON whose strings are short, or not base64, or under other keys.
fn without_payloads() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "\\PC{0,60}".prop_map(Value::from),
        "[a-z \"\\\\\n]{250,400} ".prop_map(Value::from),
        "(data:image/png;base64,)?[A-Za-z0-9+/]{0,240}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(&KEYS), inner), 0..6)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn bodies_without_payloads_come_out_identical(value in without_payloads(), pretty: bool) {
        let body = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
        prop_assert_eq!(prepare(&body, usize::MAX), Prepared { bytes: Cow::Borrowed(&body), capped: false });
    }

    #[test]
    fn a_payload_anywhere_is_the_only_thing_that_changes(
        around in without_payloads(), bytes in prop::collection::vec(any::<u8>(), 200..9000), pretty: bool,
    ) {
        let with = |payload: Value| json!([around, {"url": payload, "again": {"b64_json": payload}}, around]);
        let given = with(json!(format!("data:image/png;base64,{}", STANDARD.encode(&bytes))));
        let body = if pretty { serde_json::to_vec_pretty(&given) } else { serde_json::to_vec(&given) }.unwrap();
        let stored: Value = serde_json::from_slice(&prepare(&body, BODY_LIMIT).bytes).unwrap();
        prop_assert_eq!(stored, with(object("image/png", &bytes)));
    }

    #[test]
    fn no_bytes_whatever_disturb_it(body in "[\\[{]?(\"|\\\\|:|data|b64_json|base64,| |[A-Za-z]{256,300}|\\PC){0,40}", limit in 0_usize..900) {
        let stored = prepare(body.as_bytes(), limit);
        prop_assert!(stored.bytes.len() <= limit || !stored.capped);
        prop_assert!(std::str::from_utf8(&stored.bytes).is_ok());
    }
}
