//! One failure after a trail of numbers, beside the least that its record could cost.

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

/// Microseconds of a failure and of the floor, and their ratio. They are measured in turns: what a file system takes
/// changes from second to second.
pub fn run(name: &str, dir: &Path) -> [f64; 3] {
    let mut floor = Floor::new(dir);
    let _kept = install(name, dir);
    let fail = report(name);
    failed(fail);
    let (mut failures, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floors.push(mean(|| floor.once()));
        failures.push(mean(|| failed(fail)));
    }
    let (failure, floor) = (median(failures), median(floors));
    [failure, floor, failure / floor]
}

fn mean(mut work: impl FnMut() -> Duration) -> f64 {
    let total: Duration = (0..REPEATS).map(|_| work()).sum();
    total.as_secs_f64() * 1e6 / f64::from(REPEATS)
}

/// A computation that fails after it has filled the rings. Only the failure is timed.
fn failed(fail: fn()) -> Duration {
    let _computation = computation().entered();
    (0..RING).for_each(|_| step());
    let started = Instant::now();
    fail();
    started.elapsed()
}

/// How a program says that it failed.
fn report(name: &str) -> fn() {
    match name {
        SENTRY => || {
            sentry::capture_message("step size underflow", sentry::Level::Error);
        },
        FAULTBOX => || {
            let capture = Capture::new(EventKind::Error, "step size underflow").with_backtrace();
            capture.emit().expect("a report was written");
        },
        _ => error_event,
    }
}

fn error_event() {
    error!(t = -9.78, residual = f64::NAN, "step size underflow");
}

/// A record's bytes serialised, an unresolved stack, and a file created, written and renamed.
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
        // As long as the names of records: a directory's cost grows with them.
        let name = format!("rg_flow_20251227T043000.000Z_{:036}.json", self.number);
        let temporary = self.dir.join(format!(".{name}.tmp"));
        std::fs::write(&temporary, self.record.to_json()).unwrap();
        std::fs::rename(&temporary, self.dir.join(name)).unwrap();
        started.elapsed()
    }
}

/// What `tracing-failure` records of such a failure, with a stack as deep as that of those that are measured.
fn record(dir: &Path) -> Failure {
    let (layer, guard) = tracing_failure::builder(dir).without_log().stderr_notice(false).layer().unwrap();
    let fail = report(FAILURE);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || mean(|| failed(fail)));
    guard.flush();
    Failure::from_path(dir.join("failures/latest.json")).unwrap()
}
