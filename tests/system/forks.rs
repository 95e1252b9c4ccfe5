//! Children of a process whose other threads are in the middle of everything.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tracing::{debug, error, info, info_span};
use tracing_failure::{Failure, Guard, builder};

use crate::support::{in_child, json_files, read_valid};

const CHILDREN: u32 = 150;
const THREADS: u32 = 8;
const LINES: u32 = 20;

/// The computation of the children. Its name puts the records into an area of their own.
const OF_CHILDREN: &str = "observable_child";

/// Fails and logs.
fn work(computation: &str, number: u32) {
    let _span = info_span!("work", computation, theoretical_ref = "§1", number).entered();
    for n in 0..LINES {
        info!(computation, number, n, "a line");
        debug!(step = n, residual = 0.5, "a step");
    }
    error!(number, "no convergence");
}

/// The time that a thread has waited for something, without the time that it has computed, or has waited for a
/// processor.
struct Waited {
    started: Instant,
    busy: Duration,
}

impl Waited {
    fn begin() -> Self {
        Waited { started: Instant::now(), busy: busy() }
    }

    fn end(self) -> Duration {
        self.started.elapsed().saturating_sub(busy() - self.busy)
    }
}

/// The time of this thread on a processor, and in the queue for one.
fn busy() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').take(2).filter_map(|nanos| nanos.parse().ok()).map(Duration::from_nanos).sum()
}

/// Runs the child, and returns whether every line and every record is accounted for.
fn child(guard: &Guard, number: u32) -> bool {
    let before = guard.stats();
    work(OF_CHILDREN, number);
    guard.flush();
    let after = guard.stats();
    let lines = after.log_lines + after.log_lines_lost - before.log_lines - before.log_lines_lost;
    let records = |stats: tracing_failure::Stats| stats.recorded + stats.diverted + stats.lost;
    // A line for each event, one for the failure, and one when the computation closes.
    let expected = (u64::from(LINES) + 2, 1);
    let found = (lines, records(after) - records(before));
    if found != expected {
        println!("\nchild {number}: {found:?} of {expected:?}");
    }
    found == expected
}

/// Waits for a child, and ends it if it hangs. Returns whether it ended well.
fn ends_well(pid: i32) -> bool {
    let started = Instant::now();
    loop {
        match fork::waitpid_nohang(pid).unwrap() {
            Some(status) => return status == 0,
            None if started.elapsed() > Duration::from_secs(60) => {
                let _ = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
                let _ = fork::waitpid(pid);
                return false;
            }
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn fork_again_and_again(dir: &Path, children: u32) {
    static DONE: AtomicBool = AtomicBool::new(false);
    // The other threads work while a child is forked, and leave the processors to it afterwards.
    static ACTIVE: AtomicBool = AtomicBool::new(false);
    let guard = builder(dir).stderr_notice(false).init().unwrap();
    // Names are known from here on, so that a child has no debug information to read.
    work("parent", u32::MAX);
    let others: Vec<_> = (0..THREADS)
        .map(|thread| {
            std::thread::spawn(move || {
                while !DONE.load(Ordering::Relaxed) {
                    match ACTIVE.load(Ordering::Relaxed) {
                        true => work("parent", thread),
                        false => std::thread::sleep(Duration::from_micros(100)),
                    }
                }
            })
        })
        .collect();
    let mut failed = 0;
    let mut longest = Duration::ZERO;
    for number in 0..children {
        ACTIVE.store(true, Ordering::Relaxed);
        std::thread::sleep(Duration::from_micros(u64::from(2000 + 37 * number)));
        match fork::fork().unwrap() {
            fork::Fork::Child => {
                let waited = Waited::begin();
                let is_good = child(&guard, number);
                let _ = std::fs::write(dir.join("waited"), waited.end().as_millis().to_string());
                std::process::exit(i32::from(!is_good));
            }
            fork::Fork::Parent(pid) => {
                ACTIVE.store(false, Ordering::Relaxed);
                failed += u32::from(!ends_well(pid));
            }
        }
        let waited = std::fs::read_to_string(dir.join("waited")).ok().and_then(|text| text.parse().ok());
        longest = longest.max(Duration::from_millis(waited.unwrap_or(0)));
    }
    DONE.store(true, Ordering::Relaxed);
    others.into_iter().for_each(|thread| thread.join().unwrap());
    println!("\nlongest wait {longest:?}");
    assert_eq!(failed, 0, "children hang or lose something without counting it");
    // Mere milliseconds, on a machine that has nothing else to do; a second is promised.
    assert!(longest < Duration::from_secs(4), "{longest:?}");
}

#[test]
fn children_forked_during_failures_and_logging_do_not_hang_and_count_losses() {
    let run = in_child(|dir| fork_again_and_again(dir, CHILDREN)).ok();
    println!("{}", run.stdout);
    let mut paths = json_files(&run.dir().join("failures"));
    paths.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with("observable"));
    let recorded: Vec<Failure> = paths.iter().map(|path| read_valid(path)).collect();
    let mut numbers: Vec<_> = recorded.iter().map(|failure| failure.parameters.get("number").cloned()).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), CHILDREN as usize);
    // The stack is there, or the record says why it is not.
    assert!(recorded.iter().all(|failure| !failure.stack_trace.is_empty()));
    println!("with a stack: {}", recorded.iter().filter(|failure| !failure.context.frames.is_empty()).count());
    let logs = std::fs::read_dir(run.dir().join("logs")).unwrap();
    let text: String = logs.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    let lines = text.lines().filter(|line| line.contains(r#""message":"a line""#) && line.contains(OF_CHILDREN));
    assert_eq!(lines.count(), (CHILDREN * LINES) as usize, "each line is there once");
}

#[test]
fn a_child_that_lives_on_does_not_keep_the_lock_of_latest() {
    let run = in_child(|dir| {
        let guard = builder(dir).stderr_notice(false).init().unwrap();
        let mut children = Vec::new();
        std::thread::scope(|scope| {
            let copies = scope.spawn(|| {
                for number in 0..300 {
                    work("parent", number);
                    guard.flush();
                }
            });
            while !copies.is_finished() && children.len() < 100 {
                match fork::fork().unwrap() {
                    fork::Fork::Child => loop {
                        std::thread::park();
                    },
                    fork::Fork::Parent(pid) => children.push(pid),
                }
            }
        });
        let lock = std::fs::File::open(dir.join("failures/.latest.lock")).unwrap();
        let is_free = lock.try_lock().is_ok();
        for pid in children {
            let _ = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
            let _ = fork::waitpid(pid);
        }
        assert!(is_free);
    });
    run.ok();
}
