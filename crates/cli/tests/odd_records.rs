//! Records of other programs: values that JSON readers round or refuse.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn failures(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_failures"));
    command.args(args).arg("--dir").arg(dir).env_remove("NO_COLOR").output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn record(parameters: &str, context: &str) -> String {
    format!(
        r#"{{"timestamp": "2025-12-27T04:30:00Z", "computation": "flow", "theoretical_ref": "eq. (1)",
        "error_type": "Diverged", "error_message": "pole", "parameters": {{{parameters}}}, "stack_trace": "",
        "context": {{{context}}}, "suggested_fixes": []}}"#
    )
}

fn dir_with(records: &[(&str, String)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, json) in records {
        fs::write(dir.path().join(name), json).unwrap();
    }
    dir
}

#[test]
fn integers_beyond_64_bits_are_exact() {
    let seed = |last: char| record(&format!("\"seed\": 12345678901234567890123456789{last}"), "");
    let dir = dir_with(&[("a.json", seed('0')), ("b.json", seed('1'))]);
    let run = |args: &[&str]| stdout(&failures(dir.path(), args));
    assert!(run(&["show", "b"]).contains("123456789012345678901234567891"), "{}", run(&["show", "b"]));
    let diff = run(&["diff", "a", "b"]);
    assert!(
        diff.contains("123456789012345678901234567890") && diff.contains("123456789012345678901234567891"),
        "{diff}"
    );
    let groups = run(&["groups"]);
    assert!(
        groups.contains("123456789012345678901234567890") && groups.contains("123456789012345678901234567891"),
        "{groups}"
    );
    let count = |filter: &str| run(&["list", "--where", filter, "--jsonl"]).lines().count();
    assert_eq!(count(".parameters.seed == 123456789012345678901234567890"), 1);
    assert_eq!(count(".parameters.seed >= 123456789012345678901234567890"), 2);
    assert_eq!(count(".parameters.seed > 123456789012345678901234567891"), 0);
}

#[test]
fn only_the_value_is_lost() {
    let dir = dir_with(&[
        ("mark.json", format!("\u{feff}{}", record("\"x\": 1", ""))),
        ("half.json", record(r#""text": "half a pair: \ud800!""#, "")),
        ("large.json", record("\"x\": 1e400", "")),
        ("id.json", record("", "\"id\": \"run-7\", \"caused_by\": 3")),
    ]);
    let output = failures(dir.path(), &["list", "--jsonl"]);
    assert_eq!(stdout(&output).lines().count(), 4, "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["mark", "half", "large", "id"] {
        let output = failures(dir.path(), &["show", name]);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(stdout(&failures(dir.path(), &["show", "large"])).contains("1e400"));
    let output = stdout(&failures(dir.path(), &["validate"]));
    assert!(!output.contains("expected null"), "{output}");
    assert!(output.contains("byte order mark"), "{output}");
}

#[test]
fn duplicate_keys_and_columns_of_unequal_length_are_problems() {
    let trail = r#""trail": [{"seen": 3, "dropped": 0, "elapsed_s": [0.1, 0.2, 0.3], "columns": {"ok": [1, 2, 3], "x": [1, 2]}}]"#;
    let dir = dir_with(&[
        ("twice.json", record(r#""options": {"rtol": 1, "rtol": 2}"#, "\"mine\": [{\"a\": 1, \"a\": 1}]")),
        ("uneven.json", record("", trail)),
    ]);
    let output = failures(dir.path(), &["validate"]);
    let problems = stdout(&output);
    assert_eq!(output.status.code(), Some(1));
    for expected in [
        "/parameters/options/rtol",
        "/context/mine/0/a",
        "/context/trail/0/columns/x: 2 values, but elapsed_s has 3 rows",
    ] {
        assert!(problems.contains(expected), "{expected}: {problems}");
    }
    assert_eq!(problems.lines().count(), 3, "{problems}");
}
