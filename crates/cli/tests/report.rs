//! The pages, and the comparison with a good run.

mod support;

use record::{Failure, Map};
use serde_json::{Value, json};
use support::Workspace;

/// A text that would run a script in a careless page.
const HOSTILE: &str = "</title><script>alert(1)</script>\" onload=\"alert(2)\u{202e}";

const MEGABYTE: usize = 1_000_000;

/// The closing line of a run at a minute.
fn line(session: &str, minute: usize, parameters: &Value, outcome: &str) -> String {
    let line = json!({
        "timestamp": format!("2026-11-25T20:{minute:02}:00.000Z"), "level": "INFO", "target": "sweep",
        "message": "computation closed", "computation": "rg_flow_integration", "theoretical_ref": "Eq. 1.12",
        "parameters": parameters, "outcome": outcome, "duration_s": 0.25, "session_id": session,
        "trail": { "newton step": { "residual": { "first": 1.0, "last": 1e-9, "rate": 0.1 } } },
    });
    format!("{line}\n")
}

fn write_log(workspace: &Workspace, session: &str, facts: &Value, lines: &str) {
    let logs = workspace.dir().join("io/logs");
    std::fs::create_dir_all(&logs).unwrap();
    let mut head = json!({ "timestamp": "2026-11-25T20:00:00.000Z", "message": "session", "session_id": session });
    head.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
    let file = logs.join(format!("computations_20261125_{session}_0000.jsonl"));
    std::fs::write(file, format!("{head}\n{lines}")).unwrap();
}

/// A record of the session `s2`.
fn record(workspace: &Workspace, parameters: &Value) {
    let parameters: Map = serde_json::from_value(parameters.clone()).unwrap();
    let mut failure = Failure::new("rg_flow_integration", "Eq. 1.12", "PoleReached", format!("pole at 41 {HOSTILE}"));
    failure.timestamp = "2026-11-25T20:30:00Z".parse().unwrap();
    failure.context.id = Some("01a23159-0699-7cc3-88ba-bae1868c7f20".parse().unwrap());
    failure.context.session_id = Some("s2".to_owned());
    failure.parameters = parameters;
    workspace.record(&failure);
}

fn with_a_good_run() -> Workspace {
    let workspace = Workspace::empty();
    let runs = |minutes: [usize; 2], session: &str| {
        minutes.map(|minute| line(session, minute, &json!({ "lambda": minute, "method": "BDF" }), "ok")).concat()
    };
    let facts = |commit: &str| json!({ "host": "n01", "version": "0.3.0", "git_commit": commit });
    write_log(&workspace, "s1", &facts("aaaa"), &runs([10, 20], "s1"));
    write_log(&workspace, "s2", &facts("bbbb"), &runs([40, 50], "s2"));
    record(&workspace, &json!({ "lambda": 41, "method": "BDF" }));
    workspace
}

#[test]
fn a_failure_is_compared_with_the_last_success_before_it() {
    let workspace = with_a_good_run();
    insta::assert_snapshot!(workspace.transcript_of("diff latest good"));
    let diff: Value = serde_json::from_str(&workspace.run(&["diff", "latest", "good", "--json"]).stdout()).unwrap();
    assert_eq!(
        diff["b"],
        json!({ "session": "s1", "ended": "2026-11-25T20:20:00Z", "is_later": false, "has_trail": true })
    );
    let differences = diff["differences"].as_array().unwrap();
    assert!(differences.contains(&json!({ "name": "parameters.lambda", "a": 41.0, "b": 20.0 })), "{diff}");
}

#[test]
fn without_an_earlier_success_a_later_one_is_compared() {
    let workspace = with_a_good_run();
    std::fs::remove_file(workspace.dir().join("io/logs/computations_20261125_s1_0000.jsonl")).unwrap();
    let transcript = workspace.transcript_of("diff latest good");
    assert!(transcript.contains("no run succeeded before the failure"), "{transcript}");
    std::fs::remove_dir_all(workspace.dir().join("io/logs")).unwrap();
    let run = workspace.run(&["diff", "latest", "good"]);
    assert!(run.code() == 1 && run.stderr().contains("has succeeded, so there is no good run"), "{}", run.stderr());
}

