//! Pushes that nobody calls.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tracing::error;
use tracing_failure::{Builder, builder};

use crate::child::{Run, in_child_with};
use crate::support::{Repo, World, assert_no_process, isolate, wait_for};

const CLONE: &str = "TRACING_FAILURE_TEST_CLONE";

/// Runs the body in a program of its own, with a recorder for `io` of the clone that pushes by itself.
fn program(world: &World, clone: &Repo, body: impl FnOnce(Builder)) -> Run {
    let change = |command: &mut Command| {
        isolate(command, &world.path().join("home")).env(CLONE, &clone.dir);
    };
    in_child_with(change, |_| body(recorder(Path::new(&std::env::var_os(CLONE).unwrap()))))
}

/// The program does not see the other repositories, and needs none: the test is called again from its beginning.
fn world() -> (World, Repo, Repo) {
    let world = World::new();
    if let Some(clone) = std::env::var_os(CLONE) {
        let repo = world.at(clone.to_str().unwrap());
        return (world, repo.clone(), repo);
    }
    let (origin, clone) = world.origin_and_clone();
    (world, origin, clone)
}

fn recorder(clone: &Path) -> Builder {
    builder(clone.join("io")).auto_push(true).stderr_notice(false)
}

fn fail(n: u32) {
    error!(computation = "rg_flow", theoretical_ref = "§1", n, "failed");
}

fn records(origin: &Repo, branch: &str) -> usize {
    origin
        .try_git(&["rev-parse", "-q", "--verify", branch])
        .status
        .success()
        .then(|| origin.files(branch))
        .map_or(0, |files| files.iter().filter(|file| file.starts_with("io/failures/")).count())
}

#[test]
fn the_guard_pushes_pending_records() {
    let (world, origin, clone) = world();
    let run = program(&world, &clone, |builder| {
        let guard = builder.init().unwrap();
        (0..20).for_each(fail);
        guard.finish();
        assert_eq!((guard.stats().recorded, guard.stats().pushes, guard.stats().pushes_failed), (20, 1, 0));
        guard.finish();
        assert_eq!(guard.stats().pushes, 1);
        fail(20);
    });
    let run = run.ok();
    assert_eq!(run.stderr, "");
    assert_eq!((records(&origin, "main"), origin.count("main")), (21, 3));
}

#[test]
fn records_are_pushed_some_time_after_the_last_failure() {
    let (world, origin, clone) = world();
    let run = program(&world, &clone, |builder| {
        let guard = builder.publisher(|publisher| publisher.branch("failures")).init().unwrap();
        (0..3).for_each(fail);
        wait_for("a push", || guard.stats().pushes == 1);
        fail(3);
        wait_for("another push", || guard.stats().pushes == 2);
        std::process::abort();
    });
    assert!(!run.status.success());
    assert_eq!((records(&origin, "failures"), origin.count("failures")), (4, 2));
}

#[test]
fn a_program_that_is_killed_leaves_its_records_to_the_next() {
    let (world, origin, clone) = world();
    if std::env::var_os("TRACING_FAILURE_TEST_SECOND").is_none() {
        let run = program(&world, &clone, |builder| {
            let _guard = builder.init().unwrap();
            fail(0);
            let pid = std::process::id().to_string();
            Command::new("kill").args(["-9", &pid]).status().unwrap();
        });
        assert!(!run.status.success());
        assert_eq!(records(&origin, "main"), 0);
    }
    let change = |command: &mut Command| {
        isolate(command, &world.path().join("home")).env(CLONE, &clone.dir).env("TRACING_FAILURE_TEST_SECOND", "1");
    };
    let run = in_child_with(change, |_| {
        let _guard = recorder(Path::new(&std::env::var_os(CLONE).unwrap())).init().unwrap();
        fail(1);
    });
    run.ok();
    assert_eq!(records(&origin, "main"), 2);
}

