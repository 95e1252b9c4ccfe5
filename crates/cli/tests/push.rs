//! `failures push`, with real repositories.

mod support;

use std::net::TcpListener;
use std::process::{Command, Stdio};

use support::{Run, Workspace};

/// Runs git in the workspace, without the settings of this machine.
fn git(workspace: &Workspace, args: &[&str]) -> String {
    let output = isolated(Command::new("git").args(args).current_dir(workspace.dir()), workspace).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn isolated<'a>(command: &'a mut Command, workspace: &Workspace) -> &'a mut Command {
    let identity = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"];
    command.envs(identity.map(|name| (name, "ada")));
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("HOME", workspace.dir())
}

/// A clone with one commit, and its remote in `remote.git`.
fn cloned() -> Workspace {
    let workspace = Workspace::with_data();
    git(&workspace, &["init", "--quiet", "--bare", "remote.git"]);
    git(&workspace, &["init", "--quiet", "--initial-branch", "main"]);
    std::fs::write(workspace.dir().join(".gitignore"), "/remote.git\n").unwrap();
    git(&workspace, &["add", ".gitignore"]);
    git(&workspace, &["commit", "--quiet", "-m", "begin"]);
    git(&workspace, &["remote", "add", "origin", "remote.git"]);
    git(&workspace, &["push", "--quiet", "origin", "main"]);
    workspace
}

/// Exit code and output.
fn push(workspace: &Workspace, args: &[&str]) -> (i32, String) {
    let output = isolated(&mut workspace.command(&[&["push"], args].concat()), workspace).output().unwrap();
    let run = Run(output);
    (run.code(), run.stdout() + &run.stderr())
}

