//! The commands that compare failed runs with successful ones.

mod support;

use std::fmt::Write;

use serde_json::{Value, json};
use support::Workspace;

/// A closing line.
fn line(session: &str, minute: usize, parameters: &Value, outcome: &str) -> String {
    json!({
        "timestamp": format!("2026-11-25T20:{minute:02}:00.000Z"), "level": "INFO", "target": "sweep",
        "message": "computation closed", "computation": "rg_flow_integration", "theoretical_ref": "Eq. 1.12",
        "parameters": parameters, "outcome": outcome, "duration_s": 0.25, "session_id": session,
    })
    .to_string()
}

/// A log of several sessions, in which a run fails if `lambda` is above 37.2 and `options.method` is RK45, or if `mu`
/// is not finite.
fn sweep(sessions: usize) -> Workspace {
    let workspace = Workspace::empty();
    for session in 0..sessions {
        let mut lines = String::new();
        for run in 0..300 {
            let lambda = 0.2 * run as f64 + 0.01 * session as f64;
            let method = ["RK45", "BDF", "Radau"][(run + session) % 3];
            let mu = if run % 29 == 0 { json!("NaN") } else { json!(run % 7) };
            let fails = (lambda > 37.2 && method == "RK45") || mu == json!("NaN");
            let parameters = json!({ "lambda": lambda, "options": { "method": method }, "mu": mu, "seed": run * 7919 });
            let outcome = if fails { "failed" } else { "ok" };
            writeln!(lines, "{}", line(&format!("s{session}"), run % 60, &parameters, outcome)).unwrap();
        }
        write_log(&workspace, &format!("s{session}"), &lines);
    }
    std::fs::create_dir_all(workspace.failures()).unwrap();
    workspace
}

fn write_log(workspace: &Workspace, session: &str, lines: &str) {
    let logs = workspace.dir().join("io/logs");
    std::fs::create_dir_all(&logs).unwrap();
    std::fs::write(logs.join(format!("computations_20261125_{session}_0000.jsonl")), lines).unwrap();
}

#[test]
fn regions_are_found() {
    insta::assert_snapshot!(sweep(6).transcript_of("regions rg_flow"));
}