#[test]
fn a_missing_remote_is_reported_once() {
    let (world, _, clone) = world();
    if std::env::var_os(CLONE).is_none() {
        clone.git(&["remote", "set-url", "origin", "file:///no/such/repository"]);
    }
    let run = program(&world, &clone, |builder| {
        let guard = builder.init().unwrap();
        for n in 0..2 {
            fail(n);
            guard.finish();
        }
        assert_eq!((guard.stats().recorded, guard.stats().pushes, guard.stats().pushes_failed), (2, 0, 2));
    });
    let run = run.ok();
    assert_eq!(run.stderr.matches("tracing-failure: automatic push").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("the remote cannot be reached: '/no/such/repository'"), "{}", run.stderr);
    assert_eq!(clone.count("main"), 3);
}

#[test]
fn a_remote_that_never_answers_does_not_hold_the_program() {
    let (world, _, clone) = world();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    if std::env::var_os(CLONE).is_none() {
        let url = format!("git://{}/origin", listener.local_addr().unwrap());
        clone.git(&["remote", "set-url", "origin", &url]);
    }
    let run = program(&world, &clone, |builder| {
        let patience = Duration::from_millis(300);
        let hours = Duration::from_secs(60 * 60);
        let _guard = builder.publisher(|publisher| publisher.timeout(hours)).push_wait(patience).init().unwrap();
        fail(0);
    });
    let run = run.ok();
    assert!(run.stderr.contains("not done within 0.3 s; the next push includes the records"), "{}", run.stderr);
    assert_no_process(&world);
}

#[test]
fn secrets_are_named_and_not_pushed() {
    let (world, origin, clone) = world();
    let run = program(&world, &clone, |builder| {
        let guard = builder.init().unwrap();
        let token = ["ghp", "_", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"].concat();
        // Another program's, which was not redacted as it was written.
        let mut leaky = tracing_failure::Failure::new("other", "§1", "E", "failed");
        leaky.parameters.insert("url", token.clone());
        tracing_failure::Store::open(clone.failures_dir()).unwrap().write(&leaky).unwrap();
        error!(computation = "rg_flow", theoretical_ref = "§1", url = %token, "failed");
        guard.finish();
        assert_eq!((guard.stats().recorded, guard.stats().pushes, guard.stats().pushes_failed), (1, 1, 0));
    });
    let run = run.ok();
    assert!(run.stderr.contains("/parameters/url (a GitHub token)") && !run.stderr.contains("ghp"), "{}", run.stderr);
    assert_eq!((records(&origin, "main"), clone.count("main")), (1, 2));
}

#[test]
fn a_missing_repository_is_reported_once() {
    let (world, _, clone) = world();
    let run = program(&world, &clone, |builder| {
        let outside = std::env::temp_dir().join(format!("tracing-failure-outside-{}", std::process::id()));
        let guard = builder.failures_dir(&outside).init().unwrap();
        fail(0);
        guard.finish();
        assert_eq!(guard.stats().pushes_failed, 1);
        std::fs::remove_dir_all(outside).unwrap();
    });
    let run = run.ok();
    assert!(run.stderr.contains("is not in a work tree of a git repository"), "{}", run.stderr);
}

#[test]
fn a_forked_process_pushes_for_itself() {
    let (world, origin, clone) = world();
    let run = program(&world, &clone, |builder| {
        let guard = builder.init().unwrap();
        fail(0);
        match fork::fork().unwrap() {
            fork::Fork::Child => {
                // There is nothing of its own to wait for yet.
                guard.finish();
                assert_eq!(guard.stats().pushes, 0);
                fail(1);
                guard.finish();
                std::process::exit(if guard.stats().pushes == 1 { 0 } else { 1 });
            }
            fork::Fork::Parent(pid) => {
                assert_eq!(fork::waitpid(pid).unwrap(), 0);
                fail(2);
            }
        }
    });
    run.ok();
    assert_eq!(records(&origin, "main"), 3);
}

#[test]
fn without_auto_push_nothing_is_pushed() {
    let (world, origin, clone) = world();
    let run = program(&world, &clone, |builder| {
        let guard = builder.auto_push(false).init().unwrap();
        fail(0);
        guard.finish();
        assert_eq!(guard.stats().pushes, 0);
    });
    run.ok();
    assert_eq!((records(&origin, "main"), clone.count("main")), (0, 1));
}