#[test]
fn records_are_pushed_to_the_current_branch() {
    let workspace = cloned();
    std::fs::write(workspace.failures().join("regions.jsonl"), "").unwrap();
    let (code, output) = push(&workspace, &["--dry-run"]);
    assert_eq!(code, 0);
    assert!(
        output.starts_with("7 records to commit to main, to push to origin\n  io/failures/general_2025"),
        "{output}"
    );
    assert_eq!(git(&workspace, &["rev-list", "--count", "--all"]).trim(), "1");

    let (code, output) = push(&workspace, &[]);
    assert!(code == 0 && output.starts_with("7 records pushed to main of origin ("), "{output}");
    let remote_files = git(&workspace, &["--git-dir", "remote.git", "ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(remote_files.lines().filter(|path| path.starts_with("io/failures/")).count(), 7);
    let message = git(&workspace, &["log", "-1", "--format=%B"]);
    assert!(message.starts_with("Failure log: 20"), "{message}");
    assert!(message.contains("7 records: rg_flow_integration (3), "), "{message}");

    assert_eq!(push(&workspace, &[]), (0, "nothing to publish\n".to_owned()));
}

#[test]
fn a_separate_branch_does_not_change_other_branches() {
    let workspace = cloned();
    let before = (git(&workspace, &["rev-parse", "main"]), git(&workspace, &["status", "--porcelain"]));
    let (code, output) = push(&workspace, &["--branch", "failures", "--remote", "origin"]);
    assert!(code == 0 && output.starts_with("7 records pushed to failures of origin ("), "{output}");
    assert_eq!((git(&workspace, &["rev-parse", "main"]), git(&workspace, &["status", "--porcelain"])), before);
}

#[test]
fn incomplete_pushes_are_reported_and_fail() {
    let workspace = Workspace::with_data();
    let (code, output) = push(&workspace, &[]);
    assert_eq!(code, 1);
    assert!(output.contains("is not in a work tree of a git repository"), "{output}");

    git(&workspace, &["init", "--quiet", "--initial-branch", "main"]);
    let (code, output) = push(&workspace, &[]);
    assert_eq!(code, 1);
    assert!(output.starts_with("7 records committed to main ("), "{output}");
    assert!(output.contains("the repository has no remote"), "{output}");

    git(&workspace, &["checkout", "--quiet", "--detach"]);
    let (code, output) = push(&workspace, &[]);
    assert_eq!(code, 1);
    assert!(output.starts_with("failures: HEAD is detached"), "{output}");
}

#[test]
fn a_record_with_a_secret_is_skipped_until_its_value_is_allowed() {
    let workspace = cloned();
    let mut failure = record::Failure::new("rg_flow_integration", "Eq. 1.12", "Diverged", "pole");
    failure.parameters.insert("db_password", "hunter2");
    let path = workspace.record(&failure);
    let name = path.file_name().unwrap().to_str().unwrap();
    let (code, output) = push(&workspace, &[]);
    assert_eq!(code, 1);
    assert!(output.starts_with("7 records pushed") && output.contains(name), "{output}");
    assert!(output.contains("/parameters/db_password") && !output.contains("hunter2"), "{output}");
    let remote_files = || git(&workspace, &["--git-dir", "remote.git", "ls-tree", "-r", "--name-only", "main"]);
    assert!(!remote_files().contains(name));

    let number = output.split_once(" [").unwrap().1.split_once(']').unwrap().0.to_owned();
    let (code, output) = push(&workspace, &["--allow", &number, "--because", "the password of the manual"]);
    assert!(
        code == 0 && output.contains("is allowed from now on: see ") && output.contains("1 record pushed"),
        "{output}"
    );
    assert!(remote_files().contains(name));
    let list = std::fs::read_to_string(path.with_file_name(".failures-allow")).unwrap();
    assert!(list.contains(&number) && list.ends_with("  the password of the manual\n"), "{list}");
    let (code, output) = push(&workspace, &["--allow", "0123456789"]);
    assert!(code == 1 && output.contains("matches no value that looks like a secret"), "{output}");
}

#[test]
fn files_that_are_no_records_are_named_and_copies_are_not_pushed() {
    let workspace = cloned();
    let mut failure = record::Failure::new("rg_flow_integration", "Eq. 1.12", "Diverged", "pole");
    failure.context.id = Some(uuid::Uuid::now_v7());
    let original = workspace.record(&failure);
    let stem = original.file_stem().unwrap().to_str().unwrap();
    let copies = [
        format!("{stem} (ada's conflicted copy 2026-11-30).json"),
        format!("{stem}.sync-conflict-20261130-101500-ABCDEFG.json"),
        "latest (conflicted copy 2026-11-30 101500).json".to_owned(),
        "interesting.json".to_owned(),
        // These can be recognised by their names only.
        "general_20251227_042931 (Case Conflict).json".to_owned(),
        format!("{stem}-LAPTOP.json"),
    ];
    for name in &copies {
        std::fs::copy(&original, workspace.failures().join(name)).unwrap();
    }
    for name in &copies[4..] {
        std::fs::write(workspace.failures().join(name), "{").unwrap();
    }
    for args in [&["--dry-run"][..], &[], &[]] {
        let (code, output) = push(&workspace, args);
        assert_eq!(code, 0, "{output}");
        for name in &copies {
            assert!(output.contains(&format!("io/failures/{name} left out: it is a copy of io/failures/")), "{output}");
        }
    }
    let remote_files = || git(&workspace, &["--git-dir", "remote.git", "ls-tree", "-r", "-z", "--name-only", "main"]);
    assert!(
        remote_files().contains(stem) && copies.iter().all(|name| !remote_files().contains(name)),
        "{}",
        remote_files()
    );
    std::fs::remove_file(&original).unwrap();
    assert_eq!(push(&workspace, &[]).0, 0);
    assert!(copies.iter().all(|name| !remote_files().contains(name)), "{}", remote_files());

    std::fs::write(workspace.failures().join("settings.json"), "{}").unwrap();
    for args in [&["--dry-run"][..], &[]] {
        let (code, output) = push(&workspace, args);
        assert!(code == 1 && output.contains("io/failures/settings.json left out: not a failure record"), "{output}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn git_does_not_outlive_a_command_that_is_killed() {
    let workspace = cloned();
    let pids = workspace.dir().join("pids");
    // A git helper that hangs and ignores SIGTERM, with a child that also hangs.
    let helper =
        format!("trap '' TERM\nsleep 1000 & echo $$ $! > '{0}.new'; mv '{0}.new' '{0}'; wait; wait", pids.display());
    let bin = workspace.dir().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(bin.join("git-remote-slow"), format!("#!/bin/sh\n{helper}\n")).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(bin.join("git-remote-slow"), executable).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut command = workspace.command(&["push", "--remote", "slow::here", "--timeout", "1h"]);
    let mut child = isolated(&mut command, &workspace).env("PATH", path).spawn().unwrap();
    wait_until("the helper runs", || pids.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let pids = std::fs::read_to_string(pids).unwrap();
    assert_eq!(pids.split_whitespace().count(), 2);
    for pid in pids.split_whitespace() {
        let state = || std::fs::read_to_string(format!("/proc/{pid}/stat"));
        wait_until("it has ended", || state().map_or(true, |state| state.contains(") Z ") || state.contains(") X ")));
    }
}

#[cfg(target_os = "linux")]
fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !is_true() {
        assert!(started.elapsed() < std::time::Duration::from_secs(60), "never: {what}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn an_interrupt_ends_git_as_well() {
    let workspace = cloned();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x.git", silent.local_addr().unwrap());
    let mut command = workspace.command(&["push", "--remote", &url, "--timeout", "1h"]);
    isolated(&mut command, &workspace).env("no_proxy", "*");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut connection, _) = silent.accept().unwrap();
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let run = Run(child.wait_with_output().unwrap());
    assert_eq!(run.code(), 1, "{}{}", run.stdout(), run.stderr());
    assert!(run.stdout().starts_with("7 records committed to main ("), "{}", run.stdout());
    assert!(run.stdout().ends_with("not pushed: it was stopped\n"), "{}", run.stdout());
    // The connection closes when git has ended.
    let mut output = Vec::new();
    let _ = std::io::Read::read_to_end(&mut connection, &mut output);
    assert!(output.starts_with(b"GET /x.git/info/refs"), "{output:?}");
}
