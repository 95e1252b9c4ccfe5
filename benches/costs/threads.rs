//! The cost of an event if two threads work in one computation.

use std::path::Path;
use std::sync::Barrier;
use std::time::Instant;

use tracing::Span;

use crate::failure::Pair;
use crate::operations::{self, computation};
use crate::subscribers::{FAILURE_LAYER, Subscriber};

/// Nanoseconds of an event from one thread, and from each of two at once.
pub(crate) fn trail_event(dir: &Path) -> Pair {
    let subscriber = Subscriber::new(FAILURE_LAYER, dir);
    tracing::dispatcher::with_default(&subscriber.dispatch, || {
        let span = computation();
        [1, 2].map(|threads| at_once(threads, &span, &subscriber.dispatch))
    })
}

fn at_once(threads: usize, span: &Span, dispatch: &tracing::Dispatch) -> f64 {
    let start = Barrier::new(threads);
    let work = || tracing::dispatcher::with_default(dispatch, || span.in_scope(|| least_mean(&start)));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("the thread does not panic")).fold(0.0, f64::max)
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
