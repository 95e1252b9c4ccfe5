//! Failures while a thread or the process ends, when the registry's own thread-local is gone.
#![allow(unsafe_code)]

use std::cell::Cell;

use tracing::{error, info_span};
use tracing_failure::{Failure, ResultExt, init};

use crate::support::in_child;

#[derive(Debug, thiserror::Error)]
#[error("stopped")]
struct Stop;

fn fail() {
    error!(iteration = 7, "stopped by an event");
    let _ = Err::<(), _>(Stop).record_failure();
}

/// Enters a computation and stays in it.
fn enter_computation() {
    let run = info_span!("run", theoretical_ref = "§1", beta = 6.0);
    std::mem::forget(run.entered());
    let span = info_span!("solve", computation = "solve", rtol = 1e-6);
    std::mem::forget(span.entered());
    std::mem::forget(info_span!("helper", k = 1).entered());
}

fn assert_both_recorded(failures: &[Failure]) {
    let messages: Vec<&str> = failures.iter().map(|failure| failure.error_message.as_str()).collect();
    assert_eq!(messages, ["stopped by an event", "stopped"]);
    for failure in failures {
        assert_eq!((&*failure.computation, &*failure.theoretical_ref), ("solve", "§1"));
        assert_eq!(failure.parameters.to_string(), r#"{"rtol":1e-6,"beta":6.0}"#);
        let spans: Vec<&str> = failure.context.spans.iter().map(|span| &*span.name).collect();
        assert_eq!(spans, ["helper", "solve", "run"]);
    }
}

#[test]
fn a_failure_in_an_exit_function_is_recorded() {
    unsafe extern "C" {
        fn atexit(function: extern "C" fn()) -> i32;
    }
    extern "C" fn at_exit() {
        fail();
    }
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        // SAFETY: the function is static and does not unwind.
        assert_eq!(unsafe { atexit(at_exit) }, 0);
        enter_computation();
        std::process::exit(0);
    });
    assert_both_recorded(&run.ok().failures());
}

struct FailsAtTheEnd(Cell<bool>);

impl Drop for FailsAtTheEnd {
    fn drop(&mut self) {
        if self.0.get() {
            fail();
        }
    }
}

thread_local! {
    static AT_THE_END: FailsAtTheEnd = const { FailsAtTheEnd(Cell::new(false)) };
}

#[test]
fn a_failure_in_the_destructor_of_a_thread_local_is_recorded() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let thread = std::thread::spawn(|| {
            // Registered before the registry's thread-local, so dropped after it.
            AT_THE_END.with(|end| end.0.set(true));
            enter_computation();
        });
        thread.join().unwrap();
    });
    assert_both_recorded(&run.ok().failures());
}

struct PanicsAtTheEnd;

impl Drop for PanicsAtTheEnd {
    fn drop(&mut self) {
        panic!("lost its lattice");
    }
}

thread_local! {
    static PANICS: PanicsAtTheEnd = const { PanicsAtTheEnd };
}

#[test]
fn a_panic_in_the_destructor_of_a_thread_local_is_recorded_before_the_process_aborts() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let thread = std::thread::spawn(|| {
            PANICS.with(|_| ());
            enter_computation();
        });
        let _ = thread.join();
    });
    assert!(!run.status.success(), "Rust aborts on a panic in such a destructor");
    let failure = run.failure();
    assert_eq!((&*failure.computation, &*failure.error_message), ("solve", "lost its lattice"));
    assert_eq!(failure.parameters.to_string(), r#"{"rtol":1e-6,"beta":6.0}"#);
}

#[test]
fn a_root_span_ends_the_path_of_a_thread_that_ends() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let thread = std::thread::spawn(|| {
            AT_THE_END.with(|end| end.0.set(true));
            std::mem::forget(info_span!("other", computation = "other", theoretical_ref = "§2", k = 1).entered());
            let root = info_span!(parent: None, "solve", computation = "solve", theoretical_ref = "§1", n = 2);
            std::mem::forget(root.entered());
        });
        thread.join().unwrap();
    });
    let failures = run.ok().failures();
    assert_eq!(failures.len(), 2);
    for failure in failures {
        assert_eq!((&*failure.computation, failure.parameters.to_string().as_str()), ("solve", r#"{"n":2}"#));
    }
}
