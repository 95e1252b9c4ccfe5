//! `failures export` as JSON Lines and CSV. The package `tests/export` tests Parquet.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::Workspace;

/// A closing line.
fn line(session: &str, time: &str, parameters: Value, outcome: &str) -> String {
    let line = json!({
        "timestamp": time, "message": "computation closed", "computation": "rg_flow", "theoretical_ref": "Eq. 1.12",
        "parameters": parameters, "outcome": outcome, "duration_s": 0.25, "session_id": session,
    });
    format!("{line}\n")
}

fn write_log(workspace: &Workspace, session: &str, number: usize, lines: &[String]) -> PathBuf {
    let logs = workspace.dir().join("io/logs");
    fs::create_dir_all(&logs).unwrap();
    fs::create_dir_all(workspace.failures()).unwrap();
    let path = logs.join(format!("computations_20261125_{session}_{number:04}.jsonl"));
    fs::write(&path, lines.concat()).unwrap();
    path
}

/// The paths of all files below a directory, and their contents.
fn files(dir: &Path) -> Vec<(String, String)> {
    let (mut files, mut directories) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

fn rows(content: &str) -> Vec<Value> {
    content.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn runs_are_exported_once() {
    let workspace = Workspace::empty();
    let night = [
        line("s1", "2026-11-25T23:59:59.900Z", json!({ "lambda": 1, "mu": "NaN" }), "ok"),
        line("s1", "2026-11-26T00:00:00.100Z", json!({ "lambda": 2.5, "flag": true }), "failed"),
    ];
    write_log(&workspace, "s1", 0, &night);
    write_log(&workspace, "s2", 0, &[line("s2", "2026-11-25T20:00:00.000Z", json!({ "lambda": "large" }), "ok")]);
    let output = workspace.transcript_of("export out --format jsonl");
    assert!(output.starts_with("rg_flow: 3 runs in 3 files\n"), "{output}");
    let first = files(&workspace.dir().join("out"));
    let names: Vec<&str> = first.iter().map(|(name, _)| &**name).collect();
    let expected = [
        "computation=rg_flow/date=2026-11-25/part-s1.jsonl",
        "computation=rg_flow/date=2026-11-25/part-s2.jsonl",
        "computation=rg_flow/date=2026-11-26/part-s1.jsonl",
    ];
    assert_eq!(names, expected);
    let [run] = &*rows(&first[0].1) else { panic!("one run") };
    assert_eq!(run["parameters"], json!({ "lambda": 1, "mu": "NaN" }));
    assert_eq!((&run["p.lambda"], &run["p.mu"], &run["outcome"]), (&json!(1), &json!("NaN"), &json!("ok")));
    assert_eq!(
        (&run["ended"], &run["started"]),
        (&json!("2026-11-25T23:59:59.900000Z"), &json!("2026-11-25T23:59:59.650000Z"))
    );
    assert_eq!(rows(&first[1].1)[0]["p.lambda.text"], "large");
    assert_eq!(rows(&first[2].1)[0]["p.flag.text"], "true");

    workspace.transcript_of("export out --format jsonl");
    assert_eq!(files(&workspace.dir().join("out")), first);
}

#[test]
fn runs_whose_logs_are_gone_stay() {
    for format in ["jsonl", "csv"] {
        let workspace = Workspace::empty();
        let run = |minute: usize, lambda: Value| {
            let time = format!("2026-11-25T20:{minute:02}:00.000Z");
            line("s1", &time, json!({ "lambda": lambda }), "ok")
        };
        let old = write_log(&workspace, "s1", 0, &[run(1, json!(0.1)), run(2, json!("a, \"b\"\nc"))]);
        write_log(&workspace, "s1", 1, &[run(3, json!("NaN"))]);
        let export = format!("export out --format {format}");
        workspace.transcript_of(&export);
        let first = files(&workspace.dir().join("out"));
        fs::remove_file(old).unwrap();
        write_log(&workspace, "s1", 2, &[run(4, json!(4))]);
        let output = workspace.transcript_of(&export);
        assert!(output.starts_with("rg_flow: 2 runs in 1 file, 2 runs of earlier exports kept\n"), "{output}");

        let merged = files(&workspace.dir().join("out"));
        let [(_, merged)] = &*merged else { panic!("one file") };
        for text in ["0.1", r#""lambda""#, "NaN"] {
            assert!(first[0].1.contains(text), "{text} in {}", first[0].1);
        }
        assert_eq!(merged.matches("rg_flow").count(), first[0].1.matches("rg_flow").count());
        if format == "jsonl" {
            let values: Vec<Value> = rows(merged).into_iter().map(|run| run["parameters"]["lambda"].clone()).collect();
            assert_eq!(values, [json!("NaN"), json!(4), json!(0.1), json!("a, \"b\"\nc")]);
        } else {
            assert!(merged.contains("\"a, \"\"b\"\"\nc\""), "{merged}");
        }
        // The kept runs are kept by every export.
        workspace.transcript_of(&export);
        assert_eq!(&files(&workspace.dir().join("out"))[0].1, merged);
    }
}

#[test]
fn a_hostile_name_stays_in_the_directory() {
    let workspace = Workspace::empty();
    let name = "../../../escaped\n";
    let line =
        line("../../s1", "2026-11-25T20:00:00.000Z", json!({}), "ok").replace("rg_flow", &name.replace('\n', "\\n"));
    write_log(&workspace, "s1", 0, &[line]);
    let run = workspace.run(&["export", "a/b/out", "--format", "jsonl"]);
    assert_eq!(run.code(), 0, "{}", run.transcript());
    let names: Vec<String> = files(&workspace.dir().join("a")).into_iter().map(|(name, _)| name).collect();
    let expected = "b/out/computation=..%2F..%2F..%2Fescaped%0A/date=2026-11-25/part-..%2F..%2Fs1.jsonl";
    assert_eq!(names, [expected]);
}

#[test]
fn trails_of_records_have_a_table() {
    let workspace = Workspace::with_data();
    let report = workspace.run(&["export", "out", "--format", "jsonl", "--computation", "multigrid", "--json"]);
    let report: Value = serde_json::from_str(&report.stdout()).unwrap();
    assert_eq!((&report["format"], &report["target"]), (&json!("jsonl"), &json!("out")));
    assert_eq!(report["computations"][0]["trail_parts"], 1);
    let files = files(&workspace.dir().join("out"));
    let names: Vec<&str> = files.iter().map(|(name, _)| &**name).collect();
    let part = "computation=multigrid_solve/date=2026-11-25/part-night-run-7.jsonl";
    assert_eq!(names, [&format!("_trails/{part}"), part]);
    let run = &rows(&files[1].1)[0];
    assert_eq!((&run["outcome"], &run["run_id"]), (&json!("failed"), &run["failure_id"]));
    let trail = rows(&files[0].1);
    assert!(trail.iter().all(|row| row["run_id"] == run["run_id"]));
    let residuals: Vec<_> = trail.iter().filter(|row| row["series"] == "cycle done.residual").collect();
    let steps: Vec<f64> = residuals.iter().map(|row| row["step"].as_f64().unwrap()).collect();
    assert_eq!(steps, [0.0, 1.0, 2.0, 9995.0, 9996.0, 9997.0, 9998.0, 9999.0]);
    assert_eq!((&residuals[2]["value"], &residuals[5]["value"]), (&json!(0.01), &json!("NaN")));
}

#[test]
fn foreign_files_are_not_replaced() {
    let workspace = Workspace::empty();
    write_log(&workspace, "s1", 0, &[line("s1", "2026-11-25T20:00:00.000Z", json!({}), "ok")]);
    let part = workspace.dir().join("out/computation=rg_flow/date=2026-11-25/part-s1.jsonl");
    fs::create_dir_all(part.parent().unwrap()).unwrap();
    for notes in ["my notes\n", "{\"note\": 1}\n"] {
        fs::write(&part, notes).unwrap();
        let run = workspace.run(&["export", "out", "--format", "jsonl"]);
        assert_eq!(run.code(), 1);
        assert!(run.stderr().contains("part-s1.jsonl exists and is not an exported part"), "{}", run.stderr());
        assert_eq!(fs::read_to_string(&part).unwrap(), notes);
    }
}

#[test]
fn parquet_files_of_other_programs_are_skipped() {
    let workspace = Workspace::empty();
    write_log(&workspace, "s1", 0, &[line("s1", "2026-11-25T20:00:00.000Z", json!({}), "ok")]);
    fs::write(workspace.dir().join("io/foreign.parquet"), "no Parquet").unwrap();
    let run = workspace.run(&["runs", "--from", "io"]);
    assert_eq!(run.code(), 1);
    assert!(run.stdout().contains("rg_flow"), "{}", run.stdout());
    assert!(run.stderr().starts_with("failures: skipped io/foreign.parquet: "), "{}", run.stderr());
}

#[test]
#[cfg(not(feature = "parquet"))]
fn a_build_without_parquet_says_how_to_get_it() {
    let run = Workspace::empty().run(&["export", "out"]);
    assert_eq!(run.code(), 1);
    assert!(run.stderr().contains("--features parquet"), "{}", run.stderr());
}
