//! Filters of `--where` that run or recurse forever, or exhaust the memory.

use std::time::{Duration, Instant};

use crate::failure;
use crate::support::Workspace;

/// The message about a filter, with a generous time limit.
fn complaint(filter: &str) -> String {
    let workspace = Workspace::empty();
    workspace.record(&failure("no convergence"));
    let started = Instant::now();
    let run = workspace.run(&["list", "--where", filter]);
    assert!(started.elapsed() < Duration::from_secs(120), "{filter}");
    assert!(!run.stdout().contains("no convergence"), "{}", run.transcript());
    run.stderr()
}

#[test]
fn recursion_is_an_error_for_that_record() {
    for filter in ["def f: 1 + f; f", r#""[" * 20000 | fromjson"#, "reduce range(200000) as $i (null; [.]) | tojson"] {
        let complaint = complaint(filter);
        assert!(complaint.contains("--where failed for 1 record"), "{filter}: {complaint}");
        assert!(
            complaint.contains("recurses too deeply") || complaint.contains("ran for more than"),
            "{filter}: {complaint}"
        );
    }
}

#[test]
fn a_filter_without_end_is_ended() {
    for filter in ["range(infinite) | empty", "def f: f; f"] {
        let complaint = complaint(filter);
        assert!(complaint.contains("the filter ran for more than 5 s"), "{filter}: {complaint}");
    }
}

#[test]
fn modules_are_refused_without_a_panic() {
    for filter in ["import \"a\" as a; .", "import \"a\" as $a; $a", "include \"a\"; ."] {
        let complaint = complaint(filter);
        assert!(!complaint.contains("panicked") && !complaint.is_empty(), "{filter}: {complaint}");
    }
    let deep = "[".repeat(20_000);
    assert!(complaint(&deep).contains("error: invalid value"));
}

#[test]
fn a_record_that_a_filter_fails_on_does_not_hide_the_others() {
    let workspace = Workspace::empty();
    for n in 0..40 {
        let mut failure = failure(&format!("good {n}"));
        let text = if n % 4 == 0 { "[".repeat(20_000) } else { "[1]".to_owned() };
        failure.parameters.insert("text", text);
        workspace.record(&failure);
    }
    let run = workspace.run(&["list", "--jsonl", "--where", ".parameters.text | fromjson"]);
    assert_eq!(run.stdout().lines().count(), 30, "{}", run.stderr());
    assert!(run.stderr().contains("--where failed for 10 records"), "{}", run.stderr());
}
