//! Finds where a JSON value is not what was expected, and says so by path.

use serde_json::{Number, Value};

/// How much of a value a message shows.
const SHOWN: usize = 300;

/// What is expected at a place whose value no fixture can know.
const ANY: &str = "{any}";
/// `{at_least:N}`: a number of at least N.
const AT_LEAST: &str = "{at_least:";

/// Where `actual` lacks something that `expected` has. Objects may have more fields than expected, but for an empty one,
/// which expects no field; lists are compared item by item and have the same length; numbers are equal by value.
/// `"{any}"` stands for anything but null, and `"{at_least:5}"` for a number of at least 5.
pub fn subset(path: &str, expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(path, expected, actual, Fields::Some, &mut found);
    found
}

/// Where the two differ in anything but the order of fields.
pub fn equal(path: &str, expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(path, expected, actual, Fields::All, &mut found);
    found
}

/// Where two texts differ first, with what stands there.
pub fn text(path: &str, expected: &[u8], actual: &[u8]) -> Vec<String> {
    if expected == actual {
        return Vec::new();
    }
    let at = expected.iter().zip(actual).take_while(|(left, right)| left == right).count();
    let around = |bytes: &[u8]| {
        let part = bytes.get(at.saturating_sub(40)..).unwrap_or_default();
        format!("{:?}", clip(&String::from_utf8_lossy(part)))
    };
    let (expected_bytes, actual_bytes) = (expected.len(), actual.len());
    vec![format!(
        "{path}: differs at byte {at}; expected {expected_bytes} bytes, there {}; got {actual_bytes} bytes, there {}",
        around(expected),
        around(actual)
    )]
}

#[derive(Clone, Copy)]
enum Fields {
    Some,
    All,
}

fn walk(path: &str, expected: &Value, actual: &Value, fields: Fields, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, value) in expected {
                let path = format!("{path}.{key}");
                match actual.get(key) {
                    Some(actual) => walk(&path, value, actual, fields, found),
                    None => found.push(format!("{path}: there is no such field; expected {}", show(value))),
                }
            }
            if matches!(fields, Fields::All) || expected.is_empty() {
                let unexpected = actual.keys().filter(|key| !expected.contains_key(*key));
                found.extend(unexpected.map(|key| format!("{path}.{key}: not expected, got {}", show(&actual[key]))));
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (at, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                walk(&format!("{path}[{at}]"), expected, actual, fields, found);
            }
        }
        (Value::String(mark), _) if mark == ANY && !actual.is_null() => {}
        (Value::String(mark), Value::Number(number)) if at_least(mark).is_some_and(|least| value(number) >= least) => {}
        (Value::Number(expected), Value::Number(actual)) if same(expected, actual) => {}
        _ if expected == actual => {}
        _ => found.push(format!("{path}: expected {}, got {}", show(expected), show(actual))),
    }
}

fn at_least(mark: &str) -> Option<f64> {
    mark.strip_prefix(AT_LEAST)?.strip_suffix('}')?.parse().ok()
}

fn value(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

/// 1 and 1.0 are one number.
fn same(left: &Number, right: &Number) -> bool {
    left == right || (left.is_f64() != right.is_f64() && value(left).total_cmp(&value(right)).is_eq())
}

fn show(value: &Value) -> String {
    clip(&value.to_string())
}

fn clip(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(SHOWN).collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_subset_has_no_differences_and_null_is_a_value() {
        let actual = json!({"a": {"b": 1, "c": null}, "list": [{"x": 1, "y": 2}], "n": 2.0});
        for expected in [
            json!({"a": {"b": 1}}),
            json!({"a": {"c": null}}),
            json!({"list": [{"y": 2}]}),
            json!({"n": 2, "a": "{any}"}),
            json!({"n": "{at_least:1.5}"}),
        ] {
            assert_eq!(subset("trace", &expected, &actual), Vec::<String>::new());
        }
    }

    #[test]
    fn a_difference_is_named_by_its_path() {
        let actual = json!({"a": {"b": 1, "c": null}, "list": [1]});
        for (expected, path) in [
            (json!({"a": {"b": 2}}), "trace.a.b:"),
            (json!({"a": {"d": null}}), "trace.a.d:"),
            (json!({"a": {"c": "{any}"}}), "trace.a.c:"),
            (json!({"a": {"b": "{at_least:2}"}}), "trace.a.b:"),
            (json!({"a": {}}), "trace.a.b:"),
            (json!({"list": [1, 2]}), "trace.list:"),
            (json!({"list": [2]}), "trace.list[0]:"),
        ] {
            let found = subset("trace", &expected, &actual);
            assert!(found.first().is_some_and(|first| first.starts_with(path)), "{found:?}");
        }
        assert!(equal("body", &json!({"a": 1}), &json!({"a": 1, "b": 2}))[0].starts_with("body.b:"));
        assert!(text("body", b"abcd", b"abxd")[0].starts_with("body: differs at byte 2;"));
    }
}
