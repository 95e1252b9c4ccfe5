//! Records with many parameters or deep nesting, and file names that are not UTF-8.

use std::time::{Duration, Instant};

use crate::failure;
use crate::support::Workspace;

const MANY: usize = 100_000;

#[test]
fn many_parameters_take_linear_time() {
    let workspace = Workspace::empty();
    let paths: Vec<String> = (0..3)
        .map(|record| {
            let mut failure = failure("many");
            failure.parameters = (0..MANY).map(|n| (format!("p{n}"), n * record)).collect();
            workspace.record(&failure).to_str().unwrap().to_owned()
        })
        .collect();
    (0..20).for_each(|_| drop(workspace.record(&failure("many"))));
    for args in [&["groups"][..], &["groups", "--json"], &["diff", &paths[0], &paths[1], "--json"]] {
        let started = Instant::now();
        let run = workspace.run(args);
        assert_eq!(run.code(), 0);
        // Quadratic time would be many minutes.
        assert!(started.elapsed() < Duration::from_secs(100), "{args:?}: {:?}", started.elapsed());
        assert!(run.stdout().contains("p99999"), "{args:?}");
    }
}

#[test]
fn deeply_nested_records_are_named_and_not_counted() {
    let workspace = Workspace::empty();
    workspace.record(&failure("flat"));
    let (mut deep, name) = (failure("deep"), "general_deep.json");
    deep.context.fingerprint = Some("0123456789abcdef".into());
    let nested = format!("\"parameters\": {{\"a\": {}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    std::fs::write(workspace.failures().join(name), deep.to_json().replace("\"parameters\": {}", &nested)).unwrap();
    for command in ["list", "groups", "refs"] {
        let run = workspace.run(&[command]);
        assert!(run.stderr().contains(name) && run.stderr().contains("nested too deeply"), "{}", run.transcript());
        assert!(!run.stdout().contains("deep"), "{}", run.transcript());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn names_that_are_no_text_are_reported() {
    use std::os::unix::ffi::OsStrExt;
    let workspace = Workspace::empty();
    workspace.record(&failure("good"));
    let name = std::ffi::OsStr::from_bytes(b"general_\xff.json");
    std::fs::write(workspace.failures().join(name), record::Failure::new("c", "r", "E", "m").to_json()).unwrap();
    for command in ["list", "groups", "prune --keep-last 1"] {
        let run = workspace.run(&command.split(' ').collect::<Vec<_>>());
        assert!(run.stderr().contains("the name is not UTF-8"), "{}", run.transcript());
    }
}

#[test]
fn many_problems_are_found_in_linear_time() {
    let workspace = Workspace::empty();
    let path = workspace.record(&failure("many"));
    let fixes = format!("\"suggested_fixes\": [{}]", vec!["3"; 20_000].join(",\n"));
    let json = std::fs::read_to_string(&path).unwrap().replace("\"suggested_fixes\": []", &fixes);
    std::fs::write(&path, json).unwrap();
    let started = Instant::now();
    let run = workspace.run(&["validate"]);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    assert_eq!(run.stdout().lines().count(), 20_000);
}
