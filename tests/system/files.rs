//! Odd files in the place of ours, file systems without locks, and files that a killed writer has left.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use tracing::error;
use tracing_failure::record::Durability;
use tracing_failure::{Failure, Store, builder, init};

use crate::preload::preload;
use crate::support::{Run, child_command, in_child, in_child_with, is_child};
use crate::{computation, wrap};

fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Prepares the directory of the records, then fails twice.
fn fail_in(prepare: impl Fn(&Path)) -> Run {
    fail_with(|_| (), prepare)
}

fn fail_with(change: impl FnOnce(&mut Command), prepare: impl Fn(&Path)) -> Run {
    in_child_with(change, |dir| {
        let failures = dir.join("failures");
        std::fs::create_dir_all(&failures).unwrap();
        prepare(&failures);
        let guard = init(dir).unwrap();
        let _span = computation("odd");
        error!(n = 1, "failed");
        error!(n = 2, "failed");
        guard.flush();
        println!("\nlatest_failed {}", guard.stats().latest_failed);
    })
}

fn latest(run: &Run) -> Failure {
    Failure::from_path(run.dir().join("failures/latest.json")).unwrap()
}

#[test]
fn pipes_in_place_of_files_do_not_block() {
    for name in ["latest.json", ".latest.lock", "resolutions.jsonl"] {
        // The child runs the first body that it comes to: it is told the name.
        let tell = |command: &mut Command| {
            command.env("NAME", name);
        };
        let run = fail_with(tell, |dir| make_fifo(&dir.join(std::env::var("NAME").unwrap())));
        let run = run.ok();
        assert_eq!(run.failures().len(), 2);
        assert_eq!(latest(&run).context.event.get("n"), Some(&tracing_failure::Value::Int(2)));
        assert!(run.stdout.contains("latest_failed 0"));
    }
}

#[test]
fn a_pipe_is_no_record() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("general_20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e.json");
    make_fifo(&path);
    let error = Failure::from_path(&path).unwrap_err().to_string();
    assert!(error.contains("not a regular file"), "{error}");
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.read_all().unwrap().count(), 0);
    make_fifo(&dir.path().join("resolutions.jsonl"));
    assert!(store.resolutions("b6272b8a71e31c96").is_empty());
    assert!(store.resolve(&Failure::new("a", "b", "c", "d"), "fix").is_err());
}

#[test]
fn gigabytes_in_the_place_of_the_latest_record_are_not_read() {
    let run = fail_in(|dir| File::create(dir.join("latest.json")).unwrap().set_len(3 << 30).unwrap());
    assert_eq!(latest(&run.ok()).context.event.get("n"), Some(&tracing_failure::Value::Int(2)));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.json");
    File::create(&path).unwrap().set_len(3 << 30).unwrap();
    let error = Failure::from_path(&path).unwrap_err().to_string();
    assert!(error.contains("larger than 64 MB"), "{error}");
}

/// What a run says about a file that it cannot replace.
fn check_report(run: &Run) {
    assert_eq!(run.failures().len(), 2);
    assert_eq!(run.stderr.matches("latest.json is out of date: cannot write ").count(), 1, "{}", run.stderr);
    assert!(!run.stdout.contains("latest_failed 0"), "{}", run.stdout);
}

#[test]
fn a_latest_record_that_cannot_be_replaced_is_reported_once_and_counted() {
    let run = fail_in(|dir| std::fs::create_dir_all(dir.join("latest.json/full")).unwrap());
    check_report(&run.ok());
}

#[test]
fn a_latest_record_of_another_user_in_a_sticky_directory_is_reported() {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !is_root && !crate::support::is_child() {
        return;
    }
    let as_other = |command: &mut Command| {
        let dir: std::path::PathBuf =
            command.get_envs().find(|(name, _)| *name == "TRACING_FAILURE_TEST_DIR").unwrap().1.unwrap().into();
        let failures = dir.join("failures");
        std::fs::create_dir(&failures).unwrap();
        std::fs::write(failures.join("latest.json"), "of root").unwrap();
        for (path, mode) in [(&dir, 0o777), (&failures, 0o1777)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        wrap(command, "exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \"$0\" \"$@\"");
    };
    let run = in_child_with(as_other, |dir| {
        let guard = init(dir).unwrap();
        let _span = computation("sticky");
        error!(n = 1, "failed");
        error!(n = 2, "failed");
        guard.flush();
        println!("\nlatest_failed {}", guard.stats().latest_failed);
    });
    check_report(&run.ok());
}

#[test]
fn a_stopped_process_that_holds_the_lock_of_latest_does_not_keep_the_last_copy_out() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let lock = File::create(dir.join("failures/.latest.lock")).unwrap();
        lock.lock().unwrap();
        let _span = computation("stopped");
        error!(n = 1, "failed");
        drop(guard);
        error!(n = 2, "failed");
        // The process ends at once, as after `main`.
    });
    assert_eq!(latest(&run.ok()).context.event.get("n"), Some(&tracing_failure::Value::Int(2)));
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_system_without_locks_loses_no_records() {
    // ENOLCK, ENOSYS, EOPNOTSUPP, EINVAL, EIO
    let shim = "#include <errno.h>\n#include <stdlib.h>\nint flock(int file, int operation) {\n\
                (void)file; (void)operation; errno = atoi(getenv(\"ERRNO\")); return -1; }\n";
    for errno in ["37", "38", "95", "22", "5"] {
        let without_locks = |command: &mut Command| {
            preload(command, shim);
            command.env("ERRNO", errno);
        };
        let run = in_child_with(without_locks, |dir| {
            let guard = init(dir).unwrap();
            let _span = computation("no_locks");
            (0..20).for_each(|n| error!(n, "failed"));
            guard.flush();
            assert_eq!((guard.stats().recorded, guard.stats().latest_failed), (20, 0));
        });
        let run = run.ok();
        assert_eq!(run.failures().len(), 20);
        assert_eq!(latest(&run).context.event.get("n"), Some(&tracing_failure::Value::Int(19)));
    }
}

