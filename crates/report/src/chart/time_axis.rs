//! Intervals of time and their ticks.

use chrono::{DateTime, Utc};

use super::scale::AxisTick;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Seconds, minutes and hours that divide the next larger unit.
const SECONDS: [i64; 6] = [1, 2, 5, 10, 15, 30];
const HOURS: [i64; 5] = [1, 2, 3, 6, 12];
const DAYS: [i64; 9] = [1, 2, 7, 14, 28, 91, 182, 364, 3640];

/// Equal intervals from the first to the last time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeAxis {
    /// The beginning of the first interval in seconds since 1970.
    start: i64,
    /// The length of an interval in seconds.
    step: i64,
    /// Number of intervals.
    pub(crate) len: usize,
}

impl TimeAxis {
    /// Divides the time from the first to the last time into at most this many intervals.
    pub(crate) fn new(first: DateTime<Utc>, last: DateTime<Utc>, max: usize) -> Self {
        let (first, last) = (first.timestamp(), last.timestamp().max(first.timestamp()));
        let step = step_for(last - first, max.saturating_sub(1).max(1));
        let start = first.div_euclid(step) * step;
        TimeAxis { start, step, len: ((last - start) / step + 1) as usize }
    }

    /// Returns the interval of a time.
    pub(crate) fn interval(&self, time: DateTime<Utc>) -> usize {
        (((time.timestamp() - self.start) / self.step).max(0) as usize).min(self.len - 1)
    }

    /// Returns the beginning of an interval.
    pub(crate) fn start_of(&self, interval: usize) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.start + interval as i64 * self.step, 0)
    }

    /// Returns the length of an interval in words.
    pub(crate) fn step_text(&self) -> String {
        let (count, unit) = match self.step {
            step if step % DAY == 0 => (step / DAY, "day"),
            step if step % HOUR == 0 => (step / HOUR, "hour"),
            step if step % MINUTE == 0 => (step / MINUTE, "minute"),
            step => (step, "second"),
        };
        text::count(count as usize, unit)
    }

    /// Returns at most this many ticks.
    pub(crate) fn ticks(&self, max: usize) -> Vec<AxisTick> {
        let length = self.len as i64 * self.step;
        let step = step_for(length, max);
        let first = (self.start + step - 1).div_euclid(step) * step;
        let format = match step {
            step if step >= 91 * DAY => "%Y-%m",
            step if step >= DAY => "%b %-d",
            step if step >= MINUTE => "%H:%M",
            _ => "%H:%M:%S",
        };
        let times = (0..max as i64).map(|index| first + index * step).take_while(|time| *time <= self.start + length);
        let tick = |time: i64| {
            let label = DateTime::from_timestamp(time, 0)?.format(format).to_string();
            Some(AxisTick { position: (time - self.start) as f64 / length as f64, label })
        };
        times.filter_map(tick).collect()
    }
}

/// The shortest step of which at most this many fit into the length.
fn step_for(length: i64, max: usize) -> i64 {
    let minutes = SECONDS.into_iter().map(|count| count * MINUTE);
    let hours = HOURS.into_iter().map(|count| count * HOUR);
    let days = DAYS.into_iter().map(|count| count * DAY);
    let mut steps = SECONDS.into_iter().chain(minutes).chain(hours).chain(days);
    steps.find(|step| length / step < max as i64).unwrap_or((length / max as i64 / DAY + 1) * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(first: &str, last: &str) -> TimeAxis {
        TimeAxis::new(first.parse().unwrap(), last.parse().unwrap(), 60)
    }

    #[test]
    fn intervals_have_round_lengths() {
        let week = axis("2026-12-01T04:30:00Z", "2026-12-08T04:30:00Z");
        assert_eq!((&*week.step_text(), week.len), ("3 hours", 57));
        let labels: Vec<String> = week.ticks(5).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["Dec 3", "Dec 5", "Dec 7"]);
        let one = axis("2026-12-01T04:30:00Z", "2026-12-01T04:30:00Z");
        assert_eq!((&*one.step_text(), one.len), ("1 second", 1));
    }

    #[test]
    fn all_times_have_an_interval() {
        let now = "2026-12-01T04:30:00Z".parse().unwrap();
        for (first, last) in [(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC), (DateTime::UNIX_EPOCH, now)] {
            let axis = TimeAxis::new(first, last, 60);
            assert!((1..=61).contains(&axis.len), "{axis:?}");
            assert_eq!((axis.interval(first), axis.interval(last)), (0, axis.len - 1));
            assert!(axis.ticks(4).len() <= 4);
        }
    }
}
