//! Times and ages on the command line.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike, Local, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};

/// The time range that an age (`2h`), a date (`2026-11-25`), a local time (`2026-11-25 14:30`) or an RFC 3339 time
/// denotes.
///
/// The last digit determines the length of the range: a day, a minute, a second or a fraction of a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TimeRange {
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
}

impl FromStr for TimeRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_time_range(text, record::time::now().with_timezone(&Local))
    }
}

const EXPECTED: &str = "expected an age such as 90s, 2h, 3d or 1week, or a time such as today, 2026-11-25, \
                        \"2026-11-25 14:30\" (local) or 2026-11-25T14:30:00Z";

/// Formats of local times.
const SECOND_FORMATS: [&str; 2] = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
const MINUTE_FORMATS: [&str; 2] = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
/// Upper bound for the offset of local times from UTC.
const MAX_UTC_OFFSET: TimeDelta = TimeDelta::hours(26);
const RESOLUTION: TimeDelta = TimeDelta::nanoseconds(1);

fn parse_time_range(text: &str, now: DateTime<Local>) -> Result<TimeRange, String> {
    if let Ok(age) = humantime::parse_duration(text) {
        let then = before(age, now.to_utc()).ok_or_else(|| format!("{text} ago is out of range"))?;
        return Ok(TimeRange { start: then, end: then });
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        let start = time.to_utc();
        return Ok(TimeRange { start, end: start + precision(text) - RESOLUTION });
    }
    let date = match text {
        "today" => Some(now.date_naive()),
        "yesterday" => now.date_naive().pred_opt(),
        text => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok(),
    };
    if let Some(date) = date.filter(|date| is_four_digit_year(date.year())) {
        return day_range(date).ok_or_else(|| format!("{text} is out of range"));
    }
    let parse =
        |format: &&str| NaiveDateTime::parse_from_str(text, format).ok().filter(|time| is_four_digit_year(time.year()));
    let to_second = SECOND_FORMATS.iter().find_map(parse).map(|time| (time, precision(text)));
    let to_minute = || MINUTE_FORMATS.iter().find_map(parse).map(|time| (time, TimeDelta::minutes(1)));
    let (time, length) = to_second.or_else(to_minute).ok_or(EXPECTED)?;
    let instants = instants(time);
    let (first, last) = instants
        .iter()
        .min()
        .zip(instants.iter().max())
        .ok_or_else(|| format!("{text} does not exist in the local time zone: the clocks skip it"))?;
    Ok(TimeRange { start: *first, end: *last + length - RESOLUTION })
}

/// Rejects years with two digits.
fn is_four_digit_year(year: i32) -> bool {
    year > 1000
}

/// The length of the range that the last digit denotes: a second, or a millisecond with three decimals.
fn precision(text: &str) -> TimeDelta {
    let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
    let decimals = decimals.bytes().take_while(u8::is_ascii_digit).count().min(9);
    TimeDelta::nanoseconds(10_i64.pow(9 - decimals as u32))
}

/// A day in local time. It is not 24 hours long when the clocks change.
fn day_range(date: NaiveDate) -> Option<TimeRange> {
    Some(TimeRange { start: first_instant(date)?, end: first_instant(date.succ_opt()?)? - RESOLUTION })
}

/// The first instant at which the local date is `date` or later. Some days have no midnight, others have two.
fn first_instant(date: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = date.and_time(NaiveTime::MIN).and_utc();
    let mut before = midnight.checked_sub_signed(MAX_UTC_OFFSET)?;
    let mut after = midnight.checked_add_signed(MAX_UTC_OFFSET)?;
    while after - before > RESOLUTION {
        let middle = before + (after - before) / 2;
        if middle.with_timezone(&Local).date_naive() < date { before = middle } else { after = middle }
    }
    Some(after)
}

/// The instants with this local time: two if the clocks go back, none if they skip it.
fn instants(time: NaiveDateTime) -> Vec<DateTime<Utc>> {
    let extremes = [-MAX_UTC_OFFSET, MAX_UTC_OFFSET].map(|far| time.checked_add_signed(far).unwrap_or(time));
    let offsets = extremes.map(|time| Local.offset_from_utc_datetime(&time).fix());
    let instants = offsets.iter().filter_map(|offset| Some(offset.from_local_datetime(&time).single()?.to_utc()));
    instants.filter(|instant| instant.with_timezone(&Local).naive_local() == time).collect()
}

fn before(age: Duration, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    now.checked_sub_signed(TimeDelta::from_std(age).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_times_with_their_ends() {
        let now = Local.with_ymd_and_hms(2026, 11, 25, 14, 30, 0).unwrap();
        let local = |time: &str| {
            let time: NaiveDateTime = time.parse().unwrap();
            Local.from_local_datetime(&time).unwrap().to_utc()
        };
        let utc = |time: &str| time.parse::<DateTime<Utc>>().unwrap();
        for (text, start, end) in [
            ("2h", local("2026-11-25T12:30:00"), local("2026-11-25T12:30:00")),
            ("1d 30m", local("2026-11-24T14:00:00"), local("2026-11-24T14:00:00")),
            ("2026-11-01T00:00:00+01:00", utc("2026-10-31T23:00:00Z"), utc("2026-10-31T23:00:00.999999999Z")),
            ("2026-11-01", local("2026-11-01T00:00:00"), local("2026-11-01T23:59:59.999999999")),
            ("today", local("2026-11-25T00:00:00"), local("2026-11-25T23:59:59.999999999")),
            ("yesterday", local("2026-11-24T00:00:00"), local("2026-11-24T23:59:59.999999999")),
            ("2026-11-01 14:30", local("2026-11-01T14:30:00"), local("2026-11-01T14:30:59.999999999")),
            ("2026-11-01T14:30:05.25", local("2026-11-01T14:30:05.25"), local("2026-11-01T14:30:05.259999999")),
            ("2026-11-01T14:30:05.250Z", utc("2026-11-01T14:30:05.25Z"), utc("2026-11-01T14:30:05.250999999Z")),
            ("2026-11-01T14:30:05", local("2026-11-01T14:30:05"), local("2026-11-01T14:30:05.999999999")),
        ] {
            assert_eq!(parse_time_range(text, now), Ok(TimeRange { start, end }), "{text}");
        }
        for text in ["", "tomorrow", "2026-13-01", "26-11-25", "7", "900000000000000d"] {
            assert!(parse_time_range(text, now).is_err(), "{text}");
        }
    }
}
