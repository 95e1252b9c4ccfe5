//! A program that does not fail: what the layer allocates, keeps, and formats.

mod support;

use std::sync::atomic::Ordering;

use allocation_counter::AllocationInfo;
use support::{Counted, FORMATTED};
use tracing::{Dispatch, Instrument, Span, debug, error_span, info, info_span};
use tracing_failure::{FailureLayer, builder};
use tracing_subscriber::layer::Identity;
use tracing_subscriber::prelude::*;

fn computation() -> Span {
    info_span!("solve", computation = "rg_flow", theoretical_ref = "Eq. 1.12", rtol = 1e-6, atol = 1e-9, n = 3)
}

fn outside_of_any_computation() {
    let span = info_span!("level", depth = 3, rtol = 1e-6, name = "coarse", value = ?Counted);
    let _entered = span.enter();
    span.record("depth", 4);
    let _inner = info_span!("smooth").entered();
    debug!(residual = 0.5, value = ?Counted, "sweep");
    info!(residual = 0.25, value = ?Counted, "sweep");
    let _error_span = error_span!("of error level", depth = 4).entered();
}

fn with_layer() -> (tempfile::TempDir, Dispatch) {
    let dir = tempfile::tempdir().unwrap();
    let failures = FailureLayer::new(dir.path()).unwrap();
    (dir, Dispatch::new(tracing_subscriber::registry().with(failures)))
}

/// What the layer allocates beyond what the registry does.
fn allocated(work: impl Fn()) -> AllocationInfo {
    let (_dir, with_layer) = with_layer();
    let without = Dispatch::new(tracing_subscriber::registry().with(Identity::new()));
    let count =
        |dispatch: &Dispatch| tracing::dispatcher::with_default(dispatch, || allocation_counter::measure(&work));
    let (alone, with_us) = (count(&without), count(&with_layer));
    AllocationInfo {
        count_total: with_us.count_total - alone.count_total.min(with_us.count_total),
        bytes_max: with_us.bytes_max - alone.bytes_max.min(with_us.bytes_max),
        ..with_us
    }
}

/// What it allocates once the pools are as full as they get.
fn allocated_in_the_long_run(work: impl Fn()) -> u64 {
    let (_dir, with_layer) = with_layer();
    let without = Dispatch::new(tracing_subscriber::registry().with(Identity::new()));
    let count = |dispatch: &Dispatch| {
        tracing::dispatcher::with_default(dispatch, || {
            (0..300).for_each(|_| work());
            allocation_counter::measure(|| (0..1000).for_each(|_| work())).count_total
        })
    };
    count(&with_layer) - count(&without)
}

#[test]
fn spans_and_events_outside_of_computations_cost_no_allocation() {
    assert_eq!(allocated_in_the_long_run(outside_of_any_computation), 0);
    assert_eq!(FORMATTED.load(Ordering::Relaxed), 0);
}

#[test]
fn a_computation_without_events_does_not_allocate() {
    assert_eq!(allocated_in_the_long_run(|| drop(computation().entered())), 0);
}

#[test]
fn events_in_a_computation_cost_no_allocation() {
    let (_dir, dispatch) = with_layer();
    tracing::dispatcher::with_default(&dispatch, || {
        let span = computation().entered();
        let step = |step: u64| {
            debug!(step, residual = 0.5, "step");
            span.record("rtol", 1e-3);
            info!("word");
        };
        (0..10).for_each(step);
        assert_eq!(allocation_counter::measure(|| (0..1000).for_each(step)).count_total, 0);
    });
}

#[test]
fn an_idle_layer_and_an_open_computation_are_small() {
    const OPEN: u64 = 10_000;
    let idle = allocation_counter::measure(|| drop(with_layer()));
    assert!(idle.bytes_max < 1 << 20, "idle: {idle:?}");
    let open = allocated(|| drop((0..OPEN).map(|_| computation()).collect::<Vec<_>>()));
    assert!(open.bytes_max / OPEN < 1000, "{} bytes for an open computation", open.bytes_max / OPEN);
}

#[test]
fn memory_of_a_large_span_is_released() {
    let (_dir, dispatch) = with_layer();
    let text = "x".repeat(16 << 10);
    let taken = tracing::dispatcher::with_default(&dispatch, || {
        drop(computation());
        allocation_counter::measure(|| {
            drop(info_span!("solve", computation = "c", theoretical_ref = "r", a = text, b = text, c = text, d = text));
        })
    });
    assert!(taken.bytes_max > 64 << 10, "{taken:?}");
    assert!(taken.bytes_current < 4 << 10, "{taken:?}");
}

/// In a process of its own: the memory of trails is shared by all that runs in one.
#[test]
fn computations_one_after_the_other_use_the_same_memory() {
    let run = support::in_child(|dir| {
        let one_after_the_other = || {
            for _ in 0..100 {
                computation().in_scope(|| debug!(residual = 0.5, "step"));
            }
        };
        for (trail, last) in [("short", 100), ("long", 248)] {
            let (layer, _guard) = builder(dir.join(trail)).without_log().trail(8, last).layer().unwrap();
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                one_after_the_other();
                let taken = allocation_counter::measure(one_after_the_other);
                assert!(taken.bytes_total < 100 * 1000, "{trail}: {taken:?}");
            });
        }
    });
    run.ok();
}

#[test]
fn a_computation_that_is_remembered_has_no_trail_any_more() {
    const FOLLOWED: u64 = 100;
    let (_dir, dispatch) = with_layer();
    let taken = tracing::dispatcher::with_default(&dispatch, || {
        let follower = info_span!("follower", n = 1);
        allocation_counter::measure(|| {
            for _ in 0..FOLLOWED {
                let span = computation();
                span.in_scope(|| debug!(residual = 0.5, "step"));
                follower.follows_from(&span);
            }
        })
    });
    assert!(taken.bytes_current < 20 * 64_000, "{taken:?}");
}

#[test]
fn computations_in_ten_thousand_tasks_allocate_little() {
    const TASKS: u64 = 10_000;
    let tasks = |events: bool| {
        allocated(|| {
            let work = || async move {
                if events {
                    debug!(step = 1, residual = 0.5, "step");
                }
                tokio::task::yield_now().await;
            };
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let spawn = |_| tokio::spawn(work().instrument(computation()));
                for task in (0..TASKS).map(spawn).collect::<Vec<_>>() {
                    task.await.unwrap();
                }
            });
        })
    };
    let (quiet, busy) = (tasks(false).bytes_max / TASKS, tasks(true).bytes_max / TASKS);
    assert!(quiet < 1000, "{quiet} bytes for a task");
    assert!(busy - quiet < 64_000, "{} bytes for a task's trail", busy - quiet);
}
