//! The commands that compare a run with the known ones.

mod support;

use std::fmt::Write;
use std::io::Write as _;
use std::process::Stdio;

use record::{Failure, Map};
use serde_json::{Value, json};
use support::Workspace;

/// Six sessions, in which a run fails if `lambda` is above 37.2 and `options.method` is RK45.
fn sweep() -> Workspace {
    let workspace = Workspace::empty();
    let logs = workspace.dir().join("io/logs");
    std::fs::create_dir_all(&logs).unwrap();
    std::fs::create_dir_all(workspace.failures()).unwrap();
    for session in 0..6 {
        let mut lines = String::new();
        for run in 0..300 {
            let lambda = 0.2 * run as f64 + 0.01 * session as f64;
            let method = ["RK45", "BDF", "Radau"][(run + session) % 3];
            let outcome = if lambda > 37.2 && method == "RK45" { "failed" } else { "ok" };
            let parameters =
                json!({ "lambda": lambda, "options": { "method": method, "order": 4 }, "seed": run * 7919 });
            let line = json!({
                "timestamp": format!("2026-11-25T20:{:02}:00.000Z", run % 60), "level": "INFO", "target": "sweep",
                "message": "computation closed", "computation": "rg_flow_integration", "theoretical_ref": "Eq. 1.12",
                "parameters": parameters, "outcome": outcome, "duration_s": 0.25, "session_id": format!("s{session}"),
            });
            writeln!(lines, "{line}").unwrap();
        }
        std::fs::write(logs.join(format!("computations_20261125_s{session}_0000.jsonl")), lines).unwrap();
    }
    workspace
}

/// Adds a record of a failure that is in no log.
fn record(workspace: &Workspace, parameters: &Value) {
    let parameters: Map = serde_json::from_value(parameters.clone()).unwrap();
    let mut failure = Failure::new("rg_flow_integration", "Eq. 1.12", "PoleReached", "pole at 41");
    failure.parameters = parameters;
    workspace.record(&failure);
}

#[test]
fn the_nearest_success_and_the_change_that_leaves_the_region() {
    let workspace = sweep();
    record(&workspace, &json!({ "lambda": 41.005, "options": { "method": "RK45", "order": 4 }, "seed": 1 }));
    insta::assert_snapshot!(workspace.transcript_of("nearest"));
    let comparison: Value = serde_json::from_str(&workspace.run(&["nearest", "latest", "--json"]).stdout()).unwrap();
    assert_eq!(comparison["region"]["conditions"][0], json!({ "parameter": "lambda", "is": ">", "value": 37.2 }));
    assert_eq!(comparison["parameters"]["options.method"], "RK45");
    assert_eq!(comparison["nearest_success"]["differs"], json!(["lambda"]));
    assert_eq!(comparison["change"]["parameter"], "lambda");
    assert_eq!(comparison["change"]["risk"]["by"], "neighbours");
    let to = comparison["change"]["to"].as_f64().unwrap();
    assert!(to > 37.0 && to <= 37.2, "{comparison}");
}

#[test]
fn a_failure_outside_the_regions_has_a_nearest_success_as_well() {
    let workspace = sweep();
    record(&workspace, &json!({ "lambda": "NaN", "options": { "method": "BDF", "order": 4 } }));
    insta::assert_snapshot!(workspace.transcript_of("nearest"));
}

#[test]
fn identifiers_do_not_differ_if_one_run_fails() {
    let workspace = Workspace::empty();
    let logs = workspace.dir().join("io/logs");
    std::fs::create_dir_all(&logs).unwrap();
    let success = |run: usize| {
        json!({
            "message": "computation closed", "computation": "rg_flow_integration", "outcome": "ok", "session_id": "s",
            "parameters": { "lambda": run % 7, "seed": run * 7919 },
        })
    };
    let lines: String = (0..60).map(|run| format!("{}\n", success(run))).collect();
    std::fs::write(logs.join("computations_20261125_s_0000.jsonl"), lines).unwrap();
    record(&workspace, &json!({ "lambda": 41, "seed": 1 }));
    let comparison: Value = serde_json::from_str(&workspace.run(&["nearest", "--json"]).stdout()).unwrap();
    assert_eq!(comparison["nearest_success"]["differs"], json!(["lambda"]));
    assert_eq!(comparison["nearest_success"]["parameters"]["lambda"], 6.0);
}

