//! A store under load: large records, and many processes and threads that fail at once.

use std::path::Path;
use std::process::{Child, Stdio};

use tracing::{error, info_span};
use tracing_failure::{Failure, Store, builder};

use crate::support::{child_command, failures, is_child, json_files, read_valid};

fn hidden_files(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter(|name| name.starts_with('.') && name != ".latest.lock").collect()
}

/// Anonymous memory of this process in bytes, or 0 if the system does not report it.
fn memory() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

const PROCESSES: usize = 4;
const THREADS: usize = 16;
const FAILURES: usize = 625;

#[test]
fn four_processes_of_sixteen_threads_lose_no_records() {
    if is_child() {
        let dir = std::env::var_os("TRACING_FAILURE_TEST_DIR").unwrap();
        let guard = builder(Path::new(&dir)).without_log().stderr_notice(false).init().unwrap();
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || {
                    for run in 0..FAILURES {
                        let _span =
                            info_span!("run", computation = "sweep", theoretical_ref = "§1", thread, run).entered();
                        error!(residual = 1.0 / run as f64, "no convergence");
                    }
                });
            }
        });
        guard.flush();
        assert_eq!(guard.stats().recorded, (THREADS * FAILURES) as u64);
        println!("\nmemory {}", memory());
        std::process::exit(0);
    }
    let dir = tempfile::tempdir().unwrap();
    let children: Vec<Child> =
        (0..PROCESSES).map(|_| child_command(dir.path()).stdout(Stdio::piped()).spawn().unwrap()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{stdout}");
        let memory = stdout.lines().find_map(|line| line.strip_prefix("memory ")).unwrap();
        assert!(memory.parse::<u64>().unwrap() < 50 << 20, "{memory}");
    }
    let failures = failures(&dir.path().join("failures"));
    assert_eq!(failures.len(), PROCESSES * THREADS * FAILURES);
    let mut runs: Vec<_> = failures
        .iter()
        .map(|failure| {
            let number = |name| failure.parameters.get(name).unwrap().as_f64().unwrap() as u64;
            (failure.context.process.as_ref().unwrap().pid, number("thread"), number("run"))
        })
        .collect();
    runs.sort_unstable();
    runs.dedup();
    assert_eq!(runs.len(), failures.len(), "every run has its record");
    assert!(hidden_files(&dir.path().join("failures")).is_empty());
    let latest = read_valid(&dir.path().join("failures/latest.json"));
    let newest = failures.iter().map(|failure| failure.context.id).max().unwrap();
    assert_eq!(latest.context.id, newest);
}

#[test]
fn a_reader_never_sees_a_part_of_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut failure = Failure::new("rg_flow", "§1", "Diverged", "pole");
    failure.parameters.insert("text", "x".repeat(8 << 20));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..20 {
                store.write(&failure).unwrap();
            }
        });
        let mut count = 0;
        while !writer.is_finished() || count < 20 {
            let paths = json_files(dir.path());
            for path in &paths {
                let length = path.metadata().unwrap().len();
                assert!(length > 8 << 20, "{}: {length} bytes", path.display());
            }
            count = paths.len();
        }
    });
}
