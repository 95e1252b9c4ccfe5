//! Child processes. A process has one global subscriber, so each subscriber is measured in separate processes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

pub(crate) const OPERATIONS: &str = "operations";
pub(crate) const FAILURE: &str = "failure";

/// Processes per subscriber. The subscribers take turns, because the speed of a machine changes from minute to minute.
const ROUNDS: usize = 3;

/// The results of the processes of each subscriber.
pub(crate) fn rounds(benchmark: &str, names: &[&str]) -> Vec<Vec<Value>> {
    let this = std::env::current_exe().unwrap();
    let mut answers = vec![Vec::new(); names.len()];
    for _ in 0..ROUNDS {
        for (answers, name) in answers.iter_mut().zip(names) {
            answers.push(ask(&this, &[benchmark, name]));
        }
    }
    answers
}

/// The allocations of each subscriber. Counts do not vary, so they need no rounds.
pub(crate) fn allocations(names: &[&str]) -> Vec<Value> {
    let program = build_allocations();
    names.iter().map(|name| ask(&program, &[name])).collect()
}

/// `cargo run` builds the main program only.
fn build_allocations() -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--release", "--quiet", "--bin", "allocations", "--manifest-path", manifest];
    assert!(Command::new(cargo).args(arguments).status().unwrap().success());
    std::env::current_exe().unwrap().with_file_name("allocations")
}

fn ask(program: &Path, arguments: &[&str]) -> Value {
    eprintln!("{}", arguments.join(" "));
    let output = Command::new(program).args(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{arguments:?} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}
