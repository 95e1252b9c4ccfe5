//! What threads that work in one computation cost each other.

use std::path::Path;
use std::sync::Barrier;
use std::time::Instant;

use tracing::Span;

use crate::failure::Pair;
use crate::operations::{self, computation};
use crate::subscribers::{FAILURE_LAYER, listen};

/// Nanoseconds of an event from one thread, and from each of two at once.
pub(crate) fn trail_event(dir: &Path) -> Pair {
    let listening = listen(FAILURE_LAYER, dir);
    tracing::dispatcher::with_default(&listening.dispatch, || {
        let span = computation();
        [1, 2].map(|threads| at_once(threads, &span, &listening.dispatch))
    })
}

fn at_once(threads: usize, span: &Span, dispatch: &tracing::Dispatch) -> f64 {
    let start = Barrier::new(threads);
    let work = || tracing::dispatcher::with_default(dispatch, || span.in_scope(|| least_mean(&start)));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it only counts")).fold(0.0, f64::max)
    })
}

fn least_mean(start: &Barrier) -> f64 {
    const REPEATS: u32 = 200_000;
    let mean = || {
        start.wait();
        let started = Instant::now();
        (0..REPEATS).for_each(|_| operations::trail_event());
        started.elapsed().as_nanos() as f64 / f64::from(REPEATS)
    };
    (0..20).map(|_| mean()).fold(f64::INFINITY, f64::min)
}
