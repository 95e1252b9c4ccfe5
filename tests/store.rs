//! The directory: whole or absent, no collisions, the newest in `latest.json`, and reading back.

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::{child_command, in_child, is_child, json_files, read_valid};
use tracing::{error, info_span};
use tracing_failure::{Failure, Store, StructuredLogger, Value, builder, init};

#[test]
fn acknowledged_records_survive_kill_9_and_every_file_is_complete() {
    if is_child() {
        let dir = std::env::var_os("TRACING_FAILURE_TEST_DIR").unwrap();
        let logger = StructuredLogger::new(Path::new(&dir)).unwrap();
        loop {
            let error = std::io::Error::other("no convergence");
            println!("\nrecorded {}", logger.log_failure("rg_flow", &error, &("x", 1), "§1").unwrap().display());
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..20 {
        let mut child = child_command(dir.path()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The kill comes in the middle of a record, after a different number of records in each round.
        let mut paths =
            lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("recorded ").map(str::to_owned));
        let first_paths: Vec<String> = paths.by_ref().take(1 + round * 3).collect();
        child.kill().unwrap();
        let all_paths = first_paths.into_iter().chain(paths);
        for path in all_paths {
            // The last line may be cut.
            if path.ends_with(".json") {
                read_valid(Path::new(&path));
                acknowledged += 1;
            }
        }
        child.wait().unwrap();
    }
    assert!(acknowledged > 200);
    for path in json_files(dir.path()) {
        read_valid(&path);
    }
}

#[test]
fn a_store_that_syncs_writes_the_same() {
    let run = in_child(|dir| {
        let _guard = builder(dir).durability(tracing_failure::record::Durability::Disk).init().unwrap();
        error!(computation = "rg_flow", theoretical_ref = "§1", "pole");
    });
    let run = run.ok();
    assert_eq!(read_latest(&run.dir().join("failures")), run.failure());
}

#[test]
fn latest_is_the_newest_once_a_burst_is_over() {
    let run = in_child(|dir| {
        let _guard = builder(dir).stderr_notice(false).init().unwrap();
        for run in 0..500 {
            let _span = info_span!("run", computation = "sweep", theoretical_ref = "§1", run).entered();
            error!("no convergence");
        }
        let latest = dir.join("failures/latest.json");
        let newest = || read_valid(&latest).parameters.get("run") == Some(&Value::Int(499));
        let started = Instant::now();
        while !newest() {
            assert!(started.elapsed() < Duration::from_secs(20), "no flush, and still not there");
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    run.ok();
}

#[test]
fn latest_is_never_replaced_by_an_older_record() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut failures: Vec<Failure> = (0..3).map(|n| Failure::new("rg_flow", "§1", "Diverged", n.to_string())).collect();
    for failure in &mut failures {
        failure.context.id = Some(uuid::Uuid::now_v7());
    }
    for index in [0, 2, 1] {
        store.write(&failures[index]).unwrap();
        store.flush().unwrap();
    }
    assert_eq!(read_latest(dir.path()).error_message, "2");
}

#[test]
fn a_record_from_the_future_does_not_stay_the_latest() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut failure = Failure::new("rg_flow", "§1", "Diverged", "written while the clock was wrong");
    failure.timestamp += chrono::TimeDelta::days(400);
    failure.context.id = Some(uuid::Uuid::max());
    std::fs::write(dir.path().join("latest.json"), failure.to_json()).unwrap();
    store.write(&Failure::new("rg_flow", "§1", "Diverged", "now")).unwrap();
    store.flush().unwrap();
    assert_eq!(read_latest(dir.path()).error_message, "now");
}

#[test]
fn a_process_stopped_while_updating_latest_blocks_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let lock = std::fs::File::create(dir.path().join(".latest.lock")).unwrap();
    lock.lock().unwrap();
    store.write(&Failure::new("rg_flow", "§1", "Diverged", "while it is held")).unwrap();
    assert!(!dir.path().join("latest.json").exists(), "the copy is left to the background");
    store.flush().unwrap();
    assert_eq!(read_latest(dir.path()).error_message, "while it is held");
}

fn read_latest(dir: &Path) -> Failure {
    Failure::from_path(dir.join("latest.json")).unwrap()
}

#[test]
fn a_record_names_its_area_time_and_id() {
    let run = in_child(|dir| {
        let _guard = builder(dir).area("lattice", &["wilson"]).init().unwrap();
        for computation in ["rg_flow_integration", "observable_mass", "topology_betti", "wilson_loop", "other"] {
            error!(computation, theoretical_ref = "§1", "failed");
        }
    });
    let run = run.ok();
    let mut names: Vec<String> = json_files(&run.dir().join("failures"))
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let areas: Vec<&str> = names.iter().map(|name| name.split("_2").next().unwrap()).collect();
    assert_eq!(areas, ["general", "latest.json", "lattice", "observable", "rg_flow", "topology"]);
    let failure = run.failure_of("rg_flow_integration");
    let id = failure.context.id.unwrap();
    let name = names.iter().find(|name| name.starts_with("rg_flow")).unwrap();
    assert_eq!(*name, format!("rg_flow_{}_{id}.json", failure.timestamp.format("%Y%m%dT%H%M%S%.3fZ")));
}

#[test]
fn records_of_the_original_program_are_read() {
    let failure = Failure::from_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/original_failure.json")).unwrap();
    assert_eq!(failure.error_type, "ValueError");
    assert_eq!(failure.parameters.to_string(), r#"{"test":"params"}"#);
    assert_eq!(failure.timestamp.timestamp_subsec_micros(), 756_454);
    assert_eq!(failure.context.id, None);
}

#[test]
fn invalid_records_are_reported_with_line_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("broken.json");
    for (json, message) in [
        (
            "{\n  \"timestamp\": \"2025-12-27T04:30:00Z\",\n  \"computation\": }",
            ":3:18: not a failure record: expected value",
        ),
        ("{\"timestamp\": \"yesterday\"", ":1:25: not a failure record: timestamp \"yesterday\":"),
        ("{}", ":1:2: not a failure record: missing field `timestamp`"),
        ("", ":1:0: not a failure record: EOF while parsing a value"),
    ] {
        std::fs::write(&path, json).unwrap();
        let error = Failure::from_path(&path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}{message}", path.display())), "{error}");
    }
}

#[test]
fn a_broken_file_does_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for message in ["first", "second"] {
        store.write(&Failure::new("rg_flow", "§1", "Diverged", message)).unwrap();
    }
    std::fs::write(dir.path().join("general_20250101T000000.000Z_broken.json"), "{").unwrap();
    std::fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let (read, broken): (Vec<_>, Vec<_>) = store.read_all().unwrap().partition(Result::is_ok);
    let messages: Vec<String> = read.into_iter().map(|failure| failure.unwrap().error_message).collect();
    assert_eq!(messages, ["first", "second"]);
    assert_eq!(broken.len(), 1);
}

#[test]
fn a_record_survives_writing_and_reading() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let matrix = [[1.0, f64::NAN], [f64::INFINITY, -0.0]];
        let _span = info_span!("run", computation = "topology", theoretical_ref = "§1", matrix = ?matrix).entered();
        error!(error = &std::io::Error::other("x") as &(dyn std::error::Error + 'static), "failed");
    });
    let run = run.ok();
    let failure = run.failure();
    let matrix: Vec<Value> = vec![vec![1.0, f64::NAN].into(), vec![f64::INFINITY, -0.0].into()];
    assert_eq!(failure.parameters.get("matrix"), Some(&Value::List(matrix)));
    let path = json_files(&run.dir().join("failures")).remove(0);
    assert_eq!(failure.to_json(), std::fs::read_to_string(path).unwrap());
}
