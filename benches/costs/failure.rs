//! One failure and a burst of failures, compared with the least work that a record needs.

use std::fs;
use std::path::Path;
use std::time::Instant;

use tracing::{Dispatch, error};
use tracing_failure::{Failure, Guard};
use tracing_subscriber::prelude::*;

use crate::operations::computation;
use crate::subscribers::failure_layer;

/// The time of a reference and the time of the recorder, in nanoseconds.
pub(crate) type Pair = [f64; 2];

pub(crate) fn fail() {
    computation().in_scope(|| error!(t = -9.78, residual = f64::NAN, "step size underflow"));
}

/// The least work: serialise a record, take a backtrace without names, and create, write and rename a file. File names
/// are as long as those of records, because the cost of a directory grows with them.
pub(crate) struct Floor {
    record: Failure,
    dir: std::path::PathBuf,
    number: u64,
}

impl Floor {
    pub(crate) fn of(failures: &Path, dir: std::path::PathBuf) -> Self {
        fs::create_dir_all(&dir).expect("the temporary directory is writable");
        let record = Failure::from_path(failures.join("latest.json")).expect("a failure was recorded");
        Floor { record, dir, number: 0 }
    }

    pub(crate) fn write(&mut self) {
        self.number += 1;
        let mut addresses = Vec::new();
        backtrace::trace(|frame| {
            addresses.push(frame.ip().addr());
            true
        });
        std::hint::black_box(&addresses);
        let json = self.record.to_json();
        let name = format!("rg_flow_20251227T043000.000Z_{:036}.json", self.number);
        let temporary = self.dir.join(format!(".{name}.tmp"));
        fs::write(&temporary, &json).expect("the temporary directory is writable");
        fs::rename(&temporary, self.dir.join(name)).expect("the temporary directory is writable");
    }
}

/// Medians of one failure. `latest.json` is replaced at most ten times a second.
pub(crate) fn one(dir: &Path) -> Pair {
    with_floor(dir, 200, 20).0
}

/// A burst of 10,000 failures, until the operating system has all records and `latest.json`: the median of batches of a
/// hundred, plus the share of the final flush.
pub(crate) fn burst(dir: &Path) -> Pair {
    const ROUNDS: usize = 100;
    const REPEATS: u32 = 100;
    let ([floor, ours], guard) = with_floor(dir, ROUNDS, REPEATS);
    let last_flush = mean(ROUNDS as u32 * REPEATS, || guard.flush());
    let written = fs::read_dir(dir.join("failures")).expect("failures were recorded").count();
    assert_eq!(written, ROUNDS * REPEATS as usize + 3, "each failure, the first one, latest.json and its lock");
    [floor, ours + last_flush]
}

fn with_floor(dir: &Path, rounds: usize, repeats: u32) -> (Pair, Guard) {
    let (layer, guard) = failure_layer(dir);
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
    let pair = tracing::dispatcher::with_default(&dispatch, || {
        // The floor writes the bytes of this record, so its stack has to be that of the measured failures.
        in_turns([&mut || (), &mut fail], 1, 1);
        guard.flush();
        let mut floor = Floor::of(&dir.join("failures"), dir.join("floor"));
        in_turns([&mut || floor.write(), &mut fail], rounds, repeats)
    });
    (pair, guard)
}

fn mean(repeats: u32, work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_nanos() as f64 / f64::from(repeats)
}

/// Medians of both in nanoseconds. They are measured in turns, because the speed of a file system changes from second
/// to second.
pub(crate) fn in_turns(mut works: [&mut dyn FnMut(); 2], rounds: usize, repeats: u32) -> Pair {
    let mut samples = [const { Vec::new() }; 2];
    for _ in 0..rounds {
        for (samples, work) in samples.iter_mut().zip(&mut works) {
            samples.push(mean(repeats, || (0..repeats).for_each(|_| work())));
        }
    }
    samples.map(|mut samples| {
        samples.sort_by(f64::total_cmp);
        samples[rounds / 2]
    })
}
