//! The cost as a function of the depth of spans, of the number of open computations, of the length of a run and of the
//! number of files in the directory.

use std::fs;
use std::path::Path;
use std::time::Instant;

use tracing::span::EnteredSpan;
use tracing::{Dispatch, info_span};
use tracing_subscriber::prelude::*;

use crate::failure::{Floor, Pair, fail, in_turns};
use crate::operations::{annotated_with_arrays, computation, trail_event};
use crate::subscribers::{FAILURE_LAYER, NOOP, Subscriber, failure_layer};

/// The time of an operation at several sizes, in nanoseconds.
pub(crate) struct Growth {
    pub(crate) name: &'static str,
    pub(crate) times: Vec<(u64, f64)>,
}

pub(crate) fn all(dir: &Path) -> Vec<Growth> {
    let under = |subscriber: &str, measure: fn(u64) -> f64, sizes: &[u64]| {
        let subscriber = Subscriber::new(subscriber, dir);
        tracing::dispatcher::with_default(&subscriber.dispatch, || {
            sizes.iter().map(|&size| (size, measure(size))).collect()
        })
    };
    let growth = |name, times| Growth { name, times };
    let [files, failures] = among_files(dir, &[10, 1000, 100_000]);
    vec![
        growth("trail event, by depth of spans", under(FAILURE_LAYER, event_at_depth, &[1, 2, 8, 32, 64])),
        growth("span at a depth, noop", under(NOOP, span_at_depth, &[1, 2, 8, 32, 63])),
        growth("span at a depth", under(FAILURE_LAYER, span_at_depth, &[1, 2, 8, 32, 63])),
        growth("computation span, by open computations, noop", under(NOOP, among_open, &[1, 100, 1000, 10_000])),
        growth("computation span, by open computations", under(FAILURE_LAYER, among_open, &[1, 100, 1000, 10_000])),
        growth(
            "call of an annotated function, by length of its vectors",
            under(FAILURE_LAYER, annotated_call, &[10, 1000, 10_000_000]),
        ),
        growth("trail event, by events before", under(FAILURE_LAYER, long_run, &[1, 1000, 100_000, 10_000_000])),
        growth("file written without the layer, by files in the directory", files),
        growth("failure, by files in the directory", failures),
    ]
}

/// The minimum of several means: disturbances only add time.
fn nanoseconds(repeats: u32, work: impl Fn()) -> f64 {
    let mean = || {
        let started = Instant::now();
        (0..repeats).for_each(|_| work());
        started.elapsed().as_nanos() as f64 / f64::from(repeats)
    };
    (0..20).map(|_| mean()).fold(f64::INFINITY, f64::min)
}

fn spans(depth: u64) -> Vec<EnteredSpan> {
    let inner = (1..depth).map(|_| info_span!("level").entered());
    [computation().entered()].into_iter().chain(inner).collect()
}

/// Exits the innermost span first. Dropping the `Vec` would exit the outermost first.
fn exit(mut spans: Vec<EnteredSpan>) {
    while spans.pop().is_some() {}
}

fn event_at_depth(depth: u64) -> f64 {
    let spans = spans(depth);
    let time = nanoseconds(50_000, trail_event);
    exit(spans);
    time
}

fn span_at_depth(depth: u64) -> f64 {
    let spans = spans(depth);
    let time = nanoseconds(20_000, || drop(info_span!("step").entered()));
    exit(spans);
    time
}

fn among_open(open: u64) -> f64 {
    let open: Vec<_> = (0..open).map(|_| computation()).collect();
    let time = nanoseconds(20_000, || drop(computation().entered()));
    drop(open);
    time
}

/// The time of a call with two vectors of this length.
fn annotated_call(length: u64) -> f64 {
    let mut state = vec![0.5; length as usize];
    let grid = state.clone();
    let state = std::cell::RefCell::new(&mut state);
    nanoseconds(20_000, || {
        annotated_with_arrays(&mut state.borrow_mut(), &grid, (0.0, 10.0));
    })
}

/// The time of an event after `before` events.
fn long_run(before: u64) -> f64 {
    let spans = spans(2);
    (0..before).for_each(|_| trail_event());
    let time = nanoseconds(1000, trail_event);
    exit(spans);
    time
}

/// The times of a file written without the layer and of a failure, by files in the directory.
fn among_files(dir: &Path, counts: &[u64]) -> [Vec<(u64, f64)>; 2] {
    let pairs = counts.iter().map(|&count| {
        let [file, failure] = in_directory(&dir.join(format!("among_{count}")), count);
        ((count, file), (count, failure))
    });
    let (files, failures) = pairs.unzip();
    [files, failures]
}

fn in_directory(dir: &Path, files: u64) -> Pair {
    let (layer, guard) = failure_layer(dir);
    let failures = dir.join("failures");
    for number in 0..files {
        let name = format!("general_20251227T043000.000Z_{number:036}.json");
        fs::write(failures.join(name), "{}").expect("the temporary directory is writable");
    }
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
    tracing::dispatcher::with_default(&dispatch, || {
        in_turns([&mut || (), &mut fail], 1, 1);
        guard.flush();
        let mut floor = Floor::of(&failures, failures.clone());
        in_turns([&mut || floor.write(), &mut fail], 50, 20)
    })
}
