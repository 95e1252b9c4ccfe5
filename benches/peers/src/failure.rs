//! One failure after a trail of numbers, compared with the least work that a record needs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use faultbox::{Capture, EventKind};
use tracing::error;
use tracing_failure::Failure;
use tracing_subscriber::prelude::*;

use crate::measure::median;
use crate::operations::{computation, step};
use crate::subscribers::{FAILURE, FAULTBOX, FLIGHT_RECORDER, RING, SENTRY, install};

pub const ALL: [&str; 4] = [FAILURE, SENTRY, FLIGHT_RECORDER, FAULTBOX];

const ROUNDS: usize = 100;
const REPEATS: u32 = 5;

/// Microseconds of a failure and of the floor, and their ratio. They are measured in turns, because the speed of a file
/// system changes from second to second.
pub fn run(name: &str, dir: &Path) -> [f64; 3] {
    let mut floor = Floor::new(dir);
    let _guard = install(name, dir);
    let fail = report(name);
    time_failure(fail);
    let (mut failures, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floors.push(mean(|| floor.once()));
        failures.push(mean(|| time_failure(fail)));
    }
    let (failure, floor) = (median(failures), median(floors));
    [failure, floor, failure / floor]
}

fn mean(mut work: impl FnMut() -> Duration) -> f64 {
    let total: Duration = (0..REPEATS).map(|_| work()).sum();
    total.as_secs_f64() * 1e6 / f64::from(REPEATS)
}

/// The time of a failure in a computation that has filled the rings.
fn time_failure(fail: fn()) -> Duration {
    let _computation = computation().entered();
    (0..RING).for_each(|_| step());
    let started = Instant::now();
    fail();
    started.elapsed()
}

/// The call that reports a failure.
fn report(name: &str) -> fn() {
    match name {
        SENTRY => || {
            sentry::capture_message("step size underflow", sentry::Level::Error);
        },
        FAULTBOX => || {
            let capture = Capture::new(EventKind::Error, "step size underflow").with_backtrace();
            capture.emit().expect("faultbox writes a report");
        },
        _ => error_event,
    }
}

fn error_event() {
    error!(t = -9.78, residual = f64::NAN, "step size underflow");
}

/// The least work: serialise a record, take an unresolved stack, and create, write and rename a file.
struct Floor {
    record: Failure,
    dir: PathBuf,
    number: u64,
}

impl Floor {
    fn new(dir: &Path) -> Self {
        let dir = dir.join("floor");
        std::fs::create_dir(&dir).unwrap();
        Floor { record: record(&dir), dir, number: 0 }
    }

    fn once(&mut self) -> Duration {
        let started = Instant::now();
        self.number += 1;
        let mut addresses = Vec::new();
        backtrace::trace(|frame| {
            addresses.push(frame.ip().addr());
            true
        });
        // Names are as long as those of records, because the cost of a directory grows with them.
        let name = format!("rg_flow_20251227T043000.000Z_{:036}.json", self.number);
        let temporary = self.dir.join(format!(".{name}.tmp"));
        std::fs::write(&temporary, self.record.to_json()).unwrap();
        std::fs::rename(&temporary, self.dir.join(name)).unwrap();
        started.elapsed()
    }
}

/// A record of such a failure by `tracing-failure`. Its stack is as deep as in the measured failures.
fn record(dir: &Path) -> Failure {
    let (layer, guard) = tracing_failure::builder(dir).without_log().stderr_notice(false).layer().unwrap();
    let fail = report(FAILURE);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || mean(|| time_failure(fail)));
    guard.flush();
    Failure::from_path(dir.join("failures/latest.json")).unwrap()
}
