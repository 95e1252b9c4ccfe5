//! Clocks that show a time before 1970, or stand still.
#![cfg(target_os = "linux")]

use tracing::{error, info};
use tracing_failure::{StructuredLogger, init};

use crate::computation;
use crate::preload::preload;
use crate::support::{Run, in_child_with};

/// A second of 2025.
const STANDING: i64 = 1_766_793_600;

/// A clock that stands still at this second.
fn clock_at(second: i64) -> String {
    format!(
        "#define _GNU_SOURCE\n#include <time.h>\n#include <unistd.h>\n#include <sys/syscall.h>\n\
         int clock_gettime(clockid_t clock, struct timespec *time) {{\n\
         if (clock != CLOCK_REALTIME) return syscall(SYS_clock_gettime, clock, time);\n\
         time->tv_sec = {second}; time->tv_nsec = 250000000; return 0; }}\n"
    )
}

fn run_at(second: i64) -> Run {
    let run = in_child_with(
        |command| preload(command, &clock_at(second)),
        |dir| {
            let guard = init(dir).unwrap();
            let _span = computation("clock");
            info!("a line");
            error!(n = 1, "failed");
            error!(n = 2, "failed again");
            let error = "x".parse::<f64>().unwrap_err();
            guard.logger().log_failure("observable_mass", &error, &("input", "x"), "§2.3").unwrap();
            StructuredLogger::new(dir.join("failures")).unwrap().flush();
            assert_eq!(guard.stats().recorded, 3);
        },
    );
    run.ok()
}

#[test]
fn a_clock_before_1970_loses_only_the_time() {
    let run = run_at(-86_400 * 400);
    let failures = run.failures();
    assert_eq!(failures.len(), 3);
    assert!(failures.iter().all(|failure| failure.timestamp.to_rfc3339().starts_with("1968-11-27T00:00:00.25")));
    assert!(run.log().iter().all(|line| line["timestamp"].as_str().unwrap().starts_with("1968-11-27T00:00:00.25")));
}

#[test]
fn a_clock_that_stands_still_keeps_the_order() {
    let run = run_at(STANDING);
    let messages: Vec<String> = run.failures().into_iter().map(|failure| failure.error_message).collect();
    assert_eq!(messages, ["failed", "failed again", "invalid float literal"]);
}

#[test]
fn a_fork_under_a_clock_that_stands_still_loses_no_line() {
    let run = in_child_with(
        |command| preload(command, &clock_at(STANDING)),
        |dir| {
            let guard = init(dir).unwrap();
            info!("of the parent");
            match fork::fork().unwrap() {
                fork::Fork::Child => {
                    info!("of the child");
                    guard.flush();
                    std::process::exit(0);
                }
                fork::Fork::Parent(pid) => assert_eq!(fork::waitpid(pid).unwrap(), 0),
            }
        },
    );
    let log = run.ok().log();
    let mut messages: Vec<&str> = log.iter().map(|line| line["message"].as_str().unwrap()).collect();
    messages.sort_unstable();
    assert_eq!(messages, ["of the child", "of the parent"]);
}

/// `Utc::now` panics before 1970, and `Uuid::now_v7` does and waits for a lock that a fork can leave locked.
#[test]
fn only_one_function_reads_the_clock() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut dirs: Vec<_> = ["src", "advice/src", "cli/src", "python/src"].map(|dir| root.join(dir)).into();
    let mut found = Vec::new();
    while let Some(dir) = dirs.pop() {
        // A published package has no other parts.
        let Ok(entries) = std::fs::read_dir(dir) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for clock in ["Utc::now(", "Local::now(", "::now_v7"] {
                let lines = code.lines().filter(|line| line.contains(clock) && !line.trim_start().starts_with("//"));
                found.extend(lines.map(|line| format!("{}: {}", path.display(), line.trim())));
            }
        }
    }
    assert!(found.is_empty(), "use `time::now` and `time::new_id`: {found:#?}");
}
