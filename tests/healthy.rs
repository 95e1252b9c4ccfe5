//! A program that does not fail: no allocation by the layer, and nothing formatted.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::{debug, error_span, info, info_span};
use tracing_failure::FailureLayer;
use tracing_subscriber::prelude::*;

static FORMATTED: AtomicU64 = AtomicU64::new(0);

struct Counted;

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FORMATTED.fetch_add(1, Ordering::Relaxed);
        f.write_str("counted")
    }
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

#[test]
fn spans_and_events_outside_of_computations_cost_no_allocation() {
    let dir = tempfile::tempdir().unwrap();
    let failures = FailureLayer::new(dir.path()).unwrap();
    let with_layer = tracing_subscriber::registry().with(failures);
    let without = tracing_subscriber::registry().with(tracing_subscriber::layer::Identity::new());
    let count = |repeats: u64| {
        // What the registry and our pool grow to once is not counted.
        (0..100).for_each(|_| outside_of_any_computation());
        allocation_counter::measure(|| (0..repeats).for_each(|_| outside_of_any_computation())).count_total
    };
    let alone = tracing::subscriber::with_default(without, || count(1000));
    let with_us = tracing::subscriber::with_default(with_layer, || count(1000));
    assert_eq!(with_us, alone);
    assert_eq!(FORMATTED.load(Ordering::Relaxed), 0);
}
