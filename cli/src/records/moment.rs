//! A point in time as people say it.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};

/// `2h` ago, `2026-11-25`, `2026-11-25 14:30`, or a full RFC 3339 time; from its beginning to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        moment(text, tracing_failure::time::now().with_timezone(&Local))
    }
}

const EXPECTED: &str = "expected an age such as 90s, 2h, 3d or 1week, or a time such as today, 2026-11-25, \
                        \"2026-11-25 14:30\" (local) or 2026-11-25T14:30:00Z";

/// Local times, and how long each of them lasts.
const FORMATS: &[(&str, TimeDelta)] = &[
    ("%Y-%m-%d %H:%M:%S%.f", TimeDelta::milliseconds(999)),
    ("%Y-%m-%dT%H:%M:%S%.f", TimeDelta::milliseconds(999)),
    ("%Y-%m-%d %H:%M", TimeDelta::milliseconds(59_999)),
    ("%Y-%m-%dT%H:%M", TimeDelta::milliseconds(59_999)),
];

fn moment(text: &str, now: DateTime<Local>) -> Result<Moment, String> {
    let at = |time: DateTime<Utc>| Moment { start: time, end: time };
    if let Ok(age) = humantime::parse_duration(text) {
        return ago(age, now.to_utc()).map(at).ok_or_else(|| format!("{text} ago is before all calendars"));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(at(time.to_utc()));
    }
    let date = match text {
        "today" => Some(now.date_naive()),
        "yesterday" => now.date_naive().pred_opt(),
        text => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok(),
    };
    let parse =
        |(format, length): &(&str, TimeDelta)| Some((NaiveDateTime::parse_from_str(text, format).ok()?, *length));
    let day = TimeDelta::days(1) - TimeDelta::milliseconds(1);
    let time = date.map(|date| (date.and_time(NaiveTime::MIN), day)).or_else(|| FORMATS.iter().find_map(parse));
    // Two digits of a year are no year.
    let (time, length) = time.filter(|(time, _)| time.year() > 1000).ok_or(EXPECTED)?;
    let start = Local.from_local_datetime(&time).earliest().map(|time| time.to_utc());
    let start = start.ok_or_else(|| format!("the clocks here passed over {text}"))?;
    Ok(Moment { start, end: start + length })
}

fn ago(age: Duration, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
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
            ("2026-11-01T00:00:00+01:00", utc("2026-10-31T23:00:00Z"), utc("2026-10-31T23:00:00Z")),
            ("2026-11-01", local("2026-11-01T00:00:00"), local("2026-11-01T23:59:59.999")),
            ("today", local("2026-11-25T00:00:00"), local("2026-11-25T23:59:59.999")),
            ("yesterday", local("2026-11-24T00:00:00"), local("2026-11-24T23:59:59.999")),
            ("2026-11-01 14:30", local("2026-11-01T14:30:00"), local("2026-11-01T14:30:59.999")),
            ("2026-11-01T14:30:05", local("2026-11-01T14:30:05"), local("2026-11-01T14:30:05.999")),
        ] {
            assert_eq!(moment(text, now), Ok(Moment { start, end }), "{text}");
        }
        for text in ["", "tomorrow", "2026-13-01", "26-11-25", "7", "900000000000000d"] {
            assert!(moment(text, now).is_err(), "{text}");
        }
    }
}
