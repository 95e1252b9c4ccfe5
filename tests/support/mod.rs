//! Tests in a process of their own: a real global subscriber, a real exit, real files.
#![allow(dead_code, unreachable_pub)]

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value as Json;
use tracing_failure::Failure;
use tracing_failure::record::SCHEMA;

const CHILD: &str = "TRACING_FAILURE_TEST_CHILD";
const DIR: &str = "TRACING_FAILURE_TEST_DIR";

/// How often a [`Counted`] was formatted in this process.
pub static FORMATTED: AtomicU64 = AtomicU64::new(0);

/// A value that says when it is formatted.
pub struct Counted;

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FORMATTED.fetch_add(1, Ordering::Relaxed);
        f.write_str("counted")
    }
}

/// What a child process left behind.
pub struct Run {
    dir: tempfile::TempDir,
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the body in a child process that runs nothing but the calling test, with a directory of its own.
pub fn in_child(body: impl FnOnce(&Path)) -> Run {
    in_child_with(|_| (), body)
}

/// The same, with something changed about the child's command.
pub fn in_child_with(change: impl FnOnce(&mut Command), body: impl FnOnce(&Path)) -> Run {
    if is_child()
        && let Some(dir) = std::env::var_os(DIR)
    {
        body(Path::new(&dir));
        std::process::exit(0);
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = child_command(dir.path());
    change(&mut command);
    let output = command.output().unwrap();
    Run {
        dir,
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn test_name() -> String {
    std::thread::current().name().expect("tests run in threads of their name").to_owned()
}

pub fn is_child() -> bool {
    std::env::var(CHILD).is_ok_and(|name| name == test_name())
}

/// The command that runs the calling test again, as a child.
pub fn child_command(dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&test_name(), "--exact", "--nocapture"]).env(CHILD, test_name()).env(DIR, dir);
    for name in ["RUST_LOG", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE", "RUST_SPANTRACE"] {
        command.env_remove(name);
    }
    command
}

impl Run {
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn ok(self) -> Self {
        assert!(self.status.success(), "{}\n{}\n{}", self.status, self.stdout, self.stderr);
        self
    }

    pub fn failures(&self) -> Vec<Failure> {
        failures(&self.dir.path().join("failures"))
    }

    /// The only failure there is.
    pub fn failure(&self) -> Failure {
        let mut failures = self.failures();
        assert_eq!(failures.len(), 1, "{:?}\n{}", failures.iter().map(summary).collect::<Vec<_>>(), self.stderr);
        failures.remove(0)
    }

    /// The failure of this computation.
    pub fn failure_of(&self, computation: &str) -> Failure {
        let failures = self.failures().into_iter().filter(|failure| failure.computation == computation);
        let mut failures: Vec<Failure> = failures.collect();
        assert_eq!(failures.len(), 1, "{computation}: {:?}", failures.iter().map(summary).collect::<Vec<_>>());
        failures.remove(0)
    }

    /// All lines of the log: first the events, then the closing lines of computations.
    pub fn log(&self) -> Vec<Json> {
        log(&self.dir.path().join("logs"))
    }
}

fn summary(failure: &Failure) -> String {
    format!("{}: {}", failure.computation, failure.error_message)
}

/// All records of a directory, oldest first. Each is checked against the schema by an independent validator.
pub fn failures(dir: &Path) -> Vec<Failure> {
    let mut paths = json_files(dir);
    paths.retain(|path| path.file_name().unwrap() != "latest.json");
    let mut failures: Vec<Failure> = paths.iter().map(|path| read_valid(path)).collect();
    failures.sort_by_key(|failure| failure.context.id);
    failures
}

pub fn json_files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
}

thread_local! {
    static VALIDATOR: jsonschema::Validator = {
        let schema: Json = serde_json::from_str(SCHEMA).unwrap();
        jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
    };
}

pub fn read_valid(path: &Path) -> Failure {
    let text = std::fs::read_to_string(path).unwrap();
    let json: Json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    VALIDATOR.with(|validator| {
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
    });
    Failure::from_path(path).unwrap_or_else(|error| panic!("{error}"))
}

/// The lines of all logs, without those that describe a session.
pub fn log(dir: &Path) -> Vec<Json> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort_by_key(|path| (is_closing_log(path), path.clone()));
    let text: String = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines.filter(|line: &Json| line["message"] != "session").collect()
}

fn is_closing_log(path: &Path) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with("computations_")
}
