//! `failures export` to a bucket of a real service, which `tests/s3/run` starts.

#![cfg(unix)]

mod support;

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
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
fn many_hosts_add_runs_to_one_part() {
    let workspace = Workspace::empty();
    let address = address("one");
    let hosts: Vec<_> = (0..10)
        .map(|host| {
            let io = format!("host{host}");
            write_logs(&workspace, &io, 1, 10);
            // Runs of other programs have no session. Each host has other runs.
            let log = workspace.dir().join(&io).join("logs/computations_20261125_s0_0000.jsonl");
            let lines = std::fs::read_to_string(&log).unwrap().replace("session_id", "other");
            std::fs::write(&log, lines.replace("T20:", &format!("T{host:02}:"))).unwrap();
            let mut command = workspace.command(&["export", &address, "--format", "jsonl", "--from", &io]);
            command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for host in hosts {
        let output = host.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(run_ids(&address).into_iter().collect::<BTreeSet<_>>().len(), 100);
}

#[test]
fn a_signal_ends_an_export_that_waits_for_the_service() {
    let workspace = Workspace::empty();
    write_logs(&workspace, "io", 1, 5);
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = workspace.command(&["export", "s3://lab/x", "--format", "jsonl", "--from", "io"]);
    command.env("AWS_ENDPOINT_URL_S3", format!("http://{}", service.local_addr().unwrap()));
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").stderr(Stdio::null());
    let mut export = command.spawn().unwrap();
    let (_open, _) = service.accept().unwrap();
    let pid = rustix::process::Pid::from_child(&export);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(export.wait().unwrap().signal(), Some(rustix::process::Signal::INT.as_raw()));
    // It has not tried again before.
    service.set_nonblocking(true).unwrap();
    assert_eq!(service.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
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

#[cfg(feature = "parquet")]
#[test]
#[ignore = "needs a service: tests/s3/run"]
fn exported_runs_are_read_from_the_bucket() {
    let workspace = Workspace::empty();
    write_logs(&workspace, "io", 3, 50);
    let address = address("runs");
    assert_eq!(workspace.run(&["export", &address, "--from", "io"]).code(), 0);
    let runs = |from: &[&str]| {
        let output = workspace.command(&["runs", "--json"]).args(from).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(runs(&["--from", &address]), runs(&["--from", "io"]));
    // Runs that both have count once.
    assert_eq!(runs(&["--from", &address, "--from", "io"]), runs(&["--from", "io"]));
    let output = workspace.run(&["runs", "--from", "s3://no-such-bucket/x"]);
    assert!(output.code() == 1 && output.stderr().contains("Create it"), "{}", output.transcript());
    let output = workspace.run(&["runs", "--from", &format!("{address}/none")]);
    assert!(output.code() == 1 && output.stderr().contains("no computations in s3://"), "{}", output.transcript());
}
