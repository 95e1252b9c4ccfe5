//! The two series of log files: events, and closing lines of computations.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tracing::{error, info, info_span};
use tracing_failure::{Guard, Rotation, StructuredLogger, builder, init};

use crate::support::{child_command, in_child, is_child};

const SERIES: [&str; 2] = ["runtime_", "computations_"];

fn close(n: u32) {
    let _span = info_span!("solve", computation = "solve", theoretical_ref = "§1", n).entered();
}

/// The files of each series, oldest first.
fn files(logs: &Path) -> [Vec<PathBuf>; 2] {
    let entries = std::fs::read_dir(logs).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    SERIES.map(|series| {
        let is_of_series = |path: &&PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(series);
        paths.iter().filter(is_of_series).cloned().collect()
    })
}

/// The lines of each series, without those that describe a session.
fn lines(logs: &Path) -> [Vec<String>; 2] {
    files(logs).map(|paths| {
        let texts = paths.iter().map(|path| std::fs::read_to_string(path).unwrap());
        let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
        lines.filter(|line| !line.contains(r#""message":"session""#)).collect()
    })
}

/// The numbers of the computations whose closing lines these are.
fn numbers(lines: &[String]) -> Vec<u64> {
    let line = |text: &String| serde_json::from_str::<serde_json::Value>(text).unwrap();
    lines.iter().map(|text| line(text)["parameters"]["n"].as_u64().unwrap()).collect()
}

#[test]
fn closing_lines_and_events_have_files_of_their_own() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        info!("begin");
        guard.flush();
        assert_eq!(guard.computation_log_path(), None);
        assert_eq!(files(&dir.join("logs"))[1], Vec::<PathBuf>::new(), "a file begins with its first line");
        close(1);
        info!("end");
        guard.flush();
        assert_eq!(guard.stats().log_lines, 3);
        let [events, closing] = files(&dir.join("logs"));
        assert_eq!((guard.log_path(), guard.computation_log_path()), (events.last().cloned(), closing.last().cloned()));
    });
    let [events, closing] = lines(&run.ok().dir().join("logs"));
    assert_eq!((events.len(), closing.len()), (2, 1));
    assert!(closing[0].contains(r#""message":"computation closed""#) && !events.concat().contains("closed"));
}

#[test]
fn each_file_of_closing_lines_begins_with_its_session() {
    let run = in_child(|dir| {
        let mut rotation = Rotation::of_computations();
        rotation.max_bytes = 1000;
        let build = tracing_failure::build_info!();
        let guard = builder(dir).computation_rotation(rotation).build_info(build).session_id("s-1").init().unwrap();
        fill(&guard);
    })
    .ok();
    let [_, closing] = files(&run.dir().join("logs"));
    assert!(closing.len() > 2);
    for path in closing {
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["message"], &lines[0]["session_id"]), (&"session".into(), &"s-1".into()));
        assert_eq!((&lines[0]["package"], &lines[0]["timestamp"]), (&"tracing-failure".into(), &lines[1]["timestamp"]));
        assert!(lines[0]["host"].is_string());
        assert!(lines[1..].iter().all(|line| line["message"] == "computation closed"));
    }
}

#[test]
fn without_a_log_there_are_no_closing_lines() {
    let run = in_child(|dir| {
        let guard = builder(dir).without_log().init().unwrap();
        close(1);
        guard.flush();
        assert_eq!((guard.log_path(), guard.computation_log_path()), (None, None));
    });
    assert!(!run.ok().dir().join("logs").exists());
}

