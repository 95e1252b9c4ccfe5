//! The runtime log: what stands in a line, rotation, and that no line is lost.

#[path = "log/outcome.rs"]
mod outcome;
#[path = "log/series.rs"]
mod series;
mod support;

use std::path::Path;

use support::{in_child, in_child_with};
use tracing::{debug, error, info, info_span, warn};
use tracing_failure::{Rotation, builder, init};

#[test]
fn lines_have_typed_fields_and_spans_with_fields() {
    let run = in_child(|dir| {
        let _guard = builder(dir).session_id("s-1").init().unwrap();
        let span = info_span!("solve", method = "RK45", rtol = 1e-9);
        let _entered = span.entered();
        let _inner = info_span!("step", n = 3).entered();
        info!(t = 0.5, y = ?[1.0, f64::NAN], ok = true, note = %"plain text", "step \"accepted\"\n");
        debug!("not at this level");
    });
    let mut lines = run.ok().log();
    assert_eq!(lines.len(), 1);
    let time = lines[0]["timestamp"].take();
    assert!(chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap()).is_ok());
    insta::assert_json_snapshot!(lines[0], @r#"
    {
      "fields": {
        "note": "plain text",
        "ok": true,
        "t": 0.5,
        "y": [
          1.0,
          "NaN"
        ]
      },
      "level": "INFO",
      "message": "step \"accepted\"\n",
      "session_id": "s-1",
      "spans": [
        {
          "fields": {
            "n": 3
          },
          "name": "step"
        },
        {
          "fields": {
            "method": "RK45",
            "rtol": 0.000000001
          },
          "name": "solve"
        }
      ],
      "target": "log",
      "timestamp": null
    }
    "#);
}

#[test]
fn a_line_has_the_fields_that_its_spans_had_then() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = info_span!("solve", level = 1, residual = tracing::field::Empty);
        let _entered = span.enter();
        info!("before");
        span.record("residual", 0.25);
        info!("after");
    });
    let spans: Vec<String> = run.ok().log().iter().map(|line| line["spans"].to_string()).collect();
    assert_eq!(
        spans,
        [r#"[{"fields":{"level":1},"name":"solve"}]"#, r#"[{"fields":{"level":1,"residual":0.25},"name":"solve"}]"#,]
    );
}

#[test]
fn an_empty_flush_creates_no_file() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        std::fs::remove_dir_all(dir.join("logs")).unwrap();
        guard.flush();
        assert!(!dir.join("logs").exists());
        info!("something to write");
        guard.flush();
        assert!(dir.join("logs").exists());
    });
    assert_eq!(run.ok().log().len(), 1);
}

#[test]
fn names_of_fields_may_hold_anything() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        for _ in 0..2 {
            info!("a \"quoted\" name" = 1, "back\\slash" = 2, "ζ" = 3, "line\nbreak" = 4, "names");
        }
    });
    for line in run.ok().log() {
        let fields = line["fields"].as_object().unwrap();
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["a \"quoted\" name", "back\\slash", "line\nbreak", "ζ"]);
    }
}

#[test]
fn a_computation_that_closes_has_a_line_with_its_outcome() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _run = info_span!("run", theoretical_ref = "§1", beta = 6.0, rtol = 1e-3).entered();
        for (n, fails) in [(1, false), (2, true)] {
            let _span = info_span!("solve", computation = "solve", rtol = 1e-6, n, residual = tracing::field::Empty);
            let _entered = _span.enter();
            _span.record("residual", 0.25);
            if fails {
                error!("no convergence");
            }
        }
    });
    let run = run.ok();
    let lines = run.log();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, outcome) in lines.iter().zip(["unknown", "failed"]) {
        assert_eq!(line["message"], "computation closed");
        assert_eq!((line["computation"].as_str(), line["theoretical_ref"].as_str()), (Some("solve"), Some("§1")));
        assert_eq!(line["outcome"], outcome);
        assert_eq!(line["parameters"]["rtol"], 1e-6);
        assert_eq!(line["parameters"]["beta"], 6.0);
        assert_eq!(line["parameters"]["residual"], 0.25);
        assert!(line["duration_s"].as_f64().unwrap() >= 0.0);
    }
    assert_eq!(lines[1]["failure_id"], run.failure().context.id.unwrap().to_string());
    assert_eq!(lines[0].get("failure_id"), None);
}

#[test]
fn a_computation_without_a_reference_around_one_that_panicked_has_panicked() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = std::panic::catch_unwind(|| {
            let _outer = info_span!("outer", computation = "outer").entered();
            let _inner = info_span!("inner", computation = "inner", theoretical_ref = "§1").entered();
            panic!("no such level");
        });
    });
    let run = run.ok();
    assert_eq!(run.failure().computation, "inner");
    let outcomes: Vec<_> = run.log().into_iter().filter(|line| line["outcome"].is_string()).collect();
    assert_eq!((&outcomes[0]["outcome"], &outcomes[0]["computation"]), (&"failed".into(), &"inner".into()));
    assert_eq!((&outcomes[1]["outcome"], &outcomes[1]["computation"]), (&"panicked".into(), &"outer".into()));
}

