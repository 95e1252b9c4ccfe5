//! Instructions per operation, counted by callgrind if it is installed. Unlike times, they do not depend on the load.

use std::path::Path;
use std::process::Command;

use crate::operations::{Operation, operation};
use crate::subscribers::Subscriber;

const CHILD: &str = "--instructions-of";

/// In a child process that callgrind observes: repeats the operation and returns true.
pub(crate) fn work_for_parent() -> bool {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, flag, subscriber, name, repeats, dir] = &arguments[..] else { return false };
    if flag != CHILD {
        return false;
    }
    let operation = operation(name);
    let subscriber = Subscriber::new(subscriber, Path::new(dir));
    tracing::dispatcher::with_default(&subscriber.dispatch, || {
        let _spans = (operation.spans)();
        (0..repeats.parse().expect("a number")).for_each(|_: u64| (operation.work)());
    });
    true
}

/// Returns `None` if callgrind is not installed.
pub(crate) fn per_operation(subscriber: &str, operation: &Operation, dir: &Path) -> Option<f64> {
    const FEW: u64 = 2_000;
    const MANY: u64 = 4_000;
    // The difference excludes the work that a process does once.
    let [few, many] = [FEW, MANY].map(|repeats| run(subscriber, operation, repeats, dir));
    Some((many? - few?) / (MANY - FEW) as f64)
}

fn run(subscriber: &str, operation: &Operation, repeats: u64, dir: &Path) -> Option<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args([CHILD, subscriber, operation.name, &repeats.to_string()])
        .arg(dir)
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr);
    let (_, collected) = report.split_once("Collected :")?;
    collected.split_whitespace().next()?.parse().ok()
}
