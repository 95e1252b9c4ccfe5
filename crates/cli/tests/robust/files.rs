//! `resolve` and `prune` with files of other users, links, and concurrent changes.
#![cfg(unix)]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use record::Failure;
use record::Map;

use crate::failure;
use crate::support::{Run, Workspace};

fn fix_of(path: &Path) -> Option<String> {
    Some(Failure::from_path(path).unwrap().context.resolution?.fix)
}

fn temporary_files(workspace: &Workspace) -> Vec<String> {
    workspace.files().into_iter().filter(|name| name.ends_with(".tmp")).collect()
}

fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_true() {
        assert!(started.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn terminate(child: &Child) {
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
}

/// Only the superuser can give files away.
fn is_superuser() -> bool {
    let is = rustix::process::geteuid().is_root();
    if !is {
        eprintln!("skipped: this test needs the superuser");
    }
    is
}

/// A workspace that other users can write to.
fn open_workspace() -> Workspace {
    let workspace = Workspace::empty();
    workspace.record(&failure("first"));
    for dir in [workspace.dir(), &workspace.dir().join("io"), &workspace.failures()] {
        fs::set_permissions(dir, Permissions::from_mode(0o777)).unwrap();
    }
    workspace
}

#[test]
fn a_record_keeps_its_owner_and_group() {
    if !is_superuser() {
        return;
    }
    let workspace = open_workspace();
    let path = workspace.record(&failure("no convergence"));
    chown(&path, Some(1001), Some(1002)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o660)).unwrap();
    let run = workspace.run(&["resolve", path.to_str().unwrap(), "--fix", "damped"]);
    assert_eq!(run.code(), 0, "{}", run.transcript());
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o7777), (1001, 1002, 0o660));

    // Another user who can write to the record through its group cannot change its owner.
    let mut command = workspace.command(&["resolve", path.to_str().unwrap(), "--fix", "halved"]);
    let Ok(output) = command.uid(1003).gid(1002).output() else {
        eprintln!("skipped: the command is not executable for another user");
        return;
    };
    let run = Run(output);
    assert_eq!(run.code(), 1, "{}", run.transcript());
    assert!(run.stderr().contains("it belongs to user 1001 and group 1002"), "{}", run.stderr());
    assert_eq!(fix_of(&path).as_deref(), Some("damped"));
    assert_eq!(fs::metadata(&path).unwrap().uid(), 1001);
    assert!(temporary_files(&workspace).is_empty());
    assert!(
        !workspace.failures().join("resolutions.jsonl").exists() || {
            !fs::read_to_string(workspace.failures().join("resolutions.jsonl")).unwrap().contains("halved")
        }
    );
}

