//! Times as text.

use std::cell::Cell;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::time::from_system_time;

/// A time such as `2025-12-27T04:30:00.000Z`: RFC 3339, UTC, milliseconds.
pub(crate) type TimeText = [u8; 24];

thread_local! {
    /// The text of the last formatted second. The type has no destructor.
    static LAST_SECOND: Cell<(i64, [u8; 20])> = const { Cell::new((i64::MIN, [0; 20])) };
}

/// Returns the time as RFC 3339, UTC, with milliseconds. It formats the date once per second.
pub(crate) fn rfc3339(time: DateTime<Utc>) -> TimeText {
    format_time(time.timestamp(), time.timestamp_subsec_millis(), || time)
}

/// Returns a system time as RFC 3339, UTC, with milliseconds.
pub fn rfc3339_of(time: SystemTime) -> TimeText {
    rfc3339(from_system_time(time))
}

fn format_time(second: i64, millis: u32, time: impl FnOnce() -> DateTime<Utc>) -> TimeText {
    let known = LAST_SECOND.try_with(Cell::get).ok().filter(|(known, _)| *known == second);
    let seconds = known.map(|(_, text)| text).unwrap_or_else(|| {
        let mut text = [b'0'; 20];
        let formatted = time().format("%Y-%m-%dT%H:%M:%S.").to_string();
        // Other years than those with four digits are cut. The text stays ASCII.
        text.copy_from_slice(&formatted.as_bytes()[..20]);
        let _ = LAST_SECOND.try_with(|last| last.set((second, text)));
        text
    });
    let millis = millis.min(999);
    let mut text = [b'Z'; 24];
    text[..20].copy_from_slice(&seconds);
    for (place, unit) in [(20, 100), (21, 10), (22, 1)] {
        text[place] = b'0' + (millis / unit % 10) as u8;
    }
    text
}

/// Returns the time as RFC 3339 in a string.
pub(crate) fn rfc3339_string(time: DateTime<Utc>) -> String {
    String::from_utf8_lossy(&rfc3339(time)).into_owned()
}

/// Returns the time for file names, which sort by it: `20251227T043000.000Z`.
pub fn compact(time: DateTime<Utc>) -> String {
    let mut compact = String::with_capacity(size_of::<TimeText>());
    compact.extend(rfc3339(time).iter().filter(|byte| !b"-:".contains(byte)).map(|&byte| char::from(byte)));
    compact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_of_the_same_second() {
        for (time, text) in [
            ("2025-12-27T04:30:00.007Z", "2025-12-27T04:30:00.007Z"),
            ("2025-12-27T04:30:00.999999Z", "2025-12-27T04:30:00.999Z"),
            ("2025-12-27T04:30:01Z", "2025-12-27T04:30:01.000Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"),
        ] {
            let time: DateTime<Utc> = time.parse().unwrap();
            assert_eq!(rfc3339_string(time), text);
            assert_eq!(rfc3339_of(time.into()), rfc3339(time));
            assert_eq!(compact(time), text.replace(['-', ':'], ""));
        }
        rfc3339(DateTime::<Utc>::MIN_UTC);
        rfc3339(DateTime::<Utc>::MAX_UTC);
    }
}
