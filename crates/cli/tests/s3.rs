//! `failures export` to a bucket of a real service, which `tests/s3/run` starts.

mod support;

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write;
use std::process::{self, Stdio};

use export::{BucketParts, PartSource, PartStore};
use serde_json::{Value, json};
use support::Workspace;

/// A new address in the bucket.
fn address(name: &str) -> String {
    let bucket = env::var("TRACING_FAILURE_TEST_BUCKET").expect("run tests/s3/run");
    let time = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("s3://{bucket}/cli-{time}-{}/{name}", process::id())
}

/// Writes a log of several sessions.
fn write_logs(workspace: &Workspace, io: &str, sessions: usize, runs: usize) {
    let logs = workspace.dir().join(io).join("logs");
    std::fs::create_dir_all(&logs).unwrap();
    for session in 0..sessions {
        let mut lines = String::new();
        for run in 0..runs {
            let line = json!({
                "timestamp": format!("2026-11-25T20:{:02}:{:02}.000Z", run / 60, run % 60), "level": "INFO",
                "target": "sweep", "message": "computation closed", "computation": "rg_flow",
                "parameters": { "lambda": run, "mu": "NaN" }, "outcome": "ok", "duration_s": 0.25,
                "session_id": format!("s{session}"),
            });
            writeln!(lines, "{line}").unwrap();
        }
        std::fs::write(logs.join(format!("computations_20261125_s{session}_0000.jsonl")), lines).unwrap();
    }
}

/// The ids of all runs in a place.
fn run_ids(address: &str) -> Vec<String> {
    let store = BucketParts::open(address).unwrap();
    let mut ids = Vec::new();
    for part in store.list().unwrap() {
        let PartSource::Bytes(content) = store.read(&part.name).unwrap().unwrap().source else { panic!("{part:?}") };
        for line in String::from_utf8(content).unwrap().lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            ids.push(row["run_id"].as_str().unwrap().to_owned());
        }
    }
    ids
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn exports_at_the_same_time_lose_and_duplicate_nothing() {
    let workspace = Workspace::empty();
    // The second directory is a later state of the first one.
    write_logs(&workspace, "earlier", 4, 100);
    write_logs(&workspace, "later", 5, 120);
    let address = address("together");
    let exports: Vec<_> = ["earlier", "later", "earlier", "later"]
        .into_iter()
        .map(|io| {
            let mut command = workspace.command(&["export", &address, "--format", "jsonl", "--from", io]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for export in exports {
        let output = export.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let ids = run_ids(&address);
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (600, 600));
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn a_second_export_changes_nothing() {
    let workspace = Workspace::empty();
    write_logs(&workspace, "io", 2, 50);
    let formats: &[&str] = if cfg!(feature = "parquet") { &["jsonl", "csv", "parquet"] } else { &["jsonl", "csv"] };
    for format in formats {
        let address = address(format);
        let export = || assert_eq!(workspace.run(&["export", &address, "--format", format, "--from", "io"]).code(), 0);
        let versions = || {
            let store = BucketParts::open(&address).unwrap();
            let parts = store.list().unwrap();
            assert_eq!(parts.len(), 2, "{parts:?}");
            parts.iter().map(|part| store.read(&part.name).unwrap().unwrap().version).collect::<Vec<_>>()
        };
        export();
        let first = versions();
        export();
        assert_eq!(versions(), first);
    }
}

#[test]
#[ignore = "needs a service: tests/s3/run"]
fn errors_name_the_bucket_and_the_remedy() {
    let workspace = Workspace::empty();
    write_logs(&workspace, "io", 1, 5);
    let error = |address: &str, variables: &[(&str, &str)]| {
        let mut command = workspace.command(&["export", address, "--format", "jsonl", "--from", "io"]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let text = error("s3://no-such-bucket/x", &[]);
    assert!(text.contains("s3://no-such-bucket/x") && text.contains("Create it"), "{text}");
    let text = error(&address("x"), &[("AWS_SECRET_ACCESS_KEY", "wrong-secret")]);
    assert!(text.contains("SignatureDoesNotMatch") && !text.contains("wrong-secret"), "{text}");
    let text = error(&address("x"), &[("AWS_SECRET_ACCESS_KEY", "")]);
    assert!(text.contains("AWS_SECRET_ACCESS_KEY is not set"), "{text}");
    let text = error("s3a://lab/x", &[]);
    assert!(text.contains("begins with 's3://'"), "{text}");
}
