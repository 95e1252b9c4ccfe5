//! `failures suggest` against a real model server: `local_llm.sh` starts one and runs this.

mod support;

use std::time::Instant;

use record::Failure;
use support::{Run, Workspace};

/// The URL of the server in this variable.
fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} names no server: run crates/cli/tests/local_llm.sh"))
}

/// Runs `failures suggest` for a small record with this step.
fn suggest(base_url: &str, step: f64) -> Run {
    let workspace = Workspace::empty();
    let mut failure = Failure::new("flow", "Eq. 1.12", "Diverged", "the coupling left its range: the step is too long");
    failure.parameters.insert("step", step);
    workspace.record(&failure);
    let mut command = workspace.command(&["suggest", "--base-url", base_url, "--model", "smollm2", "--timeout", "5m"]);
    for name in ["OPENAI_API_KEY", "FAILURES_PROVIDER", "FAILURES_MODEL", "FAILURES_BASE_URL"] {
        command.env_remove(name);
    }
    let start = Instant::now();
    let run = Run(command.output().unwrap());
    println!("{}\n-- after {:?}", run.transcript(), start.elapsed());
    run
}

/// The server derives a grammar from the schema. It enforces the shape, but a small model sometimes writes a blank
/// text.
#[test]
#[ignore = "needs a model server: run crates/cli/tests/local_llm.sh"]
fn a_real_model_answers_after_the_schema() {
    let server = server("FAILURES_TEST_SERVER");
    let answered = [0.5, 0.25, 2.0, 1.5, 4.0, 8.0].into_iter().find_map(|step| {
        let run = suggest(&server, step);
        let is_blank = run.stderr().contains("invalid answer: ") && run.stderr().ends_with("is blank\n");
        assert!(run.code() == 0 || is_blank);
        (run.code() == 0).then(|| run.stdout())
    });
    let shown = answered.expect("one answer of six is none of blank texts");
    for part in ["Root cause\n", "Suggestions\n  1. ", "\nconfidence  ", " by openai", " tokens\n"] {
        assert!(shown.contains(part), "{part:?}");
    }
}

#[test]
#[ignore = "needs a model server: run crates/cli/tests/local_llm.sh"]
fn a_real_server_that_cuts_the_answer_is_understood() {
    let run = suggest(&server("FAILURES_TEST_SHORT_SERVER"), 0.5);
    assert_eq!(run.code(), 1);
    assert!(run.stderr().contains("truncated the answer: the model reached its token limit"));
}

#[test]
#[ignore = "needs a model server: run crates/cli/tests/local_llm.sh"]
fn error_messages_of_a_real_server_are_shown() {
    let run = suggest(&format!("{}/elsewhere", server("FAILURES_TEST_SERVER")), 0.5);
    assert_eq!(run.code(), 1);
    assert!(run.stderr().contains("answers 404 Not Found: "));
    assert!(!run.stderr().contains('{'), "its JSON is not shown as it is");
}
