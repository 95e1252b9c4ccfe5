//! Stacks that hide the layer, and stacks with several layers.

use std::path::Path;

use color_eyre::eyre::Report;
use tracing::{Subscriber, error, info_span, instrument};
use tracing_failure::{Failure, FailureLayer, ResultExt, builder};
use tracing_subscriber::layer::Layered;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Registry, reload};

use crate::support::{self, in_child};

#[derive(Debug, thiserror::Error)]
#[error("zero pivot")]
struct PivotError;

fn names(failures: &[Failure]) -> Vec<&str> {
    failures.iter().map(|failure| failure.computation.as_str()).collect()
}

fn fail_in_each_way() {
    let span = |name| info_span!("solve", computation = name, theoretical_ref = "§1", n = 3).entered();
    {
        let _span = span("result");
        let _ = Err::<(), _>(PivotError).record_failure();
    }
    {
        let _span = span("event");
        error!("zero pivot");
    }
    let _ = std::panic::catch_unwind(|| {
        let _span = span("panic");
        panic!("zero pivot");
    });
}

fn assert_recorded_in_each_way(failures: &[Failure]) {
    assert_eq!(names(failures), ["result", "event", "panic"]);
    assert_eq!(failures[0].error_type, "PivotError");
    for failure in failures {
        assert_eq!(failure.parameters.to_string(), r#"{"n":3}"#);
        assert_eq!(failure.context.spans.len(), 1);
    }
}

fn failure_layer<S>(dir: &Path) -> FailureLayer<S>
where
    S: Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    FailureLayer::new(dir.join("failures")).unwrap()
}

#[test]
fn a_layer_inside_reload_records_everything() {
    let run = in_child(|dir| {
        let (layer, _handle) = reload::Layer::new(failure_layer::<Registry>(dir));
        tracing_subscriber::registry().with(layer).init();
        tracing_failure::install_panic_hook();
        fail_in_each_way();
    });
    let run = run.ok();
    assert_recorded_in_each_way(&run.failures());
}

#[test]
fn a_layer_that_is_reloaded_later_records_everything() {
    let run = in_child(|dir| {
        let (layer, handle) = reload::Layer::new(failure_layer::<Registry>(&dir.join("first")));
        tracing_subscriber::registry().with(layer).init();
        tracing_failure::install_panic_hook();
        handle.reload(failure_layer::<Registry>(dir)).unwrap();
        fail_in_each_way();
    });
    let run = run.ok();
    assert_recorded_in_each_way(&run.failures());
    assert!(support::failures(&run.dir().join("first/failures")).is_empty());
}

/// A subscriber that hides what it contains from `downcast_ref`.
struct Opaque(Layered<FailureLayer<Registry>, Registry>);

impl Subscriber for Opaque {
    fn enabled(&self, meta: &tracing::Metadata<'_>) -> bool {
        self.0.enabled(meta)
    }
    fn new_span(&self, attrs: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.0.new_span(attrs)
    }
    fn record(&self, span: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        self.0.record(span, values);
    }
    fn record_follows_from(&self, span: &tracing::span::Id, follows: &tracing::span::Id) {
        self.0.record_follows_from(span, follows);
    }
    fn event(&self, event: &tracing::Event<'_>) {
        self.0.event(event);
    }
    fn enter(&self, span: &tracing::span::Id) {
        self.0.enter(span);
    }
    fn exit(&self, span: &tracing::span::Id) {
        self.0.exit(span);
    }
    fn clone_span(&self, id: &tracing::span::Id) -> tracing::span::Id {
        self.0.clone_span(id)
    }
    fn try_close(&self, id: tracing::span::Id) -> bool {
        self.0.try_close(id)
    }
}

#[test]
fn a_subscriber_that_hides_its_layer_records_everything() {
    let run = in_child(|dir| {
        let stack = tracing_subscriber::registry().with(failure_layer::<Registry>(dir));
        tracing::subscriber::set_global_default(Opaque(stack)).unwrap();
        tracing_failure::install_panic_hook();
        fail_in_each_way();
    });
    let run = run.ok();
    assert_recorded_in_each_way(&run.failures());
}

