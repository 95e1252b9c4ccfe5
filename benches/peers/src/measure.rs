//! Nanoseconds per operation: medians of batches.

use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use serde_json::{Map, Value};

use crate::operations::Meter;

const BATCHES: usize = 41;
const BATCH: Duration = Duration::from_millis(2);
/// Batches of elapsed time are shorter by this factor, so that few of them are interrupted.
const SHORT: u32 = 20;
/// Enough time for a writer thread to empty its queue.
const PAUSE: Duration = Duration::from_millis(300);

/// Nanoseconds by operation.
#[derive(Debug, Default)]
pub struct Times(pub Map<String, Value>);

impl Meter for Times {
    fn pause(&self) {
        std::thread::sleep(PAUSE);
    }

    /// Computing time of this thread: the machine may have other work.
    fn alone(&mut self, operation: &'static str, work: impl Fn()) {
        self.insert(operation, nanoseconds(BATCHES, BATCH, || ThreadTime::now().as_duration(), work));
    }

    /// Elapsed time: a thread that waits for the other does not compute.
    fn with_second_thread(&mut self, operation: &'static str, work: impl Fn()) {
        let started = Instant::now();
        self.insert(operation, nanoseconds(BATCHES * SHORT as usize, BATCH / SHORT, || started.elapsed(), work));
    }
}

impl Times {
    fn insert(&mut self, operation: &str, nanoseconds: f64) {
        self.0.insert(operation.to_owned(), nanoseconds.into());
    }
}

fn nanoseconds(batches: usize, duration: Duration, now: impl Fn() -> Duration, work: impl Fn()) -> f64 {
    let batch = |size: u32| {
        let started = now();
        (0..size).for_each(|_| work());
        now() - started
    };
    let size = batch_size(duration, batch);
    median((0..batches).map(|_| batch(size).as_nanos() as f64 / f64::from(size)).collect())
}

/// Doubles the batch until it takes `duration`, which is also the warm-up.
fn batch_size(duration: Duration, batch: impl Fn(u32) -> Duration) -> u32 {
    let mut size = 16;
    while batch(size) < duration {
        size *= 2;
    }
    size
}

pub fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
