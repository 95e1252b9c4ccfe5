//! The results as Markdown.

use std::path::Path;

use crate::SUBSCRIBERS;
use crate::failure::Pair;
use crate::growth::Growth;
use crate::instructions;
use crate::operations::{OPERATIONS, Operation, operation};
use crate::subscribers::{FAILURE_LAYER, NOOP, Subscriber};

/// The median that criterion found, in nanoseconds.
pub(crate) fn median(operation: &str, subscriber: &str) -> f64 {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let estimates = Path::new(&target).join("criterion").join(operation).join(subscriber);
    let read = || {
        let json = std::fs::read_to_string(estimates.join("new/estimates.json")).ok()?;
        serde_json::from_str::<serde_json::Value>(&json).ok()?["median"]["point_estimate"].as_f64()
    };
    read().unwrap_or(f64::NAN)
}

fn allocations(operation: &Operation, subscriber: &str, dir: &Path) -> f64 {
    let subscriber = Subscriber::new(subscriber, dir);
    tracing::dispatcher::with_default(&subscriber.dispatch, || {
        let _spans = (operation.spans)();
        (0..300).for_each(|_| (operation.work)());
        allocation_counter::measure(|| (0..1000).for_each(|_| (operation.work)())).count_total as f64 / 1000.0
    })
}

/// The table of the README.
pub(crate) fn summary(dir: &Path, failure: Pair) {
    const ROWS: [(&str, &str); 4] = [
        ("disabled event", "disabled event"),
        ("event outside a computation", "event outside a computation"),
        ("computation span", "span of a computation with three parameters"),
        ("trail event two spans deep", "event with numbers, inside a computation"),
    ];
    println!("\n| | noop | with the layer | ratio | allocations |\n| --- | ---: | ---: | ---: | ---: |");
    for (name, text) in ROWS {
        let times = [NOOP, FAILURE_LAYER].map(|subscriber| median(name, subscriber));
        summary_row(text, times, &allocations(operation(name), FAILURE_LAYER, dir).to_string());
    }
    summary_row("one failure (instead of `noop`: write the bytes and take a stack)", failure, "—");
}

fn summary_row(text: &str, [floor, ours]: Pair, allocations: &str) {
    println!("| {text} | {} | {} | {:.2} | {allocations} |", time(floor), time(ours), ours / floor);
}

/// A time in nanoseconds with its unit.
fn time(nanoseconds: f64) -> String {
    let (value, unit) = if nanoseconds < 1000.0 { (nanoseconds, "ns") } else { (nanoseconds / 1000.0, "µs") };
    let decimals = usize::from(value < 10.0);
    format!("{value:.decimals$} {unit}")
}

pub(crate) fn operations(dir: &Path) {
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

pub(crate) fn comparisons(pairs: &[(&str, &str, Pair)]) {
    println!("\n| | compared with | ns | tracing-failure, ns | ratio |\n| --- | --- | ---: | ---: | ---: |");
    for (name, reference, [floor, ours]) in pairs {
        println!("| {name} | {reference} | {floor:.0} | {ours:.0} | {:.2} |", ours / floor);
    }
}

pub(crate) fn growth(growths: &[Growth]) {
    println!("\n| ns | at a size |\n| --- | --- |");
    for growth in growths {
        let times: Vec<String> = growth.times.iter().map(|(size, ns)| format!("{size}: {ns:.0}")).collect();
        println!("| {} | {} |", growth.name, times.join(", "));
    }
}
