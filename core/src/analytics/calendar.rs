//! Where buckets begin in a time zone. Pure: the zones are compiled in, so that every machine gives the same answer.
//!
//! Buckets of more than an hour follow the clock on the wall: they begin at midnight and at whole multiples from there,
//! and the one in which clocks change is longer or shorter. Buckets up to an hour keep their length, and begin at whole
//! multiples of the hour on the wall.

use jiff::{
    Timestamp as Instant,
    civil::{Date, Time},
    tz::TimeZone,
};

use crate::{
    error::{Error, Result},
    rollup::Step,
};

const MINUTE_MS: i64 = 60_000;

/// The zone of an IANA name.
pub(super) fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| {
        Error::invalid("time_zone", format!("time_zone is {name:?}, which is no IANA time zone such as Europe/Berlin"))
    })
}

/// Where the buckets begin that a window touches, in milliseconds; the first one at or before the window.
pub(super) fn starts(zone: &TimeZone, minutes: u32, window: (i64, i64)) -> Result<Vec<i64>> {
    let starts = if minutes > 60 { by_the_wall(zone, minutes, window) } else { of_one_length(zone, minutes, window) };
    let starts = starts.ok_or_else(|| Error::invalid("since", "the window lies beyond the calendar"))?;
    // Before clocks were set by the hour, some zones were seconds off.
    match starts.iter().all(|start| Step::FiveMinutes.floor(*start) == *start) {
        true => Ok(starts),
        false => Err(Error::invalid(
            "time_zone",
            "the clocks of this time_zone did not stand on whole five minutes then; choose UTC for such times",
        )),
    }
}

fn by_the_wall(zone: &TimeZone, minutes: u32, (from, to): (i64, i64)) -> Option<Vec<i64>> {
    let mut date = Instant::from_millisecond(from).ok()?.to_zoned(zone.clone()).date();
    let mut starts: Vec<i64> = Vec::new();
    loop {
        for minute in (0..1_440).step_by(usize::try_from(minutes).ok()?) {
            let start = instant(zone, date, minute)?;
            if start >= to {
                return Some(starts);
            }
            if start <= from {
                // The last one of these is where the first bucket begins.
                starts.clear();
            }
            // A time that clocks leave out is the next one that they show.
            if starts.last().is_none_or(|last| *last < start) {
                starts.push(start);
            }
        }
        date = date.tomorrow().ok()?;
    }
}

/// When clocks show that minute of a day, for the first time.
fn instant(zone: &TimeZone, date: Date, minute: i32) -> Option<i64> {
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    let time = Time::new(hour, minute, 0, 0).ok()?;
    Some(date.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
}

fn of_one_length(zone: &TimeZone, minutes: u32, (from, to): (i64, i64)) -> Option<Vec<i64>> {
    let length = i64::from(minutes) * MINUTE_MS;
    let (mut at, mut starts) = (from, Vec::new());
    // Between two changes of the clocks, multiples of the length are evenly spaced.
    while at < to {
        let instant = Instant::from_millisecond(at).ok()?;
        let on_the_wall = (at + offset_ms(zone, instant)).rem_euclid(length);
        let first = at - on_the_wall;
        if starts.is_empty() {
            starts.push(last_shift(zone, instant, length).map_or(first, |shift| shift.max(first)));
        } else if on_the_wall == 0 || shifts(zone, instant, length)? {
            starts.push(at);
        }
        let change = next_change(zone, instant).unwrap_or(i64::MAX).min(to);
        let mut next = first + length;
        while next < change {
            starts.push(next);
            next += length;
        }
        at = change;
    }
    Some(starts)
}

fn offset_ms(zone: &TimeZone, instant: Instant) -> i64 {
    i64::from(zone.to_offset(instant).seconds()) * 1_000
}

/// Whether a change of the clocks moves the multiples of a length: half an hour those of an hour.
fn shifts(zone: &TimeZone, change: Instant, length: i64) -> Option<bool> {
    let before = Instant::from_millisecond(change.as_millisecond().checked_sub(1)?).ok()?;
    Some((offset_ms(zone, change) - offset_ms(zone, before)).rem_euclid(length) != 0)
}

/// The first instant after this one at which clocks are changed.
fn next_change(zone: &TimeZone, instant: Instant) -> Option<i64> {
    let offset = zone.to_offset(instant);
    zone.following(instant).find(|change| change.offset() != offset).map(|change| change.timestamp().as_millisecond())
}

/// The last change up to this instant, where it moves the multiples of the length.
fn last_shift(zone: &TimeZone, instant: Instant, length: i64) -> Option<i64> {
    let just_after = Instant::from_millisecond(instant.as_millisecond().checked_add(1)?).ok()?;
    let last = zone.preceding(just_after).next()?.timestamp();
    shifts(zone, last, length)?.then(|| last.as_millisecond())
}

#[cfg(test)]
mod tests;
