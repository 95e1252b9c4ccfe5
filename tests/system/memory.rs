//! Little memory left: the record comes before everything that needs much.
#![cfg(target_os = "linux")]

use rustix::process::{Resource, Rlimit, setrlimit};
use tracing::{debug, error, info, info_span};
use tracing_failure::{builder, init};

use crate::computation;
use crate::support::in_child;

/// Leaves the process this much of address space.
fn leave(megabytes: u64) {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").unwrap().split(' ').next().unwrap().parse().unwrap();
    let limit = Some(pages * 4096 + (megabytes << 20));
    setrlimit(Resource::As, Rlimit { current: limit, maximum: limit }).unwrap();
}

fn fail_with(megabytes: u64) {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        leave(megabytes);
        let _span = computation("memory");
        debug!(step = 1, residual = 0.5, "a step");
        error!(n = 1, "out of memory");
        error!(n = 2, "again");
        assert_eq!(guard.stats().recorded, 2);
    });
    let run = run.ok();
    let failures = run.failures();
    assert_eq!(failures.len(), 2);
    for failure in failures {
        assert!(!failure.context.frames.is_empty() && !failure.stack_trace.is_empty());
        let has_names = failure.context.frames.iter().any(|frame| frame.function.contains("fail_with"));
        let says_why = failure.stack_trace.starts_with("[addresses without names: ");
        assert!(has_names != says_why, "{}", failure.stack_trace);
    }
}

#[test]
fn eight_megabytes_are_enough_for_a_record() {
    fail_with(8);
}

#[test]
fn thirty_two_megabytes_are_enough_for_a_record() {
    fail_with(32);
}

#[test]
fn a_computation_without_memory_for_its_trail_continues() {
    let run = in_child(|dir| {
        // A trail of 26 MB. An allocator may have reserved 64 MB for each thread.
        let guard = builder(dir).trail(1 << 16, 1 << 16).init().unwrap();
        leave(8);
        let spans = [(); 24].map(|()| info_span!("solve", computation = "memory", theoretical_ref = "§1"));
        for span in &spans {
            span.in_scope(|| {
                debug!(step = 1, residual = 0.5, "a step");
                info!("a text");
                error!(n = 1, "out of memory");
            });
        }
        assert_eq!(guard.stats().recorded, 24);
    });
    let failures = run.ok().failures();
    assert!(failures.iter().all(|failure| failure.error_message == "out of memory"));
    assert!(failures[23].context.trail.is_empty());
}

#[test]
fn names_follow_where_there_is_memory() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        computation("memory").in_scope(|| error!("enough"));
    });
    let failure = run.ok().failure();
    assert!(failure.context.frames[0].function.contains("names_follow"), "{}", failure.stack_trace);
    assert!(!failure.stack_trace.contains("addresses without names"));
}
