//! What the recorder costs, as a ratio to something that runs beside it: `cargo bench`.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use tracing::{Dispatch, Subscriber, debug, error, info, info_span};
use tracing_failure::{Failure, builder};
use tracing_subscriber::layer::Identity;
use tracing_subscriber::prelude::*;

/// A registry with one empty layer: a bare one never frees its spans.
fn noop() -> impl Subscriber + Send + Sync {
    tracing_subscriber::registry().with(Identity::new())
}

fn with_layer(dir: &Path) -> impl Subscriber + Send + Sync {
    let (layer, _guard) = builder(dir).without_log().stderr_notice(false).layer().unwrap();
    tracing_subscriber::registry().with(layer)
}

/// Measures the same work under each subscriber; the first is the baseline.
fn compare(criterion: &mut Criterion, group: &str, subscribers: Vec<(&str, Dispatch)>, work: impl Fn()) {
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(1));
    for (name, dispatch) in subscribers {
        tracing::dispatcher::with_default(&dispatch, || group.bench_function(name, |bencher| bencher.iter(&work)));
    }
    group.finish();
}

fn healthy(criterion: &mut Criterion, dir: &Path) {
    let subscribers = || vec![("noop", Dispatch::new(noop())), ("failure layer", Dispatch::new(with_layer(dir)))];
    compare(criterion, "event outside a computation", subscribers(), || info!(t = 0.5, dt = 1e-3, residual = 0.25));
    compare(criterion, "span without fields", subscribers(), || drop(info_span!("step").entered()));
    compare(criterion, "span with two fields", subscribers(), || drop(info_span!("step", n = 1, dt = 1e-3).entered()));
    compare(criterion, "computation span", subscribers(), || {
        let span =
            info_span!("solve", computation = "rg_flow", theoretical_ref = "Eq. 1.12", rtol = 1e-6, atol = 1e-9, n = 3);
        drop(span.entered());
    });
    let in_computation = || {
        let span = info_span!("solve", computation = "rg_flow", theoretical_ref = "Eq. 1.12").entered();
        (span, info_span!("step").entered())
    };
    let mut group = criterion.benchmark_group("event inside a computation");
    for (name, dispatch) in subscribers() {
        tracing::dispatcher::with_default(&dispatch, || {
            let _spans = in_computation();
            group.bench_function(name, |bencher| bencher.iter(|| debug!(residual = 0.25, dt = 1e-3, "step")));
        });
    }
    group.finish();
}

/// The runtime log beside `fmt`'s JSON, both into a file through a writer that does not block.
fn log_line(criterion: &mut Criterion, dir: &Path) {
    let (layer, guard) = builder(dir.join("ours")).log_filter("info").layer().unwrap();
    let ours = Dispatch::new(tracing_subscriber::registry().with(layer));
    let file = File::create(dir.join("fmt.jsonl")).unwrap();
    let (writer, _flush) = tracing_appender::non_blocking::NonBlockingBuilder::default().lossy(false).finish(file);
    let fmt = tracing_subscriber::fmt::layer().json().with_writer(writer);
    let fmt = Dispatch::new(tracing_subscriber::registry().with(fmt));
    let mut group = criterion.benchmark_group("log line with three floats");
    for (name, dispatch) in [("fmt JSON", fmt), ("runtime log", ours)] {
        tracing::dispatcher::with_default(&dispatch, || {
            let _span = info_span!("solve", method = "RK45").entered();
            group.bench_function(name, |bencher| bencher.iter(|| info!(t = 0.5, dt = 1e-3, residual = 0.25, "step")));
        });
    }
    group.finish();
    guard.flush();
    assert_eq!(guard.stats().log_lines_lost, 0);
}

/// One failure beside the least that it could cost: its bytes serialised, an unresolved backtrace, and a file created,
/// written and renamed, under names of the same length: a directory's cost grows with them.
fn failure(dir: &Path) -> [f64; 2] {
    let dispatch = Dispatch::new(with_layer(dir));
    let fail = || {
        let span = info_span!(
            "solve",
            computation = "rg_flow_integration",
            theoretical_ref = "Eq. 1.12",
            rtol = 1e-6,
            atol = 1e-9,
            n = 3
        );
        span.in_scope(|| error!(t = -9.78, residual = f64::NAN, "step size underflow"));
    };
    tracing::dispatcher::with_default(&dispatch, fail);
    let record = Failure::from_path(dir.join("failures/latest.json")).unwrap();
    let floor_dir = dir.join("floor");
    std::fs::create_dir_all(&floor_dir).unwrap();
    let mut number = 0u64;
    let mut floor = || {
        number += 1;
        let mut addresses = Vec::new();
        backtrace::trace(|frame| {
            addresses.push(frame.ip().addr());
            true
        });
        let json = record.to_json();
        let name = format!("rg_flow_20251227T043000.000Z_{number:036}.json");
        let temporary = floor_dir.join(format!(".{name}.tmp"));
        std::fs::write(&temporary, &json).unwrap();
        std::fs::rename(&temporary, floor_dir.join(name)).unwrap();
    };
    tracing::dispatcher::with_default(&dispatch, || in_turns(&mut floor, &mut { fail }))
}

/// Medians of both in nanoseconds, measured in turns: what a file system takes changes from second to second.
fn in_turns<'a>(floor: &'a mut dyn FnMut(), ours: &'a mut dyn FnMut()) -> [f64; 2] {
    const ROUNDS: usize = 200;
    const REPEATS: u32 = 20;
    let mut works = [floor, ours];
    let mut samples = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (samples, work) in samples.iter_mut().zip(&mut works) {
            let started = Instant::now();
            (0..REPEATS).for_each(|_| work());
            samples.push(started.elapsed().as_nanos() as f64 / f64::from(REPEATS));
        }
    }
    samples.map(|mut samples| {
        samples.sort_by(f64::total_cmp);
        samples[ROUNDS / 2]
    })
}

/// Prints each group's medians and their ratio to the first of the group.
fn table(groups: &[(&str, &[&str])], failure: [f64; 2]) {
    println!("\n| operation | beside | ns | ours | ns | ratio |\n| --- | --- | ---: | --- | ---: | ---: |");
    let row = |group: &str, names: &[&str], [floor, ours]: [f64; 2]| {
        println!("| {group} | {} | {floor:.1} | {} | {ours:.1} | {:.2} |", names[0], names[1], ours / floor);
    };
    for (group, names) in groups {
        row(group, names, [median(group, names[0]), median(group, names[1])]);
    }
    row("one failure", &["serialise, backtrace, create, write, rename", "failure layer"], failure);
}

fn median(group: &str, name: &str) -> f64 {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let estimates = Path::new(&target).join("criterion").join(group).join(name).join("new/estimates.json");
    let read = || {
        let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&estimates).ok()?).ok()?;
        json["median"]["point_estimate"].as_f64()
    };
    read().unwrap_or(f64::NAN)
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    // First: what the others leave in the allocator and on its way to the disk is no part of it.
    let failure = failure(dir.path());
    healthy(&mut criterion, dir.path());
    log_line(&mut criterion, dir.path());
    criterion.final_summary();
    let ours = ["noop", "failure layer"];
    let groups: &[(&str, &[&str])] = &[
        ("event outside a computation", &ours),
        ("span without fields", &ours),
        ("span with two fields", &ours),
        ("computation span", &ours),
        ("event inside a computation", &ours),
        ("log line with three floats", &["fmt JSON", "runtime log"]),
    ];
    table(groups, failure);
}
