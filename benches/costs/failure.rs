//! One failure beside the least that it could cost, and a burst of them.

use std::fs;
use std::path::Path;
use std::time::Instant;

use tracing::{Dispatch, error};
use tracing_failure::{Failure, Guard};
use tracing_subscriber::prelude::*;

use crate::operations::computation;
use crate::subscribers::failure_layer;

/// A floor and what stands on it, in nanoseconds.
pub(crate) type Pair = [f64; 2];

pub(crate) fn fail() {
    computation().in_scope(|| error!(t = -9.78, residual = f64::NAN, "step size underflow"));
}

/// The floor: the bytes of a record serialised, a backtrace without names, and a file created, written and renamed,
/// under a name of the same length, since a directory's cost grows with them.
pub(crate) struct Floor {
    record: Failure,
    dir: std::path::PathBuf,
    number: u64,
}

impl Floor {
    pub(crate) fn of(failures: &Path, dir: std::path::PathBuf) -> Self {
        fs::create_dir_all(&dir).expect("a directory of our own");
        let record = Failure::from_path(failures.join("latest.json")).expect("something failed before");
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
        fs::write(&temporary, &json).expect("a directory of our own");
        fs::rename(&temporary, self.dir.join(name)).expect("a directory of our own");
    }
}

/// Medians of one failure, where `latest.json` is replaced ten times a second at most.
pub(crate) fn one(dir: &Path) -> Pair {
    beside_floor(dir, 200, 20).0
}

/// A burst of 10,000, until all of it and `latest.json` are with the system: the median of a hundred, and the share of
/// the last wait.
pub(crate) fn burst(dir: &Path) -> Pair {
    const ROUNDS: usize = 100;
    const REPEATS: u32 = 100;
    let ([floor, ours], guard) = beside_floor(dir, ROUNDS, REPEATS);
    let last_wait = mean(ROUNDS as u32 * REPEATS, || guard.flush());
    let written = fs::read_dir(dir.join("failures")).expect("it was written").count();
    assert_eq!(written, ROUNDS * REPEATS as usize + 3, "each failure, the first, latest.json and its lock");
    [floor, ours + last_wait]
}

fn beside_floor(dir: &Path, rounds: usize, repeats: u32) -> (Pair, Guard) {
    let (layer, guard) = failure_layer(dir);
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
    let pair = tracing::dispatcher::with_default(&dispatch, || {
        // The same stack as later: a record from elsewhere would not have the same bytes.
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

/// Medians of both in nanoseconds, measured in turns: what a file system takes changes from second to second.
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