#[test]
fn only_temporary_files_of_killed_writers_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let record = "general_20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e.json";
    let names = [&format!(".{record}.tmp"), &format!(".{record}.4711-0.tmp"), ".latest.json.4711-1.tmp", ".mine.tmp"];
    let paths = names.map(|name| dir.path().join(name));
    let being_written = dir.path().join(format!(".{record}.4712-0.tmp"));
    let writer = File::create(&being_written).unwrap();
    writer.lock().unwrap();
    for path in paths.iter().chain([&being_written]) {
        let file = File::options().create(true).append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    }
    let store = Store::open(dir.path()).unwrap();
    store.write(&Failure::new("rg_flow", "§1", "Diverged", "pole")).unwrap();
    let started = Instant::now();
    while paths[..3].iter().any(|path| path.exists()) && started.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(paths[..3].iter().all(|path| !path.exists()));
    assert!(paths[3].exists() && being_written.exists());
    drop(writer);
    assert_eq!(store.remove_abandoned().unwrap(), 1);
}

/// Writes records endlessly, each slowly.
fn write_for_ever(dir: &Path) {
    let _guard = builder(dir).durability(Durability::Disk).init().unwrap();
    let _span = computation("rg_flow");
    loop {
        error!("diverged");
    }
}

/// Temporary files of the process with this id.
fn temporary(dir: &Path, pid: u32) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir.join("failures")).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().path());
    let is_of = |name: &str| name.ends_with(".tmp") && name.contains(&format!(".{pid}-"));
    names.filter(|path| is_of(path.file_name().unwrap().to_str().unwrap())).collect()
}

/// A writer that is stopped in the middle of a write. It ends with this.
struct Writer(Child);

impl Writer {
    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.0.id().to_string()]).status().unwrap().success());
    }

    /// Whether all of its threads have stopped.
    fn is_stopped(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        threads.flatten().all(|thread| {
            let status = std::fs::read_to_string(thread.path().join("status"));
            status.is_ok_and(|status| status.contains("State:\tT"))
        })
    }

    fn temporary(&self, dir: &Path) -> Vec<PathBuf> {
        temporary(dir, self.0.id())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that has stopped after it locked its temporary file.
fn stopped_writer(dir: &Path) -> Writer {
    let mut command = child_command(dir);
    let errors = File::create(dir.join("errors")).unwrap();
    let child = command.env("WRITES", "forever").stdout(Stdio::null()).stderr(errors).spawn().unwrap();
    let writer = Writer(child);
    let started = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(5));
        writer.signal("-STOP");
        // A call of the system that has begun, such as a renaming, is finished before.
        while !writer.is_stopped() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let is_locked = |path: &PathBuf| File::open(path).is_ok_and(|file| file.try_lock().is_err());
        if writer.temporary(dir).iter().any(is_locked) {
            return writer;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "it does not write");
        writer.signal("-CONT");
    }
}

#[test]
fn a_record_is_written_after_the_removal_of_its_temporary_file() {
    if is_child() {
        in_child(write_for_ever);
    }
    let dir = tempfile::tempdir().unwrap();
    let writer = stopped_writer(dir.path());
    let removed = writer.temporary(dir.path());
    removed.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    let records = || std::fs::read_dir(dir.path().join("failures")).unwrap().count();
    let before = records();
    writer.signal("-CONT");
    let started = Instant::now();
    while records() < before + 5 {
        assert!(started.elapsed() < Duration::from_secs(60), "it does not go on");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(writer);
    let errors = std::fs::read_to_string(dir.path().join("errors")).unwrap();
    assert!(!errors.contains("cannot write"), "{errors}");
}

#[test]
fn temporary_files_of_killed_processes_do_not_outlive_the_next_short_run() {
    if is_child() {
        in_child(|dir| match std::env::var_os("WRITES") {
            Some(_) => write_for_ever(dir),
            None => {
                let _guard = init(dir).unwrap();
                computation("rg_flow").in_scope(|| error!("diverged"));
            }
        });
    }
    let dir = tempfile::tempdir().unwrap();
    let (mut killed, living) = (stopped_writer(dir.path()), stopped_writer(dir.path()));
    killed.0.kill().unwrap();
    killed.0.wait().unwrap();
    // So many files take longer to list than a short run takes to end.
    let mine = |number: u32| dir.path().join(format!("failures/.mine{number}.tmp"));
    (0..20_000).for_each(|number| drop(File::create(mine(number)).unwrap()));
    for path in [&killed, &living].iter().flat_map(|writer| writer.temporary(dir.path())) {
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    }
    assert!(!killed.temporary(dir.path()).is_empty());
    let short = child_command(dir.path()).output().unwrap();
    assert!(short.status.success(), "{}", String::from_utf8_lossy(&short.stderr));
    assert_eq!(killed.temporary(dir.path()), [""; 0].map(PathBuf::from));
    assert!(!living.temporary(dir.path()).is_empty() && mine(0).exists());
}
