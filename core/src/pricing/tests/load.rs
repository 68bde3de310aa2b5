//! Files of prices: exchanged as a whole, or refused as a whole.

use ring::digest::{SHA256, digest};

use super::*;
use crate::error::ErrorCode;

/// A file with that header and these lines, and the digest that belongs to them.
fn file(schema: u32, as_of: &str, lines: &str) -> String {
    let digest: String = digest(&SHA256, lines.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{{\"format\":\"libgateway-prices\",\"schema\":{schema},\"as_of\":\"{as_of}\",\"sha256\":\"{digest}\"}}\n{lines}"
    )
}

const LINES: &str =
    "{\"provider\":\"openai\"}\n{\"model\":\"gpt-4o\",\"rates\":{\"input\":3000000,\"output\":9000000}}\n";

fn input_rate(book: &PriceBook) -> Option<i64> {
    book.price(&SERVED, Consumed { usage: &usage(1, 0, 0, 0), extra: NOTHING }, None).cost_pico_usd
}

#[test]
fn a_newer_table_is_in_force_at_once() {
    let book = PriceBook::new(&[]);
    assert_eq!(input_rate(&book), Some(2_500_000));
    let loaded = book.load(file(1, "2026-11-15", LINES).as_bytes(), SERVED.at).unwrap();
    assert!(loaded.version.starts_with("2026-11-15-") && loaded.previous_version.starts_with("2026-11-09-"));
    assert_eq!((loaded.models, input_rate(&book)), (1, Some(3_000_000)));
    // What the new table does not have is not taken from the old one.
    assert_eq!(cost_of(&book, "gpt-4.1"), None);
    // Loading it again changes nothing, and line ends of another system are no damage.
    let again = book.load(file(1, "2026-11-15", LINES).replace('\n', "\r\n").as_bytes(), SERVED.at).unwrap();
    assert_eq!((&again.version, &again.previous_version), (&loaded.version, &loaded.version));
}

fn cost_of(book: &PriceBook, model: &str) -> Option<i64> {
    let counts = usage(1, 0, 0, 0);
    book.price(&Served { model, ..SERVED }, Consumed { usage: &counts, extra: NOTHING }, None).cost_pico_usd
}

#[test]
fn what_cannot_be_right_is_refused_and_the_old_table_stays() {
    let line = |line: &str| file(1, "2026-11-15", &format!("{{\"provider\":\"openai\"}}\n{line}\n"));
    let cases = [
        (String::new(), ErrorCode::InvalidPrices),
        ("{}".to_owned(), ErrorCode::InvalidPrices),
        (file(1, "2026-11-15", ""), ErrorCode::InvalidPrices),
        (file(1, "2026-11-15", LINES).replace("3000000", "3000001"), ErrorCode::InvalidPrices),
        (file(1, "2026-11-15", LINES).replace("libgateway-prices", "prices"), ErrorCode::InvalidPrices),
        (file(1, "yesterday", LINES), ErrorCode::InvalidPrices),
        (file(1, "2026-12-24", LINES), ErrorCode::InvalidPrices),
        (file(1, "2026-11-08", LINES), ErrorCode::PricesTooOld),
        (file(2, "2026-11-15", LINES), ErrorCode::PricesTooNew),
        (line(r#"{"model":"gpt-4o","rates":{"input":3000}}"#), ErrorCode::InvalidPrices),
        (line(r#"{"model":"gpt-4o","rates":{"input":3000000000}}"#), ErrorCode::InvalidPrices),
        (line(r#"{"model":"new","rates":{"input":30000000000}}"#), ErrorCode::InvalidPrices),
        (line(r#"{"model":"new","rates":{"input":-1}}"#), ErrorCode::InvalidPrices),
        (line(r#"{"model":"new","rates":{"input":1.5}}"#), ErrorCode::InvalidPrices),
        (line(r#"{"model":"new","rates":{"inputs":1}}"#), ErrorCode::InvalidPrices),
        (line(r#"{"model":"new","rates":{"input":1,"input":2}}"#), ErrorCode::InvalidPrices),
        (line(r#"{"model":"new","rates":{"input":[1,[200,2],[100,3]]}}"#), ErrorCode::InvalidPrices),
        (line(r#"{"model":"new","names":["a*b"],"rates":{"input":1}}"#), ErrorCode::InvalidPrices),
        (line(r#"{"model":"new","rates":{},"periods":[{"from":"2026-13-01","rates":{}}]}"#), ErrorCode::InvalidPrices),
        (
            line(r#"{"model":"new","rates":{},"periods":[{"hours":["24:00","1:00"],"rates":{}}]}"#),
            ErrorCode::InvalidPrices,
        ),
        (line(r#"{"provider":"openai"}"#), ErrorCode::InvalidPrices),
        (file(1, "2026-11-15", "{\"model\":\"gpt-4o\",\"rates\":{}}\n"), ErrorCode::InvalidPrices),
        ("\u{fffd}".repeat(6 << 20), ErrorCode::InvalidPrices),
    ];
    let book = PriceBook::new(&[]);
    for (file, code) in cases {
        let error = book.load(file.as_bytes(), SERVED.at).unwrap_err();
        assert_eq!(error.code(), code, "{error}: {file:.200}");
        assert_eq!(input_rate(&book), Some(2_500_000));
    }
    let error = book.load(&[0xff, 0xfe], SERVED.at).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidPrices);
}

#[test]
fn every_byte_of_the_table_is_under_its_digest() {
    let table = include_bytes!("../prices.jsonl");
    let body = table.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let book = PriceBook::new(&[]);
    for at in (body..table.len()).step_by(table.len() / 50) {
        let mut damaged = table.to_vec();
        damaged[at] ^= 1;
        assert!(book.load(&damaged, SERVED.at).is_err(), "byte {at}");
    }
    book.load(table, SERVED.at).unwrap();
}
