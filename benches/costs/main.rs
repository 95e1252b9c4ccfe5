//! What the recorder costs, as a ratio to something that runs beside it: `cargo bench`.

mod diagnosis;
mod failure;
mod growth;
mod instructions;
mod operations;
mod subscribers;
mod threads;

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use tracing::info;

use failure::Pair;
use operations::{OPERATIONS, Operation};
use subscribers::{ERROR_LAYER, FAILURE_LAYER, FMT_JSON, NOOP, WITH_LOG, listen};

/// Those that see the operations of a healthy program, the one that they are compared with first.
const SUBSCRIBERS: &[&str] = &[NOOP, ERROR_LAYER, FMT_JSON, FAILURE_LAYER];

/// What has a line in the log.
const LOG_LINE: Operation = Operation {
    name: "log line with three floats",
    spans: || vec![tracing::info_span!("solve", method = "RK45").entered()],
    work: || info!(t = std::hint::black_box(0.5), dt = 1e-3, residual = 0.25, "step"),
};

fn measure(criterion: &mut Criterion, operation: &Operation, subscribers: &[&str], dir: &Path) {
    let mut group = criterion.benchmark_group(operation.name);
    group.throughput(Throughput::Elements(1));
    for name in subscribers {
        let listening = listen(name, dir);
        tracing::dispatcher::with_default(&listening.dispatch, || {
            let _spans = (operation.spans)();
            group.bench_function(*name, |bencher| bencher.iter(operation.work));
        });
    }
    group.finish();
}

/// The median that criterion found, in nanoseconds.
fn median(operation: &str, subscriber: &str) -> f64 {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let estimates = Path::new(&target).join("criterion").join(operation).join(subscriber);
    let read = || {
        let json = std::fs::read_to_string(estimates.join("new/estimates.json")).ok()?;
        serde_json::from_str::<serde_json::Value>(&json).ok()?["median"]["point_estimate"].as_f64()
    };
    read().unwrap_or(f64::NAN)
}

fn allocations(operation: &Operation, subscriber: &str, dir: &Path) -> f64 {
    let listening = listen(subscriber, dir);
    tracing::dispatcher::with_default(&listening.dispatch, || {
        let _spans = (operation.spans)();
        (0..300).for_each(|_| (operation.work)());
        allocation_counter::measure(|| (0..1000).for_each(|_| (operation.work)())).count_total as f64 / 1000.0
    })
}

fn table_of_operations(dir: &Path) {
    println!("\n| ns (× noop) | {} | allocations | instructions (noop) |", SUBSCRIBERS.join(" | "));
    println!("| --- |{} ---: | ---: |", " ---: |".repeat(SUBSCRIBERS.len()));
    for operation in OPERATIONS {
        let noop = median(operation.name, NOOP);
        let cell = |subscriber: &&str| match median(operation.name, subscriber) {
            ns if *subscriber == NOOP => format!("{ns:.1}"),
            ns => format!("{ns:.1} ({:.2})", ns / noop),
        };
        let cells: Vec<String> = SUBSCRIBERS.iter().map(cell).collect();
        let instructions = |subscriber| match instructions::per_operation(subscriber, operation, dir) {
            Some(count) => format!("{count:.0}"),
            None => "—".to_owned(),
        };
        println!(
            "| {} | {} | {} | {} ({}) |",
            operation.name,
            cells.join(" | "),
            allocations(operation, FAILURE_LAYER, dir),
            instructions(FAILURE_LAYER),
            instructions(NOOP)
        );
    }
}

fn table_of_pairs(pairs: &[(&str, &str, Pair)]) {
    println!("\n| | compared with | ns | tracing-failure, ns | ratio |\n| --- | --- | ---: | ---: | ---: |");
    for (what, beside, [floor, ours]) in pairs {
        println!("| {what} | {beside} | {floor:.0} | {ours:.0} | {:.2} |", ours / floor);
    }
}

fn table_of_growth(growths: &[growth::Growth]) {
    println!("\n| ns | at a size |\n| --- | --- |");
    for growth in growths {
        let takes: Vec<String> = growth.takes.iter().map(|(size, ns)| format!("{size}: {ns:.0}")).collect();
        println!("| {} | {} |", growth.what, takes.join(", "));
    }
}

fn main() {
    if instructions::work_for_parent() {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let at = |name: &str| dir.path().join(name);
    // First: what the others leave in the allocator and on its way to the disk is no part of it.
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
    let floor = "serialise, backtrace, create, write, rename";
    table_of_operations(dir.path());
    table_of_pairs(&[
        ("log line with three floats", FMT_JSON, [FMT_JSON, WITH_LOG].map(|name| median(LOG_LINE.name, name))),
        ("trail event from two threads in one computation", "from one thread", threads::trail_event(dir.path())),
        ("one failure", floor, one),
        ("one failure of a burst of 10,000", floor, burst),
        ("convergence and suggestions of a full trail", "its JSON", diagnosis::full_trail(&at("diagnosis"))),
    ]);
    table_of_growth(&growth::all(&at("growth")));
}
