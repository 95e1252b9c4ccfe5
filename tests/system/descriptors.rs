//! Standard error that blocks, is shared, or is closed.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tracing::{error, info};
use tracing_failure::{Failure, builder, init};

use crate::computation;
use crate::support::{child_command, in_child, is_child};

/// Puts a file in the way of the store, so that every record goes to standard error.
fn divert(dir: &Path) {
    std::fs::remove_dir_all(dir.join("failures")).unwrap();
    std::fs::write(dir.join("failures"), "in the way").unwrap();
}

/// Fails with a record of this size, and returns what became of the records: diverted, lost.
fn fail(dir: &Path, times: usize, size: usize) -> (u64, u64) {
    let guard = builder(dir).without_log().stderr_notice(false).init().unwrap();
    divert(dir);
    let _span = computation("diverted");
    for n in 0..times {
        error!(n, text = "x".repeat(size), "failed");
    }
    let stats = guard.stats();
    assert_eq!(stats.recorded, 0);
    (stats.diverted, stats.lost)
}

/// The child, whose standard error is a pipe.
fn spawn(dir: &Path, stderr: OwnedFd) -> Child {
    child_command(dir).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap()
}

/// What the child prints of its statistics.
fn stats(child: Child) -> (u64, u64) {
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}");
    let line = stdout.lines().find_map(|line| line.strip_prefix("stats ")).unwrap();
    let (diverted, lost) = line.split_once(' ').unwrap();
    (diverted.parse().unwrap(), lost.parse().unwrap())
}

fn own_dir() -> Option<std::path::PathBuf> {
    is_child().then(|| std::env::var_os("TRACING_FAILURE_TEST_DIR").unwrap().into())
}

fn print_stats((diverted, lost): (u64, u64)) -> ! {
    println!("\nstats {diverted} {lost}");
    std::process::exit(0);
}

/// The records among these lines. A line that begins like a record and is none was torn.
fn records(text: &str) -> Vec<Failure> {
    text.lines().filter(|line| line.starts_with('{')).map(|line| Failure::from_json(line).unwrap()).collect()
}

#[test]
fn a_pipe_that_nobody_reads_does_not_block_the_program() {
    if let Some(dir) = own_dir() {
        let started = Instant::now();
        let stats = fail(&dir, 40, 9000);
        // One second for the first, a moment for each of the others; without a limit the wait would be endless.
        assert!(started.elapsed() < Duration::from_secs(60));
        print_stats(stats);
    }
    let dir = tempfile::tempdir().unwrap();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let (diverted, lost) = stats(spawn(dir.path(), writer.into()));
    assert_eq!(diverted + lost, 40);
    assert!(lost > 0);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    let complete = text.lines().filter(|line| Failure::from_json(line).is_ok()).count();
    assert_eq!(complete as u64, diverted);
}

#[test]
fn a_slow_reader_of_a_non_blocking_pipe_gets_every_record_that_is_not_counted_as_lost() {
    if let Some(dir) = own_dir() {
        print_stats(fail(&dir, 30, 9000));
    }
    let dir = tempfile::tempdir().unwrap();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let flags = rustix::fs::fcntl_getfl(writer.as_fd()).unwrap();
    rustix::fs::fcntl_setfl(writer.as_fd(), flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    let child = spawn(dir.path(), writer.into());
    let mut text = Vec::new();
    let mut part = [0; 4096];
    loop {
        match reader.read(&mut part).unwrap() {
            0 => break,
            count => text.extend_from_slice(&part[..count]),
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let (diverted, lost) = stats(child);
    assert_eq!(diverted + lost, 30);
    let text = String::from_utf8(text).unwrap();
    let complete = text.lines().filter(|line| Failure::from_json(line).is_ok()).count();
    assert_eq!(complete as u64, diverted, "{lost} lost");
    assert!(diverted > 25, "{lost} lost");
}

#[test]
fn records_of_four_processes_on_one_pipe_are_not_mixed_up() {
    if let Some(dir) = own_dir() {
        print_stats(fail(&dir.join(std::process::id().to_string()), 25, 15_000));
    }
    let dir = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let children: Vec<Child> = (0..4).map(|_| spawn(dir.path(), writer.try_clone().unwrap().into())).collect();
    drop(writer);
    let lines: Vec<String> = BufReader::new(reader).lines().map(Result::unwrap).collect();
    let (diverted, lost) = children.into_iter().map(stats).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    assert_eq!(diverted + lost, 100);
    let complete = lines.iter().filter(|line| Failure::from_json(line).is_ok()).count();
    assert_eq!(complete as u64, diverted, "{lost} lost");
    assert!(diverted > 75, "{lost} lost");
}

#[test]
fn a_thread_that_holds_the_lock_of_stderr_does_not_hold_up_a_record() {
    let run = in_child(|dir| {
        let _stderr = std::io::stderr().lock();
        let stats = std::thread::scope(|scope| scope.spawn(|| fail(dir, 2, 10)).join().unwrap());
        assert_eq!(stats, (2, 0));
    });
    assert_eq!(records(&run.ok().stderr).len(), 2);
}

#[test]
fn a_closed_stderr_is_counted_as_lost() {
    let run = in_child(|dir| {
        // The runtime opens at the start what is closed. A daemon closes it later.
        fork::close_fd().unwrap();
        assert_eq!(fail(dir, 3, 10), (0, 3));
    });
    run.ok();
}

#[test]
fn output_of_a_daemon_is_not_written_to_records_and_log() {
    let run = in_child(|dir| {
        fork::close_fd().unwrap();
        // The next file that is opened gets the number of standard output.
        let _input = std::fs::File::open("/dev/null").unwrap();
        let guard = init(dir).unwrap();
        let _span = computation("daemon");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let prints = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    print!("printed");
                    eprint!("printed");
                    let _ = std::io::stdout().flush();
                }
            });
            for n in 0..200 {
                info!(n, "a line");
                error!(n, "failed");
            }
            done.store(true, Ordering::Relaxed);
            prints.join().unwrap();
        });
        guard.flush();
        println!("printed at the end");
        eprintln!("printed at the end");
        assert_eq!(guard.stats().recorded, 200);
    });
    let run = run.ok();
    assert_eq!(run.failures().len(), 200);
    assert_eq!(run.log().iter().filter(|line| line["message"] == "a line").count(), 200);
    let files = ["failures", "logs"].map(|part| std::fs::read_dir(run.dir().join(part)).unwrap());
    for path in files.into_iter().flatten().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read(&path).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("printed"), "{}", path.display());
    }
}
