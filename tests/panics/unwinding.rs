//! What happens while a thread unwinds.

use std::panic::{catch_unwind, resume_unwind};
use std::time::Duration;

use tracing::{Instrument, error, info, info_span};
use tracing_failure::{Failure, InitError, init};

use super::support::{Run, in_child};
use super::{ELSEWHERE, computation};

/// Runs this when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// The program was ended by an abort, and the first panic is its only failure.
fn assert_aborted_by(run: &Run, message: &str) {
    assert!(!run.status.success(), "{}", run.stderr);
    assert_eq!(run.failure().error_message, message);
    let latest = Failure::from_path(run.dir().join("failures/latest.json")).unwrap();
    assert_eq!(latest.error_message, message);
}

extern "C" fn residual(x: f64) -> f64 {
    assert!(x > 0.0, "residual of a negative mass");
    x
}

#[test]
fn a_panic_in_a_callback_of_c_is_one_failure() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = computation("observable_mass");
        residual(-1.0);
    });
    assert_aborted_by(&run, "residual of a negative mass");
}

#[test]
fn a_panic_in_a_destructor_during_unwinding_is_no_further_failure() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = computation("observable_mass");
        let _file = OnDrop(|| panic!("cannot close the file"));
        panic!("pivot is zero");
    });
    assert_aborted_by(&run, "pivot is zero");
}

#[test]
fn a_panic_in_a_destructor_after_another_was_caught_is_a_failure() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = catch_unwind(|| {
            let _span = computation("observable_mass");
            let _ = catch_unwind(|| panic!("pivot is zero"));
            let _file = OnDrop(|| panic!("cannot close the file"));
        });
    });
    let messages: Vec<_> = run.ok().failures().into_iter().map(|failure| failure.error_message).collect();
    assert_eq!(messages, ["pivot is zero", "cannot close the file"]);
}

#[test]
fn panics_that_are_caught_one_after_the_other_are_failures_each() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = computation("observable_mass");
        for level in ["ground", "first"] {
            let _ = catch_unwind(|| panic!("no {level} level"));
        }
    });
    assert_eq!(run.ok().failures().len(), 2);
}

#[test]
fn a_computation_that_a_destructor_completes_has_not_failed() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let clean_up = || drop(computation("clean_up"));
        for throw in [|| panic!("pivot is zero"), || resume_unwind(Box::new("pivot is zero"))] {
            let _ = catch_unwind(|| {
                let _span = computation("observable_mass");
                let _file = OnDrop(clean_up);
                throw();
            });
        }
    });
    let run = run.ok();
    assert!(run.failures().iter().all(|failure| failure.computation == "observable_mass"));
    assert_eq!(run.failures().len(), 2);
}

#[test]
fn tasks_that_unwinding_drops_have_not_failed() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = catch_unwind(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                for index in 0..3 {
                    let span = info_span!("task", computation = "task", theoretical_ref = "-", index);
                    let wait = tokio::time::sleep(Duration::from_secs(600));
                    tokio::spawn(wait.instrument(span));
                }
                tokio::task::yield_now().await;
            });
            let _span = computation("observable_mass");
            panic!("pivot is zero");
        });
    });
    assert_eq!(run.ok().failure().computation, "observable_mass");
}

#[test]
fn nested_computations_that_unwind_have_linked_records() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        for throw in [|| panic!("pivot is zero"), || resume_unwind(Box::new("pivot is zero"))] {
            let _ = catch_unwind(|| {
                let _outer = computation("outer");
                let _log = OnDrop(|| info!("closing the file"));
                let _inner = computation("inner");
                throw();
            });
        }
    });
    let failures = run.ok().failures();
    let found: Vec<_> = failures.iter().map(|failure| (&*failure.computation, &*failure.error_message)).collect();
    let panicked = [("inner", "pivot is zero"), ("outer", "pivot is zero")];
    assert_eq!(found, [panicked, [("inner", ELSEWHERE), ("outer", ELSEWHERE)]].concat());
    for [inner, outer] in failures.as_chunks().0 {
        assert_eq!((inner.context.caused_by, outer.context.caused_by), (None, inner.context.id));
    }
}

#[test]
fn an_error_before_the_panic_is_carried_on_is_the_report_of_it() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = catch_unwind(|| {
            let _span = computation("observable_mass");
            let payload = std::thread::spawn(|| panic!("pivot is zero")).join().unwrap_err();
            error!("the worker failed");
            resume_unwind(payload);
        });
    });
    assert_eq!(run.ok().failure().error_message, "the worker failed");
}

#[test]
fn a_failure_of_before_does_not_hide_the_panic_of_a_worker() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = catch_unwind(|| {
            let _span = computation("observable_mass");
            error!("step rejected");
            let payload = std::thread::spawn(|| panic!("pivot is zero")).join().unwrap_err();
            resume_unwind(payload);
        });
    });
    let messages: Vec<_> = run.ok().failures().into_iter().map(|failure| failure.error_message).collect();
    assert_eq!(messages, ["step rejected", "pivot is zero"]);
}

#[test]
fn setting_up_while_unwinding_is_an_error() {
    let run = in_child(|dir| {
        let _ = catch_unwind(|| {
            let _late = OnDrop(|| {
                assert!(matches!(init(dir), Err(InitError::Panicking)));
                tracing_failure::install_panic_hook();
                println!("refused");
            });
            panic!("before");
        });
        let _guard = init(dir).unwrap();
    });
    let run = run.ok();
    assert!(run.stdout.contains("refused"));
    assert!(run.stderr.contains("panic hook not installed"), "{}", run.stderr);
}