#[test]
fn regions_have_a_fixed_form_in_json() {
    let output = sweep(6).command(&["regions", "rg_flow", "--json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["computation"], &report["runs"]), (&"rg_flow_integration".into(), &1800.into()));
    let rule = &report["rules"][0];
    let conditions = json!([
        { "parameter": "lambda", "is": ">", "value": 37.2 },
        { "parameter": "options.method", "is": "in", "value": ["RK45"] },
    ]);
    assert_eq!(rule["conditions"], conditions);
    assert!(rule["held_out"]["runs"].is_u64() && rule["failed"] == rule["runs"], "{rule}");
    assert_eq!(rule["nearest_success"]["differs"], json!(["lambda"]));
    assert_eq!(report["rules"][1]["conditions"], json!([{ "parameter": "mu", "is": "not finite" }]));
}

#[test]
fn one_session_cannot_be_checked() {
    insta::assert_snapshot!(sweep(1).transcript_of("regions"));
}

#[test]
fn without_successes_there_is_nothing_to_compare() {
    let workspace = Workspace::with_data();
    std::fs::remove_dir_all(workspace.dir().join("io/logs")).unwrap();
    insta::assert_snapshot!(workspace.transcript_of("regions rg_flow"));
}

#[test]
fn noise_has_no_pattern() {
    let workspace = Workspace::empty();
    std::fs::create_dir_all(workspace.failures()).unwrap();
    for session in ["a", "b", "c"] {
        let mut random = session.len() as u32 + u32::from(session.as_bytes()[0]);
        let mut outcome = |_| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if random >> 28 == 0 { "failed" } else { "ok" }
        };
        let lines = (0..200).map(|run| line(session, 0, &json!({ "x": run * 37 % 200 }), outcome(run)) + "\n");
        write_log(&workspace, session, &lines.collect::<String>());
    }
    insta::assert_snapshot!(workspace.transcript_of("regions"));
}

#[test]
fn saved_regions_are_no_record() {
    let workspace = sweep(6);
    let save = workspace.command(&["regions", "--save"]).output().unwrap();
    assert!(save.status.success() && workspace.failures().join("regions.jsonl").is_file(), "{save:?}");
    for command in ["list", "validate", "groups", "prune --keep-last 0 --yes"] {
        let command: Vec<&str> = command.split(' ').collect();
        let output = workspace.command(&command).output().unwrap();
        assert!(output.status.success(), "{command:?}: {output:?}");
    }
    assert!(workspace.failures().join("regions.jsonl").is_file());
    std::fs::write(workspace.failures().join("regions.jsonl"), "{ damaged").unwrap();
    let save = workspace.command(&["regions", "--save"]).output().unwrap();
    let message = String::from_utf8(save.stderr).unwrap();
    assert!(!save.status.success() && message.contains("regions.jsonl: delete it"), "{message}");
}

#[test]
fn runs_are_counted() {
    insta::assert_snapshot!(sweep(2).transcript_of("runs"));
}

#[test]
fn runs_have_the_documented_keys_in_json() {
    let runs: Value = serde_json::from_str(&sweep(2).run(&["runs", "--json"]).stdout()).unwrap();
    let keys: Vec<&str> = runs[0].as_object().unwrap().keys().map(String::as_str).collect();
    let mut documented = [
        "computation",
        "runs",
        "ok",
        "failed",
        "cancelled",
        "unknown",
        "rate",
        "median_s",
        "longest_s",
        "first",
        "last",
    ];
    documented.sort_unstable();
    assert_eq!(keys, documented);
    assert_eq!((&runs[0]["runs"], &runs[0]["median_s"]), (&600.into(), &0.25.into()));
}

#[cfg(unix)]
#[test]
fn a_reader_that_needs_no_more_ends_a_command_quietly() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let workspace = sweep(1);
    // More than a pipe holds.
    let parameters = json!({ "lambda": 1.0, "options": { "method": "BDF" }, "mu": 3 });
    std::fs::write(workspace.dir().join("runs.jsonl"), format!("{parameters}\n").repeat(20_000)).unwrap();
    let mut command = workspace.command(&["risk", "rg_flow", "--batch", "runs.jsonl", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("{\"risk\":"), "{first}");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn odd_runs_are_listed() {
    let workspace = sweep(1);
    let slow = |duration: f64| {
        let mut line: Value = serde_json::from_str(&line("slow", 59, &json!({ "lambda": 1.0 }), "ok")).unwrap();
        line["duration_s"] = duration.into();
        line.to_string() + "\n"
    };
    let lines: String = (0..40).map(|run| slow(1.0 + f64::from(run) / 100.0)).chain([slow(600.0)]).collect();
    let only_slow = Workspace::empty();
    write_log(&only_slow, "slow", &lines);
    insta::assert_snapshot!(only_slow.transcript_of("runs --odd --from io"));
    let output = workspace.command(&["runs", "--odd", "--json"]).output().unwrap();
    let odd: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(odd[0]["odd"], json!([]));
}

#[test]
fn half_a_line_and_a_damaged_line_lose_nothing_else() {
    let workspace = sweep(2);
    let good = line("s9", 0, &json!({ "lambda": "wide", "options": null }), "ok");
    write_log(&workspace, "s9", &format!("{good}\n{{\"message\":\"computation closed\",}}\n{good}\n{}", &good[..90]));
    let output = workspace.command(&["runs", "--json"]).output().unwrap();
    let runs: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(runs[0]["runs"], 602);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("1 unfinished last line skipped"), "{message}");
    assert!(message.contains("computations_20261125_s9_0000.jsonl:2: "), "{message}");
    assert!(!output.status.success());
}

#[test]
fn a_part_of_several_names_is_an_error_with_these_names() {
    let workspace = Workspace::empty();
    let named = |name: &str| line("s", 0, &json!({ "x": 1 }), "ok").replace("rg_flow_integration", name) + "\n";
    write_log(&workspace, "s", &["alpha_flow", "alpha_mass", "beta"].map(named).concat());
    insta::assert_snapshot!(workspace.transcript_of("regions alpha --from io"));
    assert!(workspace.command(&["regions", "bet", "--from", "io"]).output().unwrap().status.success());
}

#[test]
fn an_unknown_computation_is_an_error_with_the_known_names() {
    insta::assert_snapshot!(sweep(1).transcript_of("regions topology"));
}