#[test]
fn a_logger_writes_closing_lines_into_their_series() {
    let dir = tempfile::tempdir().unwrap();
    let logger: StructuredLogger = builder(dir.path()).logger().unwrap();
    let parameters = tracing_failure::record::Map::from_iter([("api_key", "hunter2")]);
    logger.log_computation("solver", tracing_failure::record::Map::from_iter([("parameters", parameters)]));
    logger.flush();
    let [events, closing] = lines(&dir.path().join("logs"));
    assert_eq!(events, Vec::<String>::new());
    assert!(closing[0].contains(r#""parameters":{"api_key":"[redacted]"}"#), "{closing:?}");
}

/// Writes events and closing lines until each series has had several files.
fn fill(guard: &Guard) {
    for n in 0..400 {
        info!(n, "a line");
        close(n);
        if n % 10 == 0 {
            guard.flush();
        }
    }
    guard.flush();
}

#[test]
fn each_series_has_limits_of_its_own() {
    let run = in_child(|dir| {
        let logs = dir.join("logs");
        std::fs::create_dir_all(&logs).unwrap();
        let old = SERIES.map(|series| logs.join(format!("{series}20200101_old_0000.jsonl")));
        old.iter().for_each(|path| std::fs::write(path, "{\"timestamp\":\"2020-01-01\"}\n").unwrap());
        let mut rotation = Rotation::default();
        rotation.max_bytes = 8_000;
        rotation.max_files = Some(2);
        let guard = builder(dir).rotation(rotation).computation_rotation(Rotation::of_computations()).init().unwrap();
        fill(&guard);
        assert!(!old[0].exists(), "events are deleted");
        assert!(old[1].exists(), "closing lines outlive the events");
        let [events, closing] = files(&logs);
        assert_eq!((events.len(), closing.len()), (2, 2));
    });
    assert_eq!(numbers(&lines(&run.ok().dir().join("logs"))[1][1..]), (0..400).collect::<Vec<_>>());
}

#[test]
fn closing_lines_rotate_without_the_events() {
    let run = in_child(|dir| {
        let logs = dir.join("logs");
        let mut rotation = Rotation::of_computations();
        rotation.max_bytes = 8_000;
        rotation.max_files = Some(3);
        let guard = builder(dir).computation_rotation(rotation).init().unwrap();
        fill(&guard);
        let [events, closing] = files(&logs);
        assert_eq!((events.len(), closing.len()), (1, 3));
        assert_eq!(guard.stats().log_lines, 800);
    });
    let [events, closing] = lines(&run.ok().dir().join("logs"));
    assert_eq!(events.len(), 400);
    let numbers = numbers(&closing);
    assert!(numbers.len() < 400 && numbers.is_sorted() && numbers.last() == Some(&399), "{numbers:?}");
}

/// Runs the calling test again as a child, and kills it as soon as it has printed a line.
fn killed_when_it_prints(body: impl FnOnce(&Path)) -> tempfile::TempDir {
    if is_child() {
        body(Path::new(&std::env::var_os("TRACING_FAILURE_TEST_DIR").unwrap()));
        println!("\nready");
        loop {
            std::thread::park();
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let mut child = child_command(dir.path()).stdout(Stdio::piped()).spawn().unwrap();
    let printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = printed.map_while(Result::ok).any(|line| line == "ready");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ready);
    dir
}

#[test]
fn closing_lines_are_written_before_an_error_returns() {
    let dir = killed_when_it_prints(|dir| {
        let guard = init(dir).unwrap();
        (0..5).for_each(close);
        error!("outside of computations");
        std::mem::forget(guard);
    });
    assert_eq!(numbers(&lines(&dir.path().join("logs"))[1]), [0, 1, 2, 3, 4]);
}

#[test]
fn closing_lines_do_not_wait_in_memory_until_the_end() {
    let dir = killed_when_it_prints(|dir| {
        std::mem::forget(init(dir).unwrap());
        (0..5).for_each(close);
        while lines(&dir.join("logs"))[1].len() < 5 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    });
    assert_eq!(numbers(&lines(&dir.path().join("logs"))[1]), [0, 1, 2, 3, 4]);
}

#[test]
fn a_series_that_cannot_begin_is_reported_and_keeps_its_lines() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let logs = dir.join("logs");
        std::fs::rename(&logs, dir.join("moved")).unwrap();
        std::fs::write(&logs, "a file").unwrap();
        close(1);
        guard.flush();
        std::fs::remove_file(&logs).unwrap();
        close(2);
        guard.flush();
        assert_eq!((guard.stats().log_lines, guard.stats().log_lines_lost), (2, 0));
    });
    let run = run.ok();
    assert_eq!(numbers(&lines(&run.dir().join("logs"))[1]), [1, 2]);
    let logs = run.dir().join("logs").display().to_string();
    assert!(
        run.stderr.contains(&format!("cannot write the runtime log: cannot create a log file in {logs}")),
        "{}",
        run.stderr
    );
}

#[cfg(unix)]
#[test]
fn a_forked_child_has_closing_lines_in_a_file_of_its_own() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        close(0);
        // The line waits in memory, and the child must not write it again.
        match fork::fork().unwrap() {
            fork::Fork::Child => {
                close(1);
                guard.flush();
                std::process::exit(0);
            }
            fork::Fork::Parent(pid) => assert_eq!(fork::waitpid(pid).unwrap(), 0),
        }
        close(2);
        guard.flush();
        assert_eq!(files(&dir.join("logs"))[1].len(), 2);
    });
    let mut numbers = numbers(&lines(&run.ok().dir().join("logs"))[1]);
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2]);
}
