#![allow(clippy::unwrap_used, reason = "tests")]
use proptest::prelude::*;

use super::*;

const HOUR_MS: i64 = 3_600_000;

fn at(text: &str) -> i64 {
    text.parse::<Instant>().unwrap().as_millisecond()
}

fn hours_of_days(name: &str, from: &str, to: &str) -> Vec<i64> {
    let mut edges = starts(&zone(name).unwrap(), 1_440, (at(from), at(to))).unwrap();
    edges.push(at(to));
    edges.iter().zip(edges.iter().skip(1)).map(|(start, end)| (end - start) / HOUR_MS).collect()
}

#[test]
fn days_have_the_hours_that_clocks_give_them() {
    for (zone, from, to, hours) in [
        ("Europe/Berlin", "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z", vec![24, 23, 24]),
        ("Europe/Berlin", "2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z", vec![24, 25, 24]),
        ("America/New_York", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", vec![25]),
        ("Asia/Kathmandu", "2026-01-01T18:15:00Z", "2026-01-03T18:15:00Z", vec![24, 24]),
        // Clocks that change at midnight: the day begins at one, or has two first hours.
        ("Africa/Cairo", "2026-04-22T22:00:00Z", "2026-04-24T21:00:00Z", vec![24, 23]),
        ("America/Havana", "2024-11-02T04:00:00Z", "2024-11-04T05:00:00Z", vec![24, 25]),
        // One that goes back into the day before.
        ("America/Asuncion", "2023-03-25T03:00:00Z", "2023-03-27T04:00:00Z", vec![25, 24]),
        // A day that there was not.
        ("Pacific/Apia", "2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z", vec![24, 24]),
    ] {
        assert_eq!(hours_of_days(zone, from, to), hours, "{zone}");
    }
}

#[test]
fn shorter_buckets_keep_their_length_and_start_on_the_wall() {
    let berlin = zone("Europe/Berlin").unwrap();
    let night = (at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z"));
    let hours = starts(&berlin, 60, night).unwrap();
    assert_eq!(hours.len(), 25);
    assert!(hours.iter().zip(hours.iter().skip(1)).all(|(left, right)| right - left == HOUR_MS));
    let kathmandu = zone("Asia/Kathmandu").unwrap();
    let (from, to) = (at("2026-01-01T00:05:00Z"), at("2026-01-01T03:00:00Z"));
    let hours = starts(&kathmandu, 60, (from, to)).unwrap();
    assert_eq!(
        hours,
        ["2025-12-31T23:15:00Z", "2026-01-01T00:15:00Z", "2026-01-01T01:15:00Z", "2026-01-01T02:15:00Z"].map(at)
    );
    // Half an hour forward: between two changes everything is even, and the change is an edge.
    let lord_howe = zone("Australia/Lord_Howe").unwrap();
    let hours = starts(&lord_howe, 60, (at("2026-10-03T14:30:00Z"), at("2026-10-03T17:00:00Z"))).unwrap();
    assert_eq!(hours, ["2026-10-03T14:30:00Z", "2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z"].map(at));
    let later = starts(&lord_howe, 60, (at("2026-10-03T15:40:00Z"), at("2026-10-03T17:00:00Z"))).unwrap();
    assert_eq!(later, ["2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z"].map(at));
}

#[test]
fn times_before_clocks_were_set_by_the_hour_are_refused() {
    let error =
        starts(&zone("Africa/Monrovia").unwrap(), 1_440, (at("1950-01-01T00:00:00Z"), at("1950-01-09T00:00:00Z")));
    assert_eq!(error.unwrap_err().param(), Some("time_zone"));
}

proptest! {
    /// Whatever the zone and the window, buckets ascend, begin at or before the window and follow one another.
    #[test]
    fn buckets_ascend_and_cover_the_window(
        name in prop::sample::select(vec!["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns",
            "Pacific/Chatham", "Africa/Cairo", "America/Havana", "Pacific/Apia", "Africa/Casablanca", "Asia/Kolkata"]),
        minutes in prop::sample::select(vec![5_u32, 10, 15, 30, 60, 120, 180, 360, 720, 1_440]),
        from in 3_000_000_i64..6_500_000,
        length in 1_i64..3_000,
    ) {
        let (from, to) = (from * 300_000, (from + length) * 300_000);
        let zone = zone(name).unwrap();
        let starts = starts(&zone, minutes, (from, to)).unwrap();
        prop_assert!(starts.first().is_some_and(|first| *first <= from));
        prop_assert!(starts.last().is_some_and(|last| *last < to));
        prop_assert!(starts.iter().skip(1).all(|start| *start > from));
        for (left, right) in starts.iter().zip(starts.iter().skip(1)) {
            prop_assert!(left < right);
            // No bucket is longer than its length and what clocks go back by.
            prop_assert!(right - left <= i64::from(minutes) * MINUTE_MS + 24 * HOUR_MS);
        }
        // The same instants are edges whatever the window is.
        let later = super::starts(&zone, minutes, (from + 300_000, to + 300_000)).unwrap();
        for start in starts.iter().skip(1).filter(|start| **start > from + 300_000) {
            prop_assert!(later.contains(start));
        }
        let civil: Vec<_> = starts.iter().map(|start| {
            let time = Instant::from_millisecond(*start).unwrap().to_zoned(zone.clone()).time();
            i64::from(time.hour()) * 60 + i64::from(time.minute())
        }).collect();
        if minutes == 1_440 {
            prop_assert!(civil.iter().all(|minute| *minute <= 60), "{:?}", civil);
        }
    }
}