#[test]
fn a_report_is_one_harmless_page() {
    let workspace = with_a_good_run();
    let run = workspace.run(&["report", "--out", "sweep.html"]);
    assert!(run.stdout().starts_with("sweep.html: ") && run.code() == 0, "{}", run.transcript());
    let html = std::fs::read_to_string(workspace.dir().join("sweep.html")).unwrap();
    for part in ["<script", "onload=\"", "\u{202e}", "src=", "@import", "url(h"] {
        assert!(!html.contains(part), "{part}");
    }
    assert!(html.contains("default-src 'none'") && html.contains("1 of 5 runs failed") && html.contains("&lt;script"));
}

#[test]
fn a_report_replaces_only_a_report() {
    let workspace = with_a_good_run();
    let file = workspace.dir().join("page.html");
    let report = || workspace.run(&["report", "--out", "page.html", "--json"]);
    let summary: Value = serde_json::from_str(&report().stdout()).unwrap();
    let bytes = std::fs::metadata(&file).unwrap().len();
    let expected =
        json!({ "file": "page.html", "bytes": bytes, "computations": 1, "runs": 5, "failed": 1, "groups": 1 });
    assert_eq!(summary, expected);
    assert_eq!(report().code(), 0);
    std::fs::write(&file, "<!DOCTYPE html><title>mine</title>").unwrap();
    assert!(report().stderr().contains("page.html exists and is not a report"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "<!DOCTYPE html><title>mine</title>");
    assert!(workspace.run(&["report", "--out", "-"]).stdout().starts_with("<!DOCTYPE html>"));
    if cfg!(unix) {
        // Reading it would wait for ever.
        let run = workspace.run(&["report", "--out", "/dev/stdout"]);
        assert!(run.code() == 1 && run.stderr().contains("/dev/stdout is not an ordinary file"), "{}", run.stderr());
    }
    let run = workspace.run(&["report", "--out", "absent/page.html"]);
    assert!(run.code() == 1 && run.stderr().contains("absent/page.html"), "{}", run.stderr());
    assert!(workspace.run(&["report", "--out", "io"]).stderr().contains("io is a directory"));
}

#[test]
fn a_failure_is_a_harmless_page() {
    let html = with_a_good_run().run(&["show", "--html"]).stdout();
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("&lt;script") && !html.contains("<script"));
}

#[test]
fn hostile_records_execute_nothing() {
    let workspace = Workspace::empty();
    let megabyte = HOSTILE.repeat(20_000);
    let many: Map = (0..10_000).map(|index| (format!("p{index}<script>"), index)).collect();
    let numbers = Map::from_iter([("x", f64::NAN), ("y", f64::INFINITY), (HOSTILE, f64::NEG_INFINITY)]);
    let long = Map::from_iter([(megabyte.clone(), megabyte.clone())]);
    for (index, (name, parameters)) in
        [("</title><script>alert(3)</script>", numbers), ("javascript:alert(1)", long), (&megabyte, many)]
            .into_iter()
            .enumerate()
    {
        let mut failure = Failure::new(name, HOSTILE, HOSTILE, &megabyte);
        failure.timestamp = format!("2026-11-25T20:3{index}:00Z").parse().unwrap();
        failure.parameters = parameters;
        failure.suggested_fixes = vec![megabyte.clone(), "javascript:alert(1)".to_owned()];
        failure.stack_trace = megabyte.clone();
        let path = workspace.record(&failure);
        check_harmless(&workspace.run(&["show", path.to_str().unwrap(), "--html"]).stdout());
    }
    let parameters = json!({ "x\"><script>": HOSTILE, "y": "NaN" });
    write_log(&workspace, "s1", &json!({ "host": HOSTILE, "git_commit": HOSTILE }), &line("s1", 1, &parameters, "ok"));
    let run = workspace.run(&["report", "--out", "sweep.html", "--title", HOSTILE]);
    assert_eq!(run.code(), 0, "{}", run.transcript());
    check_harmless(&std::fs::read_to_string(workspace.dir().join("sweep.html")).unwrap());
}

