//! The cost of the recorder, compared with a registry and other layers, as Markdown tables. `benches/run costs` writes
//! them into the book.

mod diagnosis;
mod failure;
mod growth;
mod instructions;
mod operations;
mod subscribers;
mod successes;
mod tables;
mod threads;

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use tracing::info;

use operations::{OPERATIONS, Operation};
use subscribers::{
    ERROR_LAYER, FAILURE_LAYER, FMT_JSON, NOOP, Subscriber, WITH_CLOSING_LINES, WITH_LOG, WITH_SUCCESSES,
};

/// The subscribers of a program that does not fail. The first is the reference.
pub(crate) const SUBSCRIBERS: &[&str] = &[NOOP, ERROR_LAYER, FMT_JSON, FAILURE_LAYER];

/// An event that is logged.
const LOG_LINE: Operation = Operation {
    name: "log line with three floats",
    spans: || vec![tracing::info_span!("solve", method = "RK45").entered()],
    work: || info!(t = std::hint::black_box(0.5), dt = 1e-3, residual = 0.25, "step"),
};

fn measure(criterion: &mut Criterion, operation: &Operation, subscribers: &[&str], dir: &Path) {
    let mut group = criterion.benchmark_group(operation.name);
    group.throughput(Throughput::Elements(1));
    for name in subscribers {
        let subscriber = Subscriber::new(name, dir);
        tracing::dispatcher::with_default(&subscriber.dispatch, || {
            let _spans = (operation.spans)();
            group.bench_function(*name, |bencher| bencher.iter(operation.work));
        });
    }
    group.finish();
}

fn main() {
    if instructions::work_for_parent() {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let at = |name: &str| dir.path().join(name);
    // These come first, because the other benchmarks fill the allocator and the write queue of the disk.
    let one = failure::one(&at("one"));
    let burst = failure::burst(&at("burst"));
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for operation in OPERATIONS {
        measure(&mut criterion, operation, SUBSCRIBERS, dir.path());
    }
    measure(&mut criterion, &LOG_LINE, &[FMT_JSON, WITH_LOG], dir.path());
    let closing = [WITH_CLOSING_LINES, WITH_SUCCESSES];
    for operation in [&successes::ARGUMENTS, &successes::DIGEST] {
        measure(&mut criterion, operation, &closing, dir.path());
    }
    let floor = "serialise, backtrace, create, write, rename";
    tables::summary(dir.path(), one);
    tables::operations(dir.path());
    let with_details = |operation: &Operation| closing.map(|name| tables::median(operation.name, name));
    tables::comparisons(&[
        ("log line with three floats", FMT_JSON, [FMT_JSON, WITH_LOG].map(|name| tables::median(LOG_LINE.name, name))),
        ("successful call, its `&Options` in the closing line", "not in it", with_details(&successes::ARGUMENTS)),
        ("successful call, its trail of 100 rows in the closing line", "not in it", with_details(&successes::DIGEST)),
        ("trail event from two threads in one computation", "from one thread", threads::trail_event(dir.path())),
        ("one failure", floor, one),
        ("one failure of a burst of 10,000", floor, burst),
        ("convergence and suggestions of a full trail", "its JSON", diagnosis::full_trail(&at("diagnosis"))),
    ]);
    tables::growth(&growth::all(&at("growth")));
}