#[test]
fn rust_log_filters_the_log_and_not_the_failures() {
    let filter = |command: &mut std::process::Command| {
        command.env("RUST_LOG", "error,log=debug,other[span]=trace");
    };
    let run = in_child_with(filter, |dir| {
        let _guard = init(dir).unwrap();
        debug!("logged");
        info!(target: "elsewhere", "not logged");
        let _span = info_span!(target: "elsewhere", "solve", computation = "solve", theoretical_ref = "§1").entered();
        error!(target: "elsewhere", "failed");
    });
    let run = run.ok();
    assert_eq!(run.failure().error_message, "failed");
    let lines = run.log();
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["logged", "failed", "computation closed"]);
    assert!(run.stderr.contains("RUST_LOG: log filter: `other[span]=trace`"), "{}", run.stderr);
}

#[test]
fn a_line_of_a_recorded_event_bears_the_failures_id() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        warn!("before");
        error!(computation = "solve", theoretical_ref = "§1", "failed");
        error!("not in a computation");
    });
    let run = run.ok();
    let id = run.failure().context.id.unwrap().to_string();
    let lines = run.log();
    let ids: Vec<_> = lines.iter().map(|line| line.get("failure_id").and_then(|id| id.as_str())).collect();
    assert_eq!(ids, [None, Some(id.as_str()), None]);
}

#[test]
fn lines_of_many_threads_are_all_there_and_whole() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                scope.spawn(move || (0..5_000).for_each(|n| info!(thread, n, "working")));
            }
        });
        guard.flush();
        assert_eq!((guard.stats().log_lines, guard.stats().log_lines_lost), (40_000, 0));
    });
    let run = run.ok();
    let mut numbers: Vec<_> = run
        .log()
        .iter()
        .map(|line| (line["fields"]["thread"].as_u64().unwrap(), line["fields"]["n"].as_u64().unwrap()))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 40_000);
}

#[test]
fn lines_after_the_guard_are_written() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let report = info_span!("solve", computation = "solve", theoretical_ref = "§1")
            .in_scope(|| color_eyre::eyre::eyre!("its SpanTrace keeps the span open"));
        drop(guard);
        drop(report);
    });
    let lines = run.ok().log();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["message"], "computation closed");
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn files_rotate_by_size_and_only_log_files_are_deleted() {
    let run = in_child(|dir| {
        let logs = dir.join("logs");
        std::fs::create_dir_all(&logs).unwrap();
        let foreign = ["runtime_notes.txt", "runtime_20200101_mine_0000.jsonl", "runtime_2020.jsonl", "thesis.tex"];
        for name in foreign {
            std::fs::write(logs.join(name), "not a log of ours").unwrap();
        }
        let copy = logs.join("runtime_copy_of_mine.jsonl");
        std::fs::write(&copy, "{\"timestamp\":\"2020-01-01\"}\n").unwrap();
        std::fs::write(logs.join("runtime_20200102_old_0000.jsonl"), "{\"timestamp\":\"2020-01-02\"}\n").unwrap();
        let mut rotation = Rotation::default();
        rotation.max_bytes = 10_000;
        rotation.max_files = Some(4);
        let guard = builder(dir).rotation(rotation).init().unwrap();
        for n in 0..2_000 {
            info!(n, "a line");
            if n % 20 == 0 {
                guard.flush();
            }
        }
        guard.flush();
        let names = names(&logs);
        for name in foreign {
            assert_eq!(std::fs::read_to_string(logs.join(name)).unwrap(), "not a log of ours");
        }
        assert!(copy.exists());
        assert!(!names.contains(&"runtime_20200102_old_0000.jsonl".to_owned()), "{names:?}");
        let own: Vec<_> = names.iter().filter(|name| name.contains(guard.session_id())).collect();
        assert!((3..=4).contains(&own.len()), "{own:?}");
        let newest = guard.log_path().unwrap();
        let text = std::fs::read_to_string(&newest).unwrap();
        assert!(text.lines().last().unwrap().contains("\"n\":1999"));
    });
    run.ok();
}

#[test]
fn a_file_that_another_process_still_writes_is_not_deleted() {
    let run = in_child(|dir| {
        let mut rotation = Rotation::default();
        rotation.max_files = Some(1);
        let writing = builder(dir).rotation(rotation).layer::<tracing_subscriber::Registry>().unwrap().1;
        // The next recorder would keep one file only, its own.
        let _guard = builder(dir).rotation(rotation).init().unwrap();
        assert!(writing.log_path().unwrap().exists());
    });
    run.ok();
}
