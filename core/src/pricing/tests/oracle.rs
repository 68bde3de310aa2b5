//! Prices every model of genai-prices as its own calculator does: each name that its data lists, each of its dates, hours,
//! lengths of context and service tiers. Its arithmetic is decimal and rounds nowhere, ours rounds each line once.

use std::{path::Path, process::Command};

use serde::Deserialize;

use super::*;

/// One call and what the calculator says of it.
#[derive(Deserialize)]
struct Case {
    provider: String,
    model: String,
    tier: Option<String>,
    at_ms: i64,
    leaves: [i64; 10],
    extra: BTreeMap<String, i64>,
    loose: bool,
    pico_usd: Option<String>,
}

/// What one of the scripts beside the requirements prints.
fn run(script: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join("target/prices/bin/python");
    assert!(python.exists(), "genai-prices is not installed; `make test` installs it into target/prices");
    let output = Command::new(&python).arg(root.join("tests/prices").join(script)).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_model_costs_what_its_source_says() {
    let book = PriceBook::new(&[]);
    let (mut wrong, mut cases, mut priced, mut loose, mut loosely_priced) = (Vec::new(), 0, 0, 0, 0);
    for line in run("oracle.py").lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let served = Served {
            prices_of: Some(&case.provider),
            model: &case.model,
            tier: case.tier.as_deref(),
            at: Timestamp::from_millis(case.at_ms),
            ..SERVED
        };
        let usage = Usage::from_leaves(case.leaves.map(Some));
        let ours = book.price(&served, Consumed { usage: &usage, extra: &case.extra }, None).cost_pico_usd;
        cases += 1;
        priced += usize::from(ours.is_some());
        if case.loose {
            loose += 1;
            loosely_priced += usize::from(ours.is_some());
        }
        let agree = match (ours, &case.pico_usd) {
            (Some(ours), Some(theirs)) => is_near(ours, theirs),
            (None, None) => true,
            (None, Some(_)) => case.loose,
            (Some(_), None) => false,
        };
        if !agree {
            wrong.push(format!("{ours:?} for {line}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} differ:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    assert!(cases > 30_000 && priced * 10 > cases * 8, "{priced} of {cases} cases are priced");
    assert!(loose > 100 && loosely_priced * 10 > loose * 8, "{loosely_priced} of {loose} made-up names are priced");
}

/// Whether a cost is the exact one but for the rounding of its lines, half a pico-dollar each.
fn is_near(ours: i64, exact: &str) -> bool {
    let whole = exact.split(['.', 'E']).next().unwrap().parse::<i64>();
    let whole = if exact.contains('E') { Ok(exact.parse::<f64>().unwrap() as i64) } else { whole };
    (ours - whole.unwrap()).abs() <= 7
}

#[test]
fn the_table_is_what_the_tool_makes_of_its_source() {
    assert!(run("convert.py") == include_str!("../prices.jsonl"), "prices.jsonl is stale; run `make prices`");
}
