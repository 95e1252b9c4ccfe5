//! Instructions per operation, which repeat on a noisy machine where times do not: by callgrind, where it is installed.

use std::path::Path;
use std::process::Command;

use crate::operations::{Operation, operation};
use crate::subscribers::listen;

const CHILD: &str = "--instructions-of";

/// Does what the parent counts, where this process is its child.
pub(crate) fn work_for_parent() -> bool {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, flag, subscriber, name, repeats, dir] = &arguments[..] else { return false };
    if flag != CHILD {
        return false;
    }
    let operation = operation(name);
    let listening = listen(subscriber, Path::new(dir));
    tracing::dispatcher::with_default(&listening.dispatch, || {
        let _spans = (operation.spans)();
        (0..repeats.parse().expect("a number")).for_each(|_: u64| (operation.work)());
    });
    true
}

/// `None` where there is no callgrind.
pub(crate) fn per_operation(subscriber: &str, operation: &Operation, dir: &Path) -> Option<f64> {
    // What is done once drops out of the difference.
    let (few, many) = (2_000, 4_000);
    let [few_taken, many_taken] = [few, many].map(|repeats| run(subscriber, operation, repeats, dir));
    Some((many_taken? - few_taken?) / (many - few) as f64)
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
