//! Analytics by the plainest means: every trace is looked at, and lists are sorted in full. Knows traces, no store.

use std::cmp::Reverse;

use libgateway::{PicoUsd, StatusClass, Trace};
use serde_json::{Value, json};

/// By how much percentiles may be off, as is promised.
const PERCENTILES_ARE_OFF: f64 = 0.0078;

/// The measures of these traces, as the API shows them.
pub(crate) fn measures<'a>(traces: impl IntoIterator<Item = &'a Trace>) -> Value {
    let traces: Vec<&Trace> = traces.into_iter().collect();
    let ok: Vec<&Trace> = traces.iter().copied().filter(|trace| trace.status_class == StatusClass::Ok).collect();
    let is_error = |trace: &&&Trace| {
        matches!(trace.status_class, StatusClass::UpstreamError | StatusClass::GatewayError | StatusClass::Timeout)
    };
    let errors = traces.iter().filter(is_error).count();
    let mut latencies: Vec<f64> = ok.iter().map(|trace| trace.latency_ms).collect();
    latencies.sort_by(f64::total_cmp);
    let total = |count: fn(&Trace) -> Option<i64>| traces.iter().filter_map(|trace| count(trace)).sum::<i64>();
    let cost: i128 = traces.iter().filter_map(|trace| trace.cost_usd).map(|cost| cost.0).sum();
    let unpriced = traces.iter().filter(|trace| trace.total_tokens.is_some() && trace.cost_usd.is_none()).count();
    json!({
        "total_requests": traces.len(),
        "errors": errors,
        "error_rate": if traces.is_empty() { 0.0 } else { errors as f64 / traces.len() as f64 },
        "total_tokens": total(|trace| trace.total_tokens),
        "input_tokens": total(|trace| trace.input_tokens),
        "output_tokens": total(|trace| trace.output_tokens),
        "cost_usd": PicoUsd(cost),
        "unpriced_requests": unpriced,
        "avg_latency_ms": mean(&latencies),
        "p50_latency_ms": rank(&latencies, 0.50),
        "p95_latency_ms": rank(&latencies, 0.95),
        "p99_latency_ms": rank(&latencies, 0.99),
        "avg_ttfb_ms": mean(&ok.iter().filter_map(|trace| trace.ttfb_ms).collect::<Vec<_>>()),
        "avg_overhead_us": mean(&ok.iter().map(|trace| trace.overhead_us as f64).collect::<Vec<_>>()),
    })
}

/// Provider, model and measures, most requests first.
pub(crate) fn models(traces: &[Trace]) -> Vec<Value> {
    let mut keys: Vec<_> = traces.iter().map(|trace| (trace.provider.clone(), trace.model.clone())).collect();
    keys.sort();
    keys.dedup();
    let mut models: Vec<(usize, Value)> = Vec::new();
    for (provider, model) in keys {
        let of_it: Vec<&Trace> =
            traces.iter().filter(|trace| trace.provider == provider && trace.model == model).collect();
        let mut measured = measures(of_it.iter().copied());
        measured["provider"] = json!(provider);
        measured["model"] = json!(model);
        models.push((of_it.len(), measured));
    }
    models.sort_by_key(|(requests, _)| Reverse(*requests));
    models.into_iter().map(|(_, measured)| measured).collect()
}

/// How these numbers are distributed, as the API shows it.
pub(crate) fn distribution(mut numbers: Vec<f64>) -> Value {
    numbers.sort_by(f64::total_cmp);
    let at = |part| rank(&numbers, part);
    json!({"count": numbers.len(), "p50": at(0.5), "p90": at(0.9), "p95": at(0.95), "p99": at(0.99)})
}

fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// The smallest number that so much of the list does not exceed.
fn rank(sorted: &[f64], part: f64) -> Option<f64> {
    sorted
        .iter()
        .copied()
        .enumerate()
        .find(|(at, _)| (at + 1) as f64 >= part * sorted.len() as f64 - 1e-9)
        .map(|(_, number)| number)
}

/// Fails unless both are the same: numbers up to the last digits of a float, percentiles up to what is promised.
pub(crate) fn assert_same(actual: &Value, expected: &Value, path: &str) {
    match (actual, expected) {
        (Value::Object(left), Value::Object(right)) => {
            assert!(left.keys().eq(right.keys()), "{path}: {:?} and {:?}", left.keys(), right.keys());
            for (key, value) in right {
                assert_same(&left[key], value, &format!("{path}.{key}"));
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            assert_eq!(left.len(), right.len(), "{path}");
            for (at, (left, right)) in left.iter().zip(right).enumerate() {
                assert_same(left, right, &format!("{path}[{at}]"));
            }
        }
        (Value::Number(left), Value::Number(right)) if left.is_f64() || right.is_f64() => {
            let (left, right) = (left.as_f64().unwrap(), right.as_f64().unwrap());
            let off = if path.contains(".p") { PERCENTILES_ARE_OFF } else { 1e-12 };
            assert!((left - right).abs() <= right.abs() * off, "{path}: {left} and {right}");
        }
        _ => assert_eq!(actual, expected, "{path}"),
    }
}