/// Panics if a page has an element or an address that could execute something, or invisible characters.
fn check_harmless(html: &str) {
    assert!(html.contains("default-src 'none'") && html.contains("&lt;script") && html.len() < MEGABYTE);
    for part in ["<script", "onload=\"", "\u{202e}", "\0", "src=", "<iframe", "<form", "<link", "@import", "url(h"] {
        assert!(!html.contains(part), "{part}");
    }
    assert!(html.split("href=\"").skip(1).all(|address| address.starts_with('#')));
    let head = html.split("<body").next().unwrap();
    assert_eq!(head.matches("</title>").count(), 1);
}

#[test]
fn a_report_of_100_000_failures_stays_below_a_megabyte() {
    let workspace = Workspace::empty();
    let run = |index: usize| {
        let outcome = if index.is_multiple_of(50) { "ok" } else { "failed" };
        line("s1", index % 60, &json!({ "lambda": index, "method": HOSTILE }), outcome)
            .replace("rg_flow_integration", &format!("flow_{}", index % 40))
    };
    write_log(&workspace, "s1", &json!({}), &(0..102_000).map(run).collect::<String>());
    for index in 0..230 {
        let name = format!("flow_{}", index % 40);
        let mut failure = Failure::new(name, "Eq. 1.12", format!("Error{index}"), HOSTILE);
        failure.suggested_fixes = vec!["Halve the step. ".repeat(100)];
        workspace.record(&failure);
    }
    let run = workspace.run(&["report", "--json"]);
    let summary: Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!((&summary["failed"], &summary["runs"]), (&json!(100_190), &json!(102_230)));
    assert_eq!((&summary["groups"], &summary["computations"]), (&json!(230), &json!(40)));
    let html = std::fs::read_to_string(workspace.dir().join("report.html")).unwrap();
    assert!(html.len() < MEGABYTE && summary["bytes"] == html.len(), "{}", html.len());
    assert!(html.contains("and 37 more failing computations") && html.contains(" more groups"));
}

#[test]
fn a_report_is_limited_to_the_named_computations() {
    let workspace = Workspace::empty();
    std::fs::create_dir_all(workspace.failures()).unwrap();
    let named = |name: &str| line("s1", 1, &json!({ "lambda": 1 }), "ok").replace("rg_flow_integration", name);
    write_log(&workspace, "s1", &json!({}), &["flow", "flow_2", "newton", "pendulum"].map(named).concat());
    let computations = |names: &[&str]| {
        let run = workspace.run(&[&["report", "--json"], names].concat());
        serde_json::from_str::<Value>(&run.stdout()).unwrap()["computations"].clone()
    };
    assert_eq!([&[][..], &["newt"], &["flow", "pend"], &["flow", "flow_2", "newton"]].map(computations), [4, 1, 2, 3]);
    let html = std::fs::read_to_string(workspace.dir().join("report.html")).unwrap();
    assert!(html.contains("newton") && !html.contains("pendulum"));
    let run = workspace.run(&["report", "newton", "absent"]);
    assert!(run.code() == 1 && run.stderr().contains("absent"), "{}", run.stderr());
}

#[test]
fn a_saved_region_is_shown_with_older_records() {
    let workspace = Workspace::empty();
    let runs = |session: &str| -> String {
        let run = |lambda: usize| {
            line(session, lambda, &json!({ "lambda": lambda }), if lambda > 40 { "failed" } else { "ok" })
        };
        (0..60).map(run).collect()
    };
    for session in ["s1", "s2", "s3"] {
        write_log(&workspace, session, &json!({}), &runs(session));
    }
    record(&workspace, &json!({ "lambda": 50 }));
    assert!(!workspace.transcript_of("show").contains("Where runs fail"));
    assert_eq!(workspace.run(&["regions", "--save"]).code(), 0);
    let shown = workspace.transcript_of("show");
    assert!(shown.contains("Where runs fail\n  100 % of the runs with lambda > 40 failed (58 of 58)."), "{shown}");
}
