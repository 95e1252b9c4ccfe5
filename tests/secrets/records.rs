//! Records and log lines hold no secret, whatever way it came in.

use std::path::Path;

use serde_json::Value as Json;
use tracing::{debug, error, info, info_span, warn};
use tracing_failure::record::Map;
use tracing_failure::{Failure, StructuredLogger, Value, builder};

use crate::support::in_child;

const URL: &str = "postgres://bob:hunter2@db.example/x";

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

fn assert_clean(dir: &Path) {
    for file in walk(dir) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains("hunter2"), "{}: {text}", file.display());
    }
}

#[derive(Debug, thiserror::Error)]
#[error("cannot reach {URL}")]
struct Unreachable {
    header: (&'static str, &'static str),
}

#[derive(Debug, thiserror::Error)]
#[error("no data; password: hunter2x")]
struct NoData {
    #[source]
    source: Unreachable,
}

#[test]
fn texts_of_events_spans_and_errors_are_redacted() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("trace").init().unwrap();
        let headers = [("Authorization", "Token hunter2"), ("Accept", "text/html")];
        let _span = info_span!(
            "span",
            computation = "fit",
            theoretical_ref = "§2",
            server = URL,
            ?headers,
            args = ?["curl", "-u", "bob:hunter2"],
            eos_token = 128_001,
            token = 5,
            beta = 2.5
        )
        .entered();
        warn!("retry with {{\"api_key\": \"hunter2\"}}");
        info!(query = "https://h/?token=hunter2x&n=3", "asking");
        debug!(residual = 1e-3, "login bob password hunter2x");
        let error = NoData { source: Unreachable { header: ("X-Api-Key", "hunter2") } };
        error!(error = &error as &dyn std::error::Error, reason = %"--password hunter2", "401 for {URL}");
        std::thread::spawn(|| {
            let _span = info_span!("s", computation = "panics", theoretical_ref = "§3").entered();
            panic!("cannot reach {URL}");
        })
        .join()
        .unwrap_err();
    });
    let run = run.ok();
    assert_clean(run.dir());
    let failure = run.failure_of("fit");
    for (name, value) in [("eos_token", Value::Int(128_001)), ("token", Value::Int(5)), ("beta", Value::Float(2.5))] {
        assert_eq!(failure.parameters.get(name), Some(&value), "numbers stay numbers");
    }
    assert_eq!(failure.parameters.get("server"), Some(&"postgres://[redacted]@db.example/x".into()));
    assert!(
        !run.stderr.contains("recorded") || !run.stderr.contains("fit failed: 401 for postgres://bob"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_command_line_is_redacted() {
    let change = |command: &mut std::process::Command| {
        command.args(["--skip", "--password hunter2", "--skip", "--token=hunter2", "--skip", URL]);
    };
    let run = crate::support::in_child_with(change, |dir| {
        let _guard = builder(dir).init().unwrap();
        error!(computation = "fit", theoretical_ref = "§2", "failed");
    });
    assert_clean(run.ok().dir());
}

/// Places of a record that programs refer to it by.
const IDENTITIES: &[&str] = &["/context/session_id", "/context/fingerprint"];

#[test]
fn no_text_of_a_described_record_keeps_a_secret() {
    let record: Json = serde_json::from_str(&full_record()).unwrap();
    let mut places = Vec::new();
    texts(&record, String::new(), &mut places);
    let mut tried = 0;
    for place in places.iter().filter(|place| !IDENTITIES.contains(&place.as_str())) {
        let mut record = record.clone();
        let text = record.pointer_mut(place).unwrap();
        *text = format!("{} password=hunter2x", text.as_str().unwrap()).into();
        // Levels, times and categories are no texts.
        let Ok(failure) = Failure::from_json(&record.to_string()) else { continue };
        let dir = tempfile::tempdir().unwrap();
        let logger = builder(dir.path()).stderr_notice(false).logger().unwrap();
        logger.record(failure).unwrap();
        logger.flush();
        for file in walk(dir.path()) {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(!text.contains("hunter2"), "{place}: {text}");
        }
        tried += 1;
    }
    assert!(tried > 30, "{tried}");
}

fn texts(value: &Json, place: String, places: &mut Vec<String>) {
    match value {
        Json::String(_) => places.push(place),
        Json::Array(list) => {
            list.iter().enumerate().for_each(|(at, value)| texts(value, format!("{place}/{at}"), places))
        }
        Json::Object(map) => map.iter().for_each(|(key, value)| texts(value, format!("{place}/{key}"), places)),
        _ => {}
    }
}

/// A record that has an entry of every kind.
fn full_record() -> String {
    serde_json::json!({
        "timestamp": "2025-12-27T04:30:00.000Z", "computation": "fit", "theoretical_ref": "§2", "error_type": "E",
        "error_message": "m", "parameters": { "a": "b", "list": ["c", { "d": "e" }] }, "stack_trace": "at f",
        "suggested_fixes": ["try again"],
        "context": {
            "category": "other", "reason": "r", "thread": "main", "job_id": "7", "notebook": "n.ipynb", "session_id": "s",
            "location": { "file": "a.rs", "line": 3, "module": "m", "target": "t" }, "event": { "x": "y" },
            "spans": [{ "name": "s", "target": "t", "level": "INFO", "fields": { "f": "g" }, "file": "b.rs", "follows_from": ["h"] }],
            "errors": [{ "type": "T", "variant": "V", "message": "m", "data": { "k": "v" }, "notes": ["n"], "backtrace": "b" }],
            "frames": [{ "function": "f", "file": "c.rs", "line": 1, "in_app": true }],
            "trail": [{ "message": "m", "level": "DEBUG", "seen": 1, "dropped": 0, "elapsed_s": [0.5], "columns": { "r": ["s"] }, "spans": ["s"], "span_fields": { "f": "g" }, "span_columns": ["c"] }],
            "breadcrumbs": [{ "elapsed_s": 0.5, "level": "INFO", "message": "m", "span": "s", "span_fields": { "f": "g" } }],
            "suggestions": [{ "fix": "try again", "origin": "author", "reason": "r", "code": "c" }],
            "process": { "pid": 1, "argv": ["solve", "x"], "cwd": "/w", "host": "h", "executable": "/w/solve" },
            "panic_origin": { "matched_by": "time", "raised": [{ "message": "m", "thread": "t", "frames": [{ "function": "f", "in_app": true }] }] },
            "build": { "package": "p", "version": "1", "profile": "debug", "git_commit": "abc" },
            "own": { "entry": ["z"] }
        }
    })
    .to_string()
}

#[test]
fn log_lines_of_a_logger_are_redacted() {
    let dir = tempfile::tempdir().unwrap();
    let logger: StructuredLogger = builder(dir.path()).logger().unwrap();
    let fields = Map::from_iter([("url", Value::from(vec![URL])), ("token", "hunter2".into())]);
    logger.log(tracing::Level::WARN, "solver", &format!("cannot reach {URL}"), Map::from_iter([("fields", fields)]));
    let long = format!("{}password=\"{}\"", "x".repeat(20_000), "hunter2 ".repeat(2_000));
    logger.log(tracing::Level::WARN, "solver", &long, Map::new());
    logger.flush();
    assert_clean(dir.path());
}

#[test]
fn secrets_are_redacted_before_their_text_is_truncated() {
    let dir = tempfile::tempdir().unwrap();
    let logger = builder(dir.path()).stderr_notice(false).logger().unwrap();
    let message = format!("{}password=\"{}\"", "x".repeat(20_000), "hunter2 ".repeat(2_000));
    logger.record(Failure::new("fit", "§2", "E", message)).unwrap();
    assert_clean(dir.path());
}
