//! Conflict copies of Dropbox, Syncthing and others do not count as failures.

use std::path::Path;

use record::{Failure, Store};

use crate::support::Workspace;

const MARKS: [&str; 6] = [
    "@ (ada's conflicted copy 2026-11-30)",
    "@ (Case Conflict)",
    "@.sync-conflict-20261130-101500-ABCDEFG",
    "@ (conflicted copy 2026-11-30 101500)",
    "@-LAPTOP",
    "Copy of @",
];

/// Two failures, with copies of one of them and of `latest.json`.
fn workspace_with_copies() -> Workspace {
    let workspace = Workspace::empty();
    let original = workspace.record(&failure("first"));
    workspace.record(&failure("second"));
    copy(&original, &MARKS);
    copy(&workspace.failures().join("latest.json"), &MARKS[..4]);
    workspace
}

fn failure(message: &str) -> Failure {
    let mut failure = Failure::new("rg_flow_integration", "Eq. 1.12", "Diverged", message);
    failure.context.id = Some(uuid::Uuid::now_v7());
    failure.context.fingerprint = Some("0123456789abcdef".to_owned());
    failure
}

fn copy(original: &Path, marks: &[&str]) {
    let stem = original.file_stem().unwrap().to_str().unwrap();
    for mark in marks {
        std::fs::copy(original, original.with_file_name(mark.replace('@', stem) + ".json")).unwrap();
    }
}

#[test]
fn a_copy_is_no_second_failure() {
    let workspace = workspace_with_copies();
    let run = |args: &[&str]| {
        let run = workspace.run(args);
        assert_eq!(run.code(), 0, "{args:?}: {}", run.transcript());
        run
    };
    let list = run(&["list", "--jsonl"]);
    assert_eq!(list.stdout().lines().count(), 2, "{}", list.transcript());
    assert!(list.stderr().starts_with("failures: 10 copies ignored:\n  io/failures/"), "{}", list.stderr());
    assert!(list.stderr().contains(" of rg_flow_") && list.stderr().contains("  and 5 more\n"), "{}", list.stderr());
    assert!(run(&["groups"]).stdout().starts_with("2 × rg_flow_integration"));
    assert!(run(&["refs", "--json"]).stdout().contains("\"failures\": 2"));
    assert!(run(&["show", "latest~1"]).stdout().contains("first"));
    assert!(run(&["validate"]).stderr().contains("3 files, all valid"));
    let diff = run(&["diff", "latest~1", "latest"]).stdout();
    assert!(diff.contains("first") && diff.contains("second"), "{diff}");
    let run = workspace.run(&["show", "latest~2"]);
    assert!(run.stderr().contains("only 2 failures"), "{}", run.transcript());
    assert_eq!(Store::open(workspace.failures()).unwrap().read_all().unwrap().count(), 2);
}

#[test]
fn a_failure_is_found_by_its_id_and_a_copy_by_its_name() {
    let workspace = workspace_with_copies();
    let original = Store::open(workspace.failures()).unwrap().paths().unwrap()[0].clone();
    let stem = original.file_stem().unwrap().to_str().unwrap();
    let id = stem.rsplit('_').next().unwrap();
    assert!(workspace.run(&["show", id]).stdout().contains("first"));
    let copy = workspace.run(&["show", &format!("{stem}-LAPTOP")]);
    assert!(copy.stdout().contains("first") && copy.code() == 0, "{}", copy.transcript());
}

#[test]
fn prune_deletes_no_copy_and_does_not_count_it() {
    let workspace = workspace_with_copies();
    let before = workspace.files();
    assert_eq!(workspace.run(&["prune", "--keep-last", "2", "--yes"]).code(), 0);
    assert_eq!(workspace.files(), before);
    for _ in 0..3 {
        workspace.record(&failure("third"));
    }
    assert_eq!(workspace.run(&["prune", "--keep-last", "0", "--yes"]).code(), 0);
    let after = workspace.files();
    assert!(
        before
            .iter()
            .filter(|name| name.contains("LAPTOP") || name.contains("onflict"))
            .all(|name| after.contains(name))
    );
}

#[test]
fn a_file_with_the_time_and_the_id_of_another_is_a_copy_with_any_name() {
    let workspace = Workspace::empty();
    let original = workspace.record(&failure("first"));
    copy(&original, &["interesting"]);
    let list = workspace.run(&["list", "--jsonl"]);
    assert_eq!((list.stdout().lines().count(), list.code()), (1, 0), "{}", list.transcript());
    let name = original.file_name().unwrap().to_str().unwrap();
    assert_eq!(list.stderr(), format!("failures: 1 copy ignored: io/failures/interesting.json of {name}\n"));
    let none = workspace.run(&["show", "latest~1"]);
    assert!(none.stderr().contains("only 1 failure"), "{}", none.transcript());
    // Other programs give one id to all failures of a run.
    let mut other = Failure::from_path(&original).unwrap();
    other.timestamp += chrono::TimeDelta::seconds(1);
    std::fs::write(workspace.failures().join("other.json"), other.to_json()).unwrap();
    assert_eq!(workspace.run(&["list", "--jsonl"]).stdout().lines().count(), 2);
}

#[test]
fn a_copy_without_original_is_the_failure() {
    let workspace = workspace_with_copies();
    let original = Store::open(workspace.failures()).unwrap().paths().unwrap()[0].clone();
    std::fs::remove_file(original).unwrap();
    assert_eq!(workspace.run(&["list", "--jsonl"]).stdout().lines().count(), 2);
}
