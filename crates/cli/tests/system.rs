//! The command on unusual systems: a clock before 1970 and a file system without locks.
#![cfg(target_os = "linux")]

mod support;

use std::process::Command;

use support::server::{Reply, Server};
use support::{Run, Workspace};

/// A clock that shows 1968.
const CLOCK: &str = r"
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
    if (clock != CLOCK_REALTIME) return syscall(SYS_clock_gettime, clock, time);
    time->tv_sec = -34560000; time->tv_nsec = 250000000; return 0;
}
";

/// Locks that fail with EINVAL, which no system documents for locks.
const LOCKS: &str = r"
#include <errno.h>
int flock(int file, int operation) { (void)file; (void)operation; errno = EINVAL; return -1; }
";

/// Compiles a library for LD_PRELOAD.
fn preload(workspace: &Workspace, source: &str) -> std::path::PathBuf {
    let (file, library) = (workspace.dir().join("preload.c"), workspace.dir().join("preload.so"));
    std::fs::write(&file, source).unwrap();
    let compiler = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &file]).status().unwrap();
    assert!(compiler.success());
    library
}

fn run_with(workspace: &Workspace, source: &str, args: &[&str]) -> Run {
    let library = preload(workspace, source);
    Run(workspace.command(args).env("LD_PRELOAD", library).output().unwrap())
}

#[test]
fn a_clock_before_1970_stops_no_command() {
    let workspace = Workspace::with_data();
    let commands = "list|list --since 1d|groups|refs|validate|show latest|prune --keep-last 0|prune --older-than 1d";
    for line in commands.split('|') {
        let run = run_with(&workspace, CLOCK, &line.split(' ').collect::<Vec<_>>());
        assert!(run.code() < 2 && !run.stderr().contains("panicked"), "{line}: {}", run.stderr());
    }
    let run = run_with(&workspace, CLOCK, &["resolve", "latest", "--fix", "a shorter interval"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
}

#[test]
fn a_file_system_without_locks_stops_no_command() {
    let workspace = Workspace::with_data();
    let run = run_with(&workspace, LOCKS, &["resolve", "latest", "--fix", "a shorter interval"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(workspace.run(&["show", "latest"]).stdout().contains("a shorter interval"));
    let before = workspace.records();
    let run = run_with(&workspace, LOCKS, &["prune", "--keep-last", "0", "--yes"]);
    assert_eq!((run.code(), run.stdout().lines().count()), (0, 1), "{}", run.stderr());
    assert_eq!(workspace.records(), before - 1);
}

#[test]
fn a_file_system_without_locks_stops_no_saving_of_advice() {
    let workspace = Workspace::with_data();
    let answer =
        r#"{"root_cause": "a pole", "confidence": "high", "fixes": [{"change": "End before it", "reason": "r"}]}"#;
    let body = serde_json::json!({ "choices": [{ "message": { "content": answer }, "finish_reason": "stop" }] });
    let server = Server::start(&[Reply::json(200, &body)]);
    let run = run_with(&workspace, LOCKS, &["suggest", "--save", "--model", "m", "--base-url", &server.url()]);
    assert_eq!(run.code(), 0, "{}", run.transcript());
    assert!(workspace.run(&["show", "latest", "--json"]).stdout().contains("End before it"));
}

#[test]
fn a_file_system_without_locks_stops_no_push() {
    let workspace = Workspace::with_data();
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.args(args).current_dir(workspace.dir()).env("GIT_CONFIG_GLOBAL", "/dev/null").env("HOME", workspace.dir());
        assert!(git.output().unwrap().status.success(), "git {args:?}");
    };
    git(&["init", "--quiet", "--bare", "remote.git"]);
    git(&["init", "--quiet", "--initial-branch", "main"]);
    git(&["config", "user.name", "ada"]);
    git(&["config", "user.email", "ada"]);
    git(&["commit", "--quiet", "--allow-empty", "-m", "begin"]);
    git(&["remote", "add", "origin", "remote.git"]);
    git(&["push", "--quiet", "origin", "main"]);
    let run = run_with(&workspace, LOCKS, &["push"]);
    assert_eq!(run.code(), 0, "{}{}", run.stdout(), run.stderr());
    git(&["--git-dir", "remote.git", "cat-file", "-e", "main:io/failures"]);
}