#[test]
fn without_successes_nothing_is_near() {
    let workspace = Workspace::empty();
    record(&workspace, &json!({ "lambda": 41.0 }));
    insta::assert_snapshot!(workspace.transcript_of("nearest"));
    insta::assert_snapshot!(workspace.transcript_of("risk rg_flow lambda=3"));
    let estimate = workspace.run(&["risk", "rg_flow", "lambda=3", "--json", "--at", "0"]);
    let estimate: Value = serde_json::from_str(&estimate.stdout()).unwrap();
    assert_eq!((&estimate["risk"], &estimate["by"]), (&Value::Null, &"nothing".into()));
}

#[test]
fn the_risk_in_a_region_is_its_failure_rate() {
    let workspace = sweep();
    let line = "risk rg_flow lambda=41 options.method=RK45 options.order=4";
    insta::assert_snapshot!(workspace.transcript_of(line));
    insta::assert_snapshot!(workspace.transcript_of(&format!("{line} --json --at 0.9")));
    assert_eq!(workspace.run(&[&*line.split(' ').collect::<Vec<_>>(), &["--at", "1"]].concat()).code(), 0);
}

#[test]
fn the_risk_outside_is_that_of_comparable_runs() {
    insta::assert_snapshot!(sweep().transcript_of("risk rg_flow lambda=900 options.method=BDF"));
}

#[test]
fn a_missing_parameter_leaves_a_rule_undecided() {
    let workspace = sweep();
    insta::assert_snapshot!(workspace.transcript_of("risk rg_flow lambda=45"));
}

#[test]
fn values_that_no_run_has_leave_a_rule_undecided() {
    let workspace = sweep();
    for (arguments, note) in [
        ("lambda=nan options.method=RK45", "No known run has a lambda that is not finite."),
        ("lambda=41 options.method=LSODA", "No known run has options.method \"LSODA\"."),
        ("lambda=41 options.method=true", "No known run has options.method true."),
        ("lambda=high options.method=RK45", "No known run has lambda \"high\"."),
    ] {
        let transcript = workspace.transcript_of(&format!("risk rg_flow {arguments}"));
        assert!(transcript.contains(note) && transcript.contains(" is undecided."), "{transcript}");
    }
}

#[test]
fn wrong_parameters_are_refused() {
    let workspace = sweep();
    insta::assert_snapshot!(workspace.transcript_of("risk rg_flow lamda=41"));
    for wrong in [["rg_flow", "lambda"], ["rg_flow", "--at=1.5"], ["rg_flow", "--at=nan"]] {
        let run = workspace.run(&[&["risk"], &wrong[..]].concat());
        assert_eq!(run.code(), 2, "{}", run.transcript());
    }
    assert_eq!(workspace.run(&["risk", "topology", "x=1"]).code(), 1);
}

#[test]
fn a_batch_has_an_answer_for_each_line() {
    let workspace = sweep();
    let lines = r#"{"lambda": 41, "options": {"method": "RK45", "order": 4}}

{"lambda": 4.1, "options": {"method": "RK45", "order": 4}}
[1, 2]
{"lambda": 41, "options": {"method": "RK45""#;
    std::fs::write(workspace.dir().join("next.jsonl"), lines).unwrap();
    let run = workspace.run(&["risk", "rg_flow", "--batch", "next.jsonl", "--json"]);
    let answers: Vec<Value> = run.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = answers.iter().map(|answer| answer["by"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["rule", "neighbours", "nothing", "nothing"]);
    assert!(run.stderr().contains("next.jsonl, line 4: ") && run.stderr().contains("line 5: "), "{}", run.stderr());
    assert_eq!(run.code(), 1);

    let mut child = workspace.command(&["risk", "rg_flow", "--batch", "-", "--at", "0.5"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let first = lines.lines().next().unwrap();
    child.stdin.take().unwrap().write_all(first.as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert!(workspace.run(&["risk", "rg_flow", "--batch", "absent"]).stderr().contains("cannot open absent"));
}
