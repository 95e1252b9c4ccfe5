//! A point in time as people say it.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

/// `2h` ago, `2026-11-25`, `2026-11-25 14:30`, or a full RFC 3339 time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment(pub(crate) DateTime<Utc>);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        moment(text, Utc::now()).map(Moment)
    }
}

const EXPECTED: &str = "expected an age such as 90s, 2h, 3d or 1week, or a time such as 2026-11-25, \"2026-11-25 14:30\" \
                        (local) or 2026-11-25T14:30:00Z";

fn moment(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    if let Ok(age) = humantime::parse_duration(text) {
        return ago(age, now).ok_or_else(|| format!("{text} ago is before all calendars"));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.with_timezone(&Utc));
    }
    let formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    let time = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let date = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|date| date.and_time(NaiveTime::MIN));
    let local = time.or_else(date).ok_or(EXPECTED)?;
    let time = Local.from_local_datetime(&local).earliest();
    time.map(|time| time.with_timezone(&Utc)).ok_or_else(|| format!("the clocks here passed over {text}"))
}

fn ago(age: Duration, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    now.checked_sub_signed(chrono::TimeDelta::from_std(age).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_times() {
        let now: DateTime<Utc> = "2026-11-25T14:30:00Z".parse().unwrap();
        let local = |time: &str| {
            let time: NaiveDateTime = time.parse().unwrap();
            Local.from_local_datetime(&time).unwrap().with_timezone(&Utc)
        };
        for (text, expected) in [
            ("2h", "2026-11-25T12:30:00Z".parse().unwrap()),
            ("1d 30m", "2026-11-24T14:00:00Z".parse().unwrap()),
            ("2026-11-01T00:00:00+01:00", "2026-10-31T23:00:00Z".parse().unwrap()),
            ("2026-11-01", local("2026-11-01T00:00:00")),
            ("2026-11-01 14:30", local("2026-11-01T14:30:00")),
            ("2026-11-01T14:30:05", local("2026-11-01T14:30:05")),
        ] {
            assert_eq!(moment(text, now), Ok(expected), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "7", "900000000000000d"] {
            assert!(moment(text, now).is_err(), "{text}");
        }
    }
}
