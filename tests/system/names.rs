//! Debug information that takes long to read: the program goes on, and its record is completed later.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tracing::error;
use tracing_failure::{Failure, Rule, builder};

use crate::computation;
use crate::support::{failures, in_child};

/// Whether a thread is inside the `backtrace` crate, which names nothing for anybody meanwhile.
static IS_BLOCKED: AtomicBool = AtomicBool::new(false);
static IS_RELEASED: AtomicBool = AtomicBool::new(false);

/// Longer than both failures may take, which are to go on within a second each.
const HANG: Duration = Duration::from_secs(8);

fn wait_for(flag: &AtomicBool) {
    let started = Instant::now();
    while !flag.load(Ordering::SeqCst) && started.elapsed() < HANG {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Blocks the `backtrace` crate, as another user of it does that reads much debug information.
fn block() {
    std::thread::spawn(|| {
        backtrace::trace(|_| {
            IS_BLOCKED.store(true, Ordering::SeqCst);
            wait_for(&IS_RELEASED);
            IS_BLOCKED.store(false, Ordering::SeqCst);
            false
        });
    });
    wait_for(&IS_BLOCKED);
}

/// The rule is asked when the stack is taken, and before it is named.
fn blocking_rule() -> Rule {
    Rule::from_fn("test.block", |failure| {
        if failure.error_message == "the first" {
            block();
        }
        None
    })
}

fn recorded(dir: &Path) -> Vec<Failure> {
    failures(&dir.join("failures"))
}

#[test]
fn a_thread_continues_while_names_are_resolved() {
    let run = in_child(|dir| {
        let guard = builder(dir).rule(blocking_rule()).init().unwrap();
        let _span = computation("observable_mass");
        error!("the first");
        assert!(IS_BLOCKED.load(Ordering::SeqCst), "it waited for the names");
        let first = recorded(dir).remove(0);
        assert!(first.stack_trace.starts_with("[addresses without names: "), "{}", first.stack_trace);
        // The thread that reads names is in the crate now: the next stack cannot be taken.
        error!("the second");
        assert!(IS_BLOCKED.load(Ordering::SeqCst), "it waited for its turn");
        let second = recorded(dir).remove(1);
        assert!(second.stack_trace.starts_with("[not captured: another thread "), "{}", second.stack_trace);
        IS_RELEASED.store(true, Ordering::SeqCst);
        guard.flush();
        assert_eq!(guard.stats().recorded, 2);
    });
    let failures = run.ok().failures();
    assert_eq!(failures.len(), 2);
    assert!(failures[0].stack_trace.contains("a_thread_continues"), "{}", failures[0].stack_trace);
    assert!(failures[0].context.frames[0].in_app);
}