#[test]
fn private_files_stay_private_and_interruptions_leave_no_files() {
    let workspace = Workspace::empty();
    let mut large = failure("no convergence");
    large.parameters = (0..150_000).map(|n| (format!("a parameter with a long name {n}"), 1.5)).collect::<Map>();
    let path = workspace.record(&large);
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let mut command = workspace.command(&["resolve", path.to_str().unwrap(), "--fix", "damped"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("a temporary file", || {
        let temporary = temporary_files(&workspace).into_iter().next();
        let mode = temporary
            .and_then(|name| fs::metadata(workspace.failures().join(name)).ok())
            .map(|metadata| metadata.mode());
        assert_eq!(mode.unwrap_or(0) & 0o077, 0);
        mode.is_some() || child.try_wait().unwrap().is_some()
    });
    terminate(&child);
    child.wait().unwrap();
    assert!(temporary_files(&workspace).is_empty());
    let mode = fs::metadata(&path).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    Failure::from_path(&path).unwrap();
}

#[test]
fn a_leftover_of_the_same_process_id_is_no_obstacle() {
    let workspace = Workspace::empty();
    let path = workspace.record(&failure("no convergence"));
    let name = path.file_name().unwrap().to_str().unwrap();
    let binary = env!("CARGO_BIN_EXE_failures");
    let script = format!("touch io/failures/.{name}.$$.tmp && exec {binary} resolve io/failures/{name} --fix damped");
    let status = Command::new("sh").args(["-c", &script]).current_dir(workspace.dir()).status().unwrap();
    assert!(status.success());
    assert_eq!(fix_of(&path).as_deref(), Some("damped"));
}

#[test]
fn the_record_and_the_list_of_resolutions_change_together() {
    let workspace = Workspace::empty();
    let path = workspace.record(&failure("no convergence"));
    fs::create_dir(workspace.failures().join("resolutions.jsonl")).unwrap();
    let run = workspace.run(&["resolve", path.to_str().unwrap(), "--fix", "damped"]);
    assert_eq!(run.code(), 1, "{}", run.transcript());
    assert_eq!(fix_of(&path), None);
    assert!(temporary_files(&workspace).is_empty());
}

#[test]
fn a_newer_copy_of_the_newest_record_stays() {
    let workspace = Workspace::empty();
    let path = workspace.record(&failure("first"));
    let latest = workspace.failures().join("latest.json");
    let lock = File::options().create(true).append(true).open(workspace.failures().join(".latest.lock")).unwrap();
    lock.lock().unwrap();
    let mut command = workspace.command(&["resolve", path.to_str().unwrap(), "--fix", "damped"]);
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    wait_until("the record is amended", || fix_of(&path).is_some());
    // A program that is about to replace the copy holds its lock.
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(fix_of(&latest), None);
    fs::write(&latest, failure("second").to_json()).unwrap();
    lock.unlock().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(Failure::from_path(&latest).unwrap().error_message, "second");
}

#[test]
fn a_link_to_the_newest_record_stays_a_link() {
    let workspace = Workspace::empty();
    let path = workspace.record(&failure("first"));
    let latest = workspace.failures().join("latest.json");
    fs::remove_file(&latest).unwrap();
    symlink(&path, &latest).unwrap();
    assert_eq!(workspace.run(&["resolve", path.to_str().unwrap(), "--fix", "damped"]).code(), 0);
    assert!(fs::symlink_metadata(&latest).unwrap().is_symlink());
    assert_eq!(fix_of(&latest).as_deref(), Some("damped"));
}

/// Four records of one group, the oldest first.
fn group(workspace: &Workspace) -> Vec<std::path::PathBuf> {
    (0..4)
        .map(|second| {
            let mut failure = failure("no convergence");
            failure.timestamp = format!("2025-01-01T00:00:0{second}Z").parse().unwrap();
            failure.context.fingerprint = Some("0123456789abcdef".into());
            failure.parameters.insert("x", 1);
            workspace.record(&failure)
        })
        .collect()
}

#[test]
fn pruning_keeps_the_first_record_of_a_group_that_can_be_read() {
    let workspace = Workspace::empty();
    let paths = group(&workspace);
    let json = fs::read_to_string(&paths[0]).unwrap();
    fs::write(&paths[0], json.replace("\"error_message\": \"no convergence\"", "\"error_message\": 7")).unwrap();
    fs::write(&paths[1], json.replace("\"x\": 1", "\"x\": 1e999")).unwrap();
    workspace.run(&["prune", "--keep-last", "0", "--yes"]);
    let readable = paths.iter().filter(|path| Failure::from_path(path).is_ok()).count();
    assert!(readable >= 1, "{:?}", workspace.files());
    assert!(paths[0].exists());
}

#[test]
fn pruning_deletes_no_links() {
    let workspace = Workspace::empty();
    let paths = group(&workspace);
    let elsewhere = workspace.dir().join("kept.json");
    fs::rename(&paths[2], &elsewhere).unwrap();
    symlink(&elsewhere, &paths[2]).unwrap();
    workspace.run(&["prune", "--keep-last", "0", "--yes"]);
    assert!(fs::symlink_metadata(&paths[2]).is_ok_and(|metadata| metadata.is_symlink()));
    assert!(!paths[1].exists() && !paths[3].exists());
}

#[test]
fn pruning_leaves_a_record_that_is_being_amended() {
    let workspace = Workspace::empty();
    let paths = group(&workspace);
    let amended = File::open(&paths[1]).unwrap();
    amended.lock().unwrap();
    let run = workspace.run(&["prune", "--keep-last", "0", "--yes"]);
    assert!(run.stderr().contains("kept: it has changed"), "{}", run.transcript());
    assert!(paths[1].exists() && !paths[2].exists());
}

#[test]
fn pruning_that_is_interrupted_says_what_it_deleted() {
    let workspace = Workspace::empty();
    let metadata = 4000;
    for _ in 0..metadata {
        workspace.record(&failure("no convergence"));
    }
    let before = workspace.records();
    let mut command = workspace.command(&["prune", "--keep-last", "0", "--yes"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("a record is deleted", || workspace.records() < before);
    terminate(&child);
    let output = child.wait_with_output().unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let deleted = before - workspace.records();
    assert!(stderr.contains(&format!("deleted {deleted} (")), "{deleted}: {stderr}");
    assert_eq!(stdout.lines().count(), deleted);
}

#[test]
fn a_closed_pipe_does_not_hide_that_a_check_failed() {
    let workspace = Workspace::empty();
    workspace.record(&failure("good"));
    fs::write(workspace.failures().join("general_bad.json"), "{}").unwrap();
    let mut child = workspace.command(&["validate"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