#[test]
fn a_layer_that_cannot_be_found_is_reported_once() {
    let run = in_child(|dir| {
        let stack = tracing_subscriber::registry().with(failure_layer::<Registry>(dir));
        tracing::subscriber::set_global_default(Opaque(stack)).unwrap();
        // More spans than are known by their ids.
        for depth in 0..80 {
            std::mem::forget(info_span!("level", depth, computation = "deep", theoretical_ref = "§1").entered());
        }
        for _ in 0..3 {
            let _ = Err::<(), _>(PivotError).record_failure();
        }
    });
    let run = run.ok();
    assert!(run.failures().is_empty());
    assert_eq!(run.stderr.matches("hides the FailureLayer").count(), 1, "{}", run.stderr);
}

#[test]
fn a_nested_dispatcher_without_a_layer_records_nothing() {
    let run = in_child(|dir| {
        let (layer, _handle) = reload::Layer::new(failure_layer::<Registry>(dir));
        tracing_subscriber::registry().with(layer).init();
        let _span = info_span!("solve", computation = "outside", theoretical_ref = "§1").entered();
        tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            let _span = info_span!("solve", computation = "inside", theoretical_ref = "§1").entered();
            let _ = Err::<(), _>(PivotError).record_failure();
        });
        tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::default(), || {
            let _ = Err::<(), _>(PivotError).record_failure();
        });
    });
    assert!(run.ok().failures().is_empty());
}

#[instrument(err)]
fn factorise() -> Result<(), PivotError> {
    Err(PivotError)
}

#[instrument(err, fields(computation = "wrapped", theoretical_ref = "§1"))]
fn solve() -> Result<(), Report> {
    factorise().map_err(|_| Report::msg("the factorisation is incomplete"))
}

#[instrument(err, fields(computation = "called", theoretical_ref = "§1"))]
fn call() -> Result<(), PivotError> {
    Err(PivotError).record_failure()
}

#[test]
fn two_layers_record_each_failure_once_each() {
    let run = in_child(|dir| {
        let (first, first_guard) = builder(dir).layer().unwrap();
        let (second, second_guard) = builder(dir.join("second")).layer().unwrap();
        tracing_subscriber::registry().with(first).with(second).init();
        tracing_failure::install_panic_hook();
        let _ = solve();
        let _ = call();
        fail_in_each_way();
        assert_eq!((first_guard.stats().recorded, second_guard.stats().recorded), (5, 5));
    });
    let run = run.ok();
    for dir in [run.dir().join("failures"), run.dir().join("second/failures")] {
        let failures = support::failures(&dir);
        assert_eq!(names(&failures), ["wrapped", "called", "result", "event", "panic"]);
        assert_eq!((&*failures[1].error_type, &*failures[2].error_type), ("PivotError", "PivotError"));
    }
}

#[test]
fn layers_in_a_vector_record_each_failure_once_each() {
    let run = in_child(|dir| {
        let layers = vec![failure_layer::<Registry>(dir).boxed(), failure_layer(&dir.join("second")).boxed()];
        tracing_subscriber::registry().with(layers).with(Some(failure_layer(&dir.join("third")))).init();
        tracing_failure::install_panic_hook();
        fail_in_each_way();
    });
    let run = run.ok();
    for dir in ["failures", "second/failures", "third/failures"] {
        assert_eq!(names(&support::failures(&run.dir().join(dir))), ["result", "event", "panic"], "{dir}");
    }
}

#[test]
fn a_logger_returns_the_failures_of_its_layer() {
    let run = in_child(|dir| {
        let (first, _guard) = builder(dir.join("first")).layer().unwrap();
        let (second, guard) = builder(dir).layer().unwrap();
        tracing_subscriber::registry().with(first).with(second).init();
        let _span = info_span!("solve", computation = "outer", theoretical_ref = "§1").entered();
        info_span!("factorise", computation = "inner", theoretical_ref = "§2").in_scope(|| error!("zero pivot"));
        guard.logger().log_failure("outer", &PivotError, &(), "§1").unwrap();
    });
    let run = run.ok();
    assert_eq!(run.failure_of("outer").context.caused_by, run.failure_of("inner").context.id);
}
