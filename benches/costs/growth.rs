//! How the cost grows: with the depth of spans, with open computations, with the length of a run, with what is in the
//! directory already.

use std::fs;
use std::path::Path;
use std::time::Instant;

use tracing::span::EnteredSpan;
use tracing::{Dispatch, info_span};
use tracing_subscriber::prelude::*;

use crate::failure::{Floor, fail, in_turns};
use crate::operations::{computation, trail_event};
use crate::subscribers::{FAILURE_LAYER, NOOP, failure_layer, listen};

/// Something that grows, and what an operation takes at each size: in nanoseconds.
pub(crate) struct Growth {
    pub(crate) what: &'static str,
    pub(crate) takes: Vec<(u64, f64)>,
}

pub(crate) fn all(dir: &Path) -> Vec<Growth> {
    let under = |subscriber: &str, measure: fn(u64) -> f64, sizes: &[u64]| {
        let listening = listen(subscriber, dir);
        let take = |&size: &u64| (size, tracing::dispatcher::with_default(&listening.dispatch, || measure(size)));
        sizes.iter().map(take).collect::<Vec<_>>()
    };
    let growth = |what, takes| Growth { what, takes };
    let [files, failures] = beside_files(dir, &[10, 1000, 100_000]);
    vec![
        growth("trail event, by depth of spans", under(FAILURE_LAYER, event_at_depth, &[1, 2, 8, 32, 64])),
        growth("span at a depth, noop", under(NOOP, span_at_depth, &[1, 2, 8, 32, 63])),
        growth("span at a depth", under(FAILURE_LAYER, span_at_depth, &[1, 2, 8, 32, 63])),
        growth("computation span, by open computations, noop", under(NOOP, beside_open, &[1, 100, 1000, 10_000])),
        growth("computation span, by open computations", under(FAILURE_LAYER, beside_open, &[1, 100, 1000, 10_000])),
        growth("trail event, by events before", under(FAILURE_LAYER, long_run, &[1, 1000, 100_000, 10_000_000])),
        growth("file written without the layer, by files in the directory", files),
        growth("failure, by files in the directory", failures),
    ]
}

/// The least of some means: what disturbs only adds.
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

/// The innermost first: a `Vec` would leave the outermost first.
fn leave(mut spans: Vec<EnteredSpan>) {
    while spans.pop().is_some() {}
}

fn event_at_depth(depth: u64) -> f64 {
    let spans = spans(depth);
    let taken = nanoseconds(50_000, trail_event);
    leave(spans);
    taken
}

fn span_at_depth(depth: u64) -> f64 {
    let spans = spans(depth);
    let taken = nanoseconds(20_000, || drop(info_span!("step").entered()));
    leave(spans);
    taken
}

fn beside_open(open: u64) -> f64 {
    let open: Vec<_> = (0..open).map(|_| computation()).collect();
    let taken = nanoseconds(20_000, || drop(computation().entered()));
    drop(open);
    taken
}

/// The mean of the next thousand events.
fn long_run(before: u64) -> f64 {
    let spans = spans(2);
    (0..before).for_each(|_| trail_event());
    let taken = nanoseconds(1000, trail_event);
    leave(spans);
    taken
}

/// Failures in a directory that holds so many files, and files of the same bytes written there without us.
fn beside_files(dir: &Path, files: &[u64]) -> [Vec<(u64, f64)>; 2] {
    let take = |&files: &u64| {
        let dir = dir.join(format!("beside_{files}"));
        let (layer, guard) = failure_layer(&dir);
        for number in 0..files {
            let name = format!("general_20251227T043000.000Z_{number:036}.json");
            fs::write(dir.join("failures").join(name), "{}").expect("a directory of our own");
        }
        let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
        tracing::dispatcher::with_default(&dispatch, || {
            in_turns([&mut || (), &mut fail], 1, 1);
            guard.flush();
            let mut floor = Floor::of(&dir.join("failures"), dir.join("failures"));
            let pair = in_turns([&mut || floor.write(), &mut fail], 50, 20);
            pair.map(|nanoseconds| (files, nanoseconds))
        })
    };
    let pairs: Vec<[(u64, f64); 2]> = files.iter().map(take).collect();
    [0, 1].map(|which| pairs.iter().map(|pair| pair[which]).collect())
}
