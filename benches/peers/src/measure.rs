//! Nanoseconds per operation: medians of batches.

use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use serde_json::{Map, Value};

use crate::operations::Meter;

const BATCHES: usize = 41;
const BATCH: Duration = Duration::from_millis(2);
/// Until a writer has written the lines of the operation before.
const PAUSE: Duration = Duration::from_millis(150);

/// Nanoseconds by operation.
#[derive(Debug, Default)]
pub struct Times(pub Map<String, Value>);

impl Meter for Times {
    /// The time that this thread has computed: the machine may have other work.
    fn alone(&mut self, operation: &'static str, work: impl Fn()) {
        self.insert(operation, || ThreadTime::now().as_duration(), work);
    }

    /// The time that passes: a thread that waits for the other does not compute.
    fn beside_another(&mut self, operation: &'static str, work: impl Fn()) {
        let started = Instant::now();
        self.insert(operation, || started.elapsed(), work);
    }
}

impl Times {
    fn insert(&mut self, operation: &str, now: impl Fn() -> Duration, work: impl Fn()) {
        std::thread::sleep(PAUSE);
        self.0.insert(operation.to_owned(), nanoseconds(now, work).into());
    }
}

fn nanoseconds(now: impl Fn() -> Duration, work: impl Fn()) -> f64 {
    let batch = |size: u32| {
        let started = now();
        (0..size).for_each(|_| work());
        now() - started
    };
    let size = batch_size(batch);
    median((0..BATCHES).map(|_| batch(size).as_nanos() as f64 / f64::from(size)).collect())
}

/// Doubles the batch until it takes its time, which warms up as well.
fn batch_size(batch: impl Fn(u32) -> Duration) -> u32 {
    let mut size = 64;
    while batch(size) < BATCH {
        size *= 2;
    }
    size
}

pub fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
