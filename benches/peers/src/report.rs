//! The tables.

use peers::measure::median;
use peers::{failure, operations, subscribers};
use serde_json::Value;

use crate::children::{self, FAILURE, OPERATIONS};
use crate::table::{digits, print as print_table};

const FAILURE_NOTE: &str = "\
The floor is measured in turns with each layer: serialise the bytes of a record, take an unresolved stack, create, \
write and rename a file. Each failure follows 100 events with numbers, which all of them keep. `tracing-failure` \
writes a JSON file with parameters, trail and a resolved stack. `sentry` creates an event with breadcrumbs and a \
resolved stack, which its transport drops: nothing is serialised, sent or written. `tracing-flight-recorder` writes \
its ring as JSON, without a stack, and keeps ten files. `faultbox` redacts and writes ring and resolved stack, reads \
and counts the earlier occurrences of the same failure, and waits for the disk (fsync), if the files are on one.";

pub(crate) fn print() {
    operations();
    allocations();
    failure();
}

fn operations() {
    let answers = children::rounds(OPERATIONS, &subscribers::ALL);
    let time = |answers: &[Value], operation: &str| over_rounds(answers, |answer| answer[operation].as_f64());
    let rows = answers.iter().zip(subscribers::ALL).map(|(own, name)| {
        let cells = operations::ALL.map(|operation| with_ratio(time(own, operation), time(&answers[0], operation)));
        row(name, cells)
    });
    print_table(&head("ns (ratio to noop)", &operations::ALL), rows);
}

fn allocations() {
    const COUNTED: [&str; 3] = [operations::EVENT, operations::COMPUTATION, operations::INSIDE];
    let answers = children::allocations(&subscribers::ALL);
    let rows = answers.iter().zip(subscribers::ALL).map(|(own, name)| {
        let cells = COUNTED.map(|operation| rounded(own[operation].as_f64().unwrap_or(f64::NAN)));
        row(name, cells)
    });
    print_table(&head("heap allocations", &COUNTED), rows);
}

fn failure() {
    let answers = children::rounds(FAILURE, &failure::ALL);
    let rows = answers.iter().zip(failure::ALL).map(|(own, name)| {
        let column = |index: usize| over_rounds(own, |answer| answer[index].as_f64()).unwrap_or(f64::NAN);
        row(name, [0, 1, 2].map(|index| digits(column(index))))
    });
    print_table(&head("one failure", &["µs", "floor, µs", "ratio"]), rows);
    println!("{FAILURE_NOTE}");
}

/// The median over the processes, or `None` if the operation was not measured.
fn over_rounds(answers: &[Value], read: impl Fn(&Value) -> Option<f64>) -> Option<f64> {
    answers.iter().map(read).collect::<Option<Vec<_>>>().map(median)
}

fn with_ratio(time: Option<f64>, noop: Option<f64>) -> String {
    match (time, noop) {
        (Some(time), Some(noop)) => format!("{} ({})", digits(time), digits(time / noop)),
        (Some(time), None) => digits(time),
        (None, _) => "—".to_owned(),
    }
}

/// Hides the allocations of a buffer that grows now and then.
fn rounded(count: f64) -> String {
    ((count * 100.0).round() / 100.0).to_string()
}

fn head<'a>(title: &'a str, columns: &[&'a str]) -> Vec<&'a str> {
    [&[title], columns].concat()
}

fn row<const N: usize>(name: &str, cells: [String; N]) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(cells).collect()
}
