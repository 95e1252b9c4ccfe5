//! The operations of a program that does not fail.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Span, debug, info, info_span, trace};

pub const DISABLED: &str = "event turned off";
pub const EVENT: &str = "event outside";
pub const SPAN: &str = "span";
pub const COMPUTATION: &str = "computation span";
pub const ENTER: &str = "enter, exit";
pub const INSIDE: &str = "numbers inside";
pub const TWO_THREADS: &str = "two threads";
pub const LINE: &str = "log line";

pub const ALL: [&str; 8] = [DISABLED, EVENT, SPAN, COMPUTATION, ENTER, INSIDE, TWO_THREADS, LINE];

/// Runs an operation many times and measures it.
pub trait Meter {
    /// Lets other threads finish the work of the previous operation.
    fn pause(&self) {}

    /// Measures work of this thread.
    fn alone(&mut self, operation: &'static str, work: impl Fn());

    /// Measures work that a second thread does at the same time.
    fn with_second_thread(&mut self, operation: &'static str, work: impl Fn());
}

pub fn run(meter: &mut impl Meter, writes_lines: bool) {
    outside(meter);
    inside(meter);
    two_threads(meter);
    if writes_lines {
        line(meter);
    }
}

/// Hides a number from the optimiser.
fn number(value: f64) -> f64 {
    black_box(value)
}

pub fn computation() -> Span {
    info_span!(
        "solve",
        computation = "rg_flow",
        theoretical_ref = "Eq. 1.12",
        rtol = number(1e-6),
        atol = number(1e-9),
        n = black_box(3)
    )
}

pub fn step() {
    debug!(residual = number(0.25), dt = number(1e-3), "step");
}

fn outside(meter: &mut impl Meter) {
    meter.alone(DISABLED, || trace!(t = number(0.5), dt = number(1e-3), residual = number(0.25), "step"));
    meter.alone(EVENT, || info!(t = number(0.5), dt = number(1e-3), residual = number(0.25)));
    meter.alone(SPAN, || drop(info_span!("step").entered()));
    meter.alone(COMPUTATION, || drop(computation().entered()));
    let span = info_span!("step");
    meter.alone(ENTER, || drop(span.enter()));
}

fn inside(meter: &mut impl Meter) {
    meter.pause();
    let _computation = computation().entered();
    let _span = info_span!("step").entered();
    meter.alone(INSIDE, step);
}

fn two_threads(meter: &mut impl Meter) {
    meter.pause();
    let computation = computation();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _computation = computation.enter();
            let _span = info_span!("step").entered();
            while !done.load(Ordering::Relaxed) {
                step();
            }
        });
        let _computation = computation.enter();
        let _span = info_span!("step").entered();
        meter.with_second_thread(TWO_THREADS, step);
        done.store(true, Ordering::Relaxed);
    });
}

fn line(meter: &mut impl Meter) {
    meter.pause();
    let _span = info_span!("solve", method = "RK45").entered();
    meter.alone(LINE, || info!(t = number(0.5), dt = number(1e-3), residual = number(0.25), "step"));
}
