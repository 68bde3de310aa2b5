#![allow(clippy::unwrap_used, reason = "tests")]
use proptest::prelude::*;

use super::*;
use crate::rollup::Counted;

/// A trace of few kinds, so that cells meet.
#[derive(Clone, Debug)]
struct Made {
    provider: Option<&'static str>,
    model: Option<&'static str>,
    class: StatusClass,
    numbers: [i64; 3],
    cost: Option<i64>,
}

fn made() -> impl Strategy<Value = Made> {
    let provider = prop::sample::select(vec![None, Some("openai"), Some("azure")]);
    let model = prop::sample::select(vec![None, Some("gpt-4o"), Some("o3"), Some("")]);
    let class = prop::sample::select(StatusClass::ALL.to_vec());
    let numbers = [0_i64..5_000_000, 0_i64..1_000_000, 0_i64..100_000];
    (provider, model, class, numbers, any::<Option<i64>>()).prop_map(|(provider, model, class, numbers, cost)| Made {
        provider,
        model,
        class,
        numbers,
        cost,
    })
}

fn count(pack: &mut Pack, made: &Made) {
    let [latency_us, ttft_us, tokens] = made.numbers;
    let counted = Counted {
        created_ms: 0,
        provider: made.provider,
        model: made.model,
        api_key_id: None,
        class: made.class,
        latency_us,
        ttfb_us: Some(ttft_us / 2).filter(|micros| *micros > 1_000),
        ttft_us: Some(ttft_us).filter(|micros| *micros > 2_000),
        overhead_us: tokens,
        input_tokens: Some(tokens),
        output_tokens: Some(tokens / 3),
        cost_pico_usd: made.cost,
    };
    pack.cell(counted.model_key()).count(&counted);
}

fn packed(traces: &[Made]) -> Pack {
    let mut pack = Pack::default();
    traces.iter().for_each(|trace| count(&mut pack, trace));
    pack
}

proptest! {
    #[test]
    fn parts_in_any_order_add_up_to_the_same_bytes(traces in proptest::collection::vec(made(), 1..80), cut in any::<prop::sample::Index>()) {
        let (left, right) = traces.split_at(cut.index(traces.len()));
        let whole = packed(&traces).columns();
        for (first, second) in [(left, right), (right, left)] {
            let mut merged = Pack::default();
            for part in [first, second] {
                if let Some(columns) = packed(part).columns() {
                    merged.merge(&columns, |key| key).unwrap();
                }
            }
            prop_assert_eq!(merged.columns(), whole.clone());
        }
    }

    #[test]
    fn what_is_taken_back_leaves_no_byte(traces in proptest::collection::vec(made(), 1..40)) {
        let failed: Vec<Made> = traces.into_iter().map(|made| Made { class: StatusClass::Abandoned, ..made }).collect();
        let mut pack = packed(&failed);
        for made in &failed {
            let mut back = Pack::default();
            count(&mut back, made);
            let columns = back.columns().unwrap();
            for cell in cells(&columns) {
                let cell = cell.unwrap();
                pack.cell(cell.key).counters.add(&cell.counters.negated());
            }
        }
        prop_assert_eq!(pack.columns(), None);
    }

    #[test]
    fn any_bytes_are_read_or_refused(counts in proptest::collection::vec(any::<u8>(), 0..80), latency in any::<Option<Vec<u8>>>()) {
        let mut columns = Columns { counts, ..Columns::default() };
        *columns.sketches.of_mut(Metric::Latency) = latency;
        let mut pack = Pack::default();
        if pack.merge(&columns, |key| key).is_some() {
            let again = pack.columns();
            let mut read = Pack::default();
            again.iter().for_each(|columns| read.merge(columns, |key| key).unwrap());
            prop_assert_eq!(read.columns(), again);
        }
    }
}

#[test]
fn ever_new_names_do_not_make_a_row_grow_for_ever() {
    let mut pack = Pack::default();
    for number in 0..KEYS + 100 {
        let model = format!("model-{number}");
        pack.cell(KeyRef { names: [Some("openai"), Some(&model)], class: StatusClass::Ok }).counters.requests += 1;
    }
    let columns = pack.columns().unwrap();
    let all: Vec<_> = cells(&columns).map(Option::unwrap).collect();
    assert_eq!(all.len(), KEYS + 1);
    assert_eq!(all.iter().map(|cell| cell.counters.requests).sum::<i64>(), 5_100);
    let others = all.iter().find(|cell| cell.key.names == [Some(OTHERS), None]).unwrap();
    assert_eq!(others.counters.requests, 100);
}
