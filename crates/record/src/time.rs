//! Times, and ids that contain a time.
//!
//! The id of a record begins with its time. Records therefore have the same order by time, by id and by file name, and
//! the newest record is the same in each.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use uuid::{Timestamp, Uuid};

/// Nanoseconds per tick: the resolution of the time in an id.
const TICK_NANOS: i64 = 250;
const TICKS_PER_SECOND: i64 = 1_000_000_000 / TICK_NANOS;

/// Maximum step back of the clock, in ticks, that is hidden: time advances by single ticks until the clock has caught
/// up. After a larger step, time follows the clock.
const MAX_STEP_BACK: i64 = 60 * TICKS_PER_SECOND;

/// The seconds that RFC 3339 can express: the years 1 to 9999.
const RFC3339_SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Returns the time of the system clock. Unlike `Utc::now`, it does not panic before 1970.
fn system_time() -> DateTime<Utc> {
    from_system_time(SystemTime::now())
}

pub(crate) fn from_system_time(time: SystemTime) -> DateTime<Utc> {
    let time: (i64, u32) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => (-seconds, 0),
                nanos => (-seconds - 1, 1_000_000_000 - nanos),
            }
        }
    };
    let (seconds, nanos) = (time.0.clamp(*RFC3339_SECONDS.start(), *RFC3339_SECONDS.end()), time.1);
    DateTime::from_timestamp(seconds, nanos).unwrap_or_default()
}

/// Returns the current time. It never panics. Each call in a process returns a later time than the call before, unless
/// the clock was set back by more than a minute.
///
/// ```
/// let earlier = tracing_failure::record::time::now();
/// assert!(earlier < tracing_failure::record::time::now());
/// ```
pub fn now() -> DateTime<Utc> {
    static LAST_TICK: AtomicI64 = AtomicI64::new(i64::MIN);
    from_ticks(next_tick(&LAST_TICK, ticks(system_time())))
}

/// Returns the tick of the clock if it is later than the last tick or far before it, otherwise the tick after the last
/// one.
fn next_tick(last: &AtomicI64, now: i64) -> i64 {
    let follow = |last: i64| if last < now || last - now > MAX_STEP_BACK { now } else { last + 1 };
    let before = last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(follow(last)));
    follow(before.unwrap_or(i64::MIN))
}

fn ticks(time: DateTime<Utc>) -> i64 {
    time.timestamp() * TICKS_PER_SECOND + i64::from(time.timestamp_subsec_nanos().min(999_999_999)) / TICK_NANOS
}

fn from_ticks(ticks: i64) -> DateTime<Utc> {
    let nanos = ticks.rem_euclid(TICKS_PER_SECOND) * TICK_NANOS;
    DateTime::from_timestamp(ticks.div_euclid(TICKS_PER_SECOND), nanos as u32).unwrap_or_default()
}

/// Returns a new UUIDv7 of this time. Ids of later times are greater, down to a quarter of a microsecond.
///
/// Ids of times before 1970, which a UUIDv7 cannot express, all begin with zeros.
///
/// ```
/// use tracing_failure::record::time::{id_at, now};
///
/// let (earlier, later) = (now(), now());
/// assert!(id_at(earlier) < id_at(later));
/// ```
pub fn id_at(time: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(time.timestamp()).unwrap_or(0);
    let nanos = if time.timestamp() < 0 { 0 } else { time.timestamp_subsec_nanos().min(999_999_999) };
    // The 12 bits after the milliseconds, as RFC 9562 suggests in section 6.2.
    let fraction = u128::from(nanos % 1_000_000) * 4096 / 1_000_000;
    Uuid::new_v7(Timestamp::from_unix_time(seconds, nanos, fraction, 12))
}

/// Returns a new UUIDv7 of the current time. It is greater than all ids that this process created before.
///
/// ```
/// use tracing_failure::record::time::new_id;
///
/// assert!(new_id() < new_id());
/// ```
pub fn new_id() -> Uuid {
    id_at(now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_text::{rfc3339, rfc3339_of, rfc3339_string};

    #[test]
    fn a_clock_may_show_anything() {
        let epoch = SystemTime::UNIX_EPOCH;
        let second = std::time::Duration::from_secs(1);
        for (time, text) in [
            (Some(epoch - second / 4), "1969-12-31T23:59:59.750Z"),
            (Some(epoch - second), "1969-12-31T23:59:59.000Z"),
            (epoch.checked_sub(second * 3_000_000_000), "1874-12-07T18:40:00.000Z"),
            (epoch.checked_sub(second * u32::MAX * 1000), "0001-01-01T00:00:00.000Z"),
            (epoch.checked_add(second * u32::MAX * 1000), "9999-12-31T23:59:59.000Z"),
        ] {
            let Some(time) = time else { continue };
            let utc = from_system_time(time);
            assert_eq!(rfc3339_string(utc), text);
            assert_eq!(rfc3339_of(time), rfc3339(utc));
            assert_eq!(from_ticks(ticks(utc)), utc);
            assert_eq!(id_at(utc).get_version_num(), 7);
        }
    }

    #[test]
    fn times_and_ids_are_in_one_order() {
        let mut earlier = now();
        for _ in 0..10_000 {
            let later = now();
            assert!(earlier < later && id_at(earlier) < id_at(later));
            earlier = later;
        }
        let of_id = id_at(earlier).get_timestamp().unwrap().to_unix();
        assert_eq!((of_id.0 as i64, of_id.1 / 1_000_000), (earlier.timestamp(), earlier.timestamp_subsec_millis()));
        assert_ne!(id_at(earlier), id_at(earlier));
    }

    #[test]
    fn small_steps_back_are_ignored() {
        let last = AtomicI64::new(i64::MIN);
        let next = |now| next_tick(&last, now);
        assert_eq!([next(100), next(100), next(7), next(50), next(105)], [100, 101, 102, 103, 105]);
        assert_eq!(
            [next(105 - MAX_STEP_BACK), next(104 - MAX_STEP_BACK), next(0 - MAX_STEP_BACK)],
            [106, 104 - MAX_STEP_BACK, 105 - MAX_STEP_BACK]
        );
    }
}
