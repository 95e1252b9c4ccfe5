//! A panic on one thread ends a computation of another.

use std::panic::{catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::thread;

use rayon::prelude::*;
use tracing::{error, instrument};
use tracing_failure::record::{PanicMatch, RaisedPanic};
use tracing_failure::{Category, Failure, ResultExt, init};

use super::support::{Run, in_child};
use super::{ELSEWHERE, computation};

/// The panics that a failure comes from, by the evidence.
fn origin(failure: &Failure) -> Option<(PanicMatch, &[RaisedPanic])> {
    failure.context.panic_origin.as_ref().map(|origin| (origin.matched_by, &origin.raised[..]))
}

fn messages(failure: &Failure) -> Vec<&str> {
    failure.context.errors.iter().map(|error| error.message.as_str()).collect()
}

fn worker(index: u64) {
    assert_ne!(index, 17, "plaquette {index} is NaN");
}

fn spawn_worker() -> thread::JoinHandle<()> {
    thread::Builder::new().name("worker".to_owned()).spawn(|| worker(17)).unwrap()
}

/// One record, and it is about the worker's panic.
fn assert_is_of_worker(failure: &Failure) {
    assert_eq!(failure.error_type, "Panic");
    assert!(failure.error_message.contains("plaquette 17 is NaN"), "{}", failure.error_message);
    assert_eq!(failure.parameters.get("beta"), Some(&2.2.into()));
    assert!(failure.stack_trace.contains("threads::worker"), "{}", failure.stack_trace);
    assert!(failure.context.location.as_ref().unwrap().file.as_ref().unwrap().ends_with("threads.rs"));
    let (matched_by, raised) = origin(failure).unwrap();
    assert_eq!((matched_by, raised.len()), (PanicMatch::Time, 1));
}

fn assert_failed(run: &Run) {
    let lines = run.log();
    let line = lines.iter().find(|line| line["outcome"].is_string()).unwrap();
    assert_eq!(line["outcome"], "failed");
    assert!(line["failure_id"].is_string());
}

#[test]
fn a_panic_of_a_rayon_worker_fails_the_computation() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let names = |index| format!("worker {index}");
        rayon::ThreadPoolBuilder::new().num_threads(2).thread_name(names).build_global().unwrap();
        let _ = catch_unwind(|| {
            let _span = computation("observable_mass");
            (0..64u64).into_par_iter().for_each(worker);
        });
    });
    let run = run.ok();
    let failure = run.failure();
    assert_is_of_worker(&failure);
    assert_eq!(failure.context.category, Some(Category::NonFinite));
    assert!(failure.context.thread.as_ref().unwrap().starts_with("worker "));
    assert_failed(&run);
    assert!(run.stderr.contains("The panic is recorded in "), "{}", run.stderr);
    assert!(!run.stderr.contains("belongs to no computation"), "{}", run.stderr);
}

#[test]
fn a_panic_that_is_carried_on_after_a_join_fails_the_computation() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = catch_unwind(|| {
            let _span = computation("observable_mass");
            spawn_worker().join().unwrap_or_else(|payload| resume_unwind(payload));
        });
    });
    let run = run.ok();
    assert_is_of_worker(&run.failure());
    assert_eq!(run.failure().context.thread.as_deref(), Some("worker"));
    assert_failed(&run);
}

#[test]
fn an_unwrapped_join_names_the_panic_as_its_cause() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let _ = catch_unwind(|| {
            let _span = computation("observable_mass");
            spawn_worker().join().unwrap();
        });
        assert_eq!(guard.stats().unclaimed_panics, 0);
    });
    let failure = run.ok().failure();
    assert!(failure.error_message.contains("Any { .. }"), "{}", failure.error_message);
    assert!(messages(&failure)[1].contains("plaquette 17 is NaN"), "{:?}", messages(&failure));
    let (matched_by, raised) = origin(&failure).unwrap();
    assert_eq!((matched_by, raised[0].thread.as_deref()), (PanicMatch::Time, Some("worker")));
    assert!(raised[0].frames.iter().any(|frame| frame.function.contains("threads::worker")));
}

#[test]
fn a_scope_names_the_panics_of_its_threads_as_causes() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = catch_unwind(|| {
            let _span = computation("observable_mass");
            thread::scope(|scope| {
                scope.spawn(|| worker(17));
            });
        });
    });
    let failure = run.ok().failure();
    assert_eq!(failure.error_message, "a scoped thread panicked");
    assert!(messages(&failure)[1].contains("plaquette 17 is NaN"), "{:?}", messages(&failure));
}

#[test]
fn different_panics_of_workers_have_different_fingerprints() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        for text in ["pivot is zero", "no such level"] {
            let _ = catch_unwind(|| {
                let _span = computation("observable_mass");
                thread::spawn(move || panic!("{text}")).join().unwrap();
            });
        }
    });
    let failures = run.ok().failures();
    assert_eq!(failures.len(), 2);
    assert_ne!(failures[0].context.fingerprint, failures[1].context.fingerprint);
}

#[test]
fn the_payload_of_a_join_is_an_error() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let _span = computation("observable_mass");
        // Two panics of one text, and another computation that is open: the payload tells.
        let other = tracing::info_span!("other", computation = "other", theoretical_ref = "-");
        let first = spawn_worker().join();
        let second = spawn_worker().join().record_failure();
        drop((first, other));
        assert!(second.is_err());
        drop(_span);
        assert_eq!(guard.stats().unclaimed_panics, 1, "the first");
    });
    let failure = run.ok().failure();
    assert_eq!(failure.error_type, "Panic");
    assert!(failure.error_message.contains("plaquette 17 is NaN"));
    assert_eq!(failure.context.category, Some(Category::NonFinite));
    let (matched_by, raised) = origin(&failure).unwrap();
    assert_eq!((matched_by, raised.len()), (PanicMatch::Payload, 1));
    assert_eq!(raised[0].thread.as_deref(), Some("worker"));
}

/// The instrumented function only hands the error on.
#[instrument(err, fields(computation = "observable_mass", theoretical_ref = "Eq. 2"))]
async fn sweep() -> Result<(), tokio::task::JoinError> {
    tokio::task::spawn_blocking(|| worker(17)).await?;
    Ok(())
}

#[instrument(fields(computation = "observable_mass", theoretical_ref = "Eq. 2"))]
async fn reporting_sweep() -> Result<(), tokio::task::JoinError> {
    tokio::task::spawn_blocking(|| worker(17)).await.record_failure()
}

fn assert_is_join_error(failure: &Failure) {
    assert!(failure.error_message.contains("plaquette 17 is NaN"), "{}", failure.error_message);
    let (matched_by, raised) = origin(failure).unwrap();
    assert_eq!((matched_by, raised.len()), (PanicMatch::Message, 1));
    assert!(raised[0].frames.iter().any(|frame| frame.function.contains("threads::worker")));
    assert!(raised[0].thread.as_ref().unwrap().contains("tokio"), "{raised:?}");
}

#[test]
fn an_error_about_a_panic_has_its_thread_and_stack() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(sweep()).unwrap_err();
        runtime.block_on(reporting_sweep()).unwrap_err();
        assert_eq!(guard.stats().unclaimed_panics, 0);
    });
    let failures = run.ok().failures();
    assert_eq!(failures.len(), 2);
    failures.iter().for_each(assert_is_join_error);
}

#[test]
fn the_failure_of_a_task_is_the_cause_of_the_one_that_waits_for_it() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let _span = computation("outer");
        let task = || {
            let _span = computation("inner");
            worker(17);
        };
        let joined = runtime.block_on(async { tokio::task::spawn_blocking(task).await });
        joined.record_failure().unwrap_err();
    });
    let run = run.ok();
    assert_eq!(run.failure_of("outer").context.caused_by, run.failure_of("inner").context.id);
    assert_eq!(run.failures().len(), 2);
}

#[test]
fn a_forgotten_panic_is_no_failure_of_a_later_computation() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        {
            let _span = computation("tolerant");
            let _ = spawn_worker().join();
        }
        let _ = catch_unwind(|| {
            let _span = computation("cancelled");
            resume_unwind(Box::new("cancelled"));
        });
        let _ = spawn_worker().join();
        assert_eq!(guard.stats().unclaimed_panics, 2);
    });
    let run = run.ok();
    let failure = run.failure();
    assert_eq!((failure.computation.as_str(), failure.error_message.as_str()), ("cancelled", ELSEWHERE));
    assert_eq!(failure.context.panic_origin, None);
    assert_eq!(run.stderr.matches("belongs to no computation").count(), 1, "{}", run.stderr);
    let closed = run.log().into_iter().find(|line| line["computation"] == "tolerant").unwrap();
    assert!(closed.get("failure_id").is_none());
}

#[test]
fn a_panic_of_the_computation_does_not_claim_another() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let _ = catch_unwind(|| {
            let _span = computation("observable_mass");
            let _ = spawn_worker().join();
            panic!("no such level");
        });
        assert_eq!(guard.stats().unclaimed_panics, 1);
    });
    let failure = run.ok().failure();
    assert_eq!(failure.error_message, "no such level");
    assert!(messages(&failure).is_empty());
    let (matched_by, raised) = origin(&failure).unwrap();
    assert_eq!((matched_by, raised.len()), (PanicMatch::Unknown, 1));
}

#[test]
fn a_panic_in_a_computation_of_another_thread_is_not_claimed() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let meet = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                let _span = computation("tolerant");
                meet.wait();
                let _ = spawn_worker().join();
                meet.wait();
            });
            let _ = catch_unwind(|| {
                let _span = computation("cancelled");
                meet.wait();
                meet.wait();
                resume_unwind(Box::new("cancelled"));
            });
        });
    });
    let failure = run.ok().failure();
    assert_eq!((failure.computation.as_str(), failure.error_message.as_str()), ("cancelled", ELSEWHERE));
    let (matched_by, raised) = origin(&failure).unwrap();
    assert_eq!((matched_by, raised.len()), (PanicMatch::Unknown, 1));
}

#[test]
fn computations_that_unwind_together_do_not_take_each_others_panics() {
    const THREADS: usize = 6;
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let meet = Barrier::new(THREADS);
        let one = |index: usize| {
            for round in 0..5 {
                let _ = catch_unwind(|| {
                    let name = format!("c{index}");
                    let _span = computation(&name);
                    meet.wait();
                    let worker = thread::spawn(move || assert_eq!(round, 5, "worker of c{index}, round {round}"));
                    match (index + round) % 3 {
                        0 => worker.join().unwrap_or_else(|payload| resume_unwind(payload)),
                        1 => worker.join().unwrap(),
                        _ => worker.join().record_failure().unwrap_or_default(),
                    }
                });
            }
        };
        thread::scope(|scope| (0..THREADS).for_each(|index| drop(scope.spawn(move || one(index)))));
    });
    let run = run.ok();
    let failures = run.failures();
    let summaries: Vec<_> = failures.iter().map(|failure| (&failure.computation, &failure.error_message)).collect();
    assert_eq!(failures.len(), 5 * THREADS, "{summaries:#?}");
    for failure in &failures {
        let own = format!("worker of {},", failure.computation);
        let is_of_a_worker = |text: &&str| text.contains("worker of");
        let texts = messages(failure).into_iter().chain([failure.error_message.as_str()]);
        for text in texts.filter(is_of_a_worker) {
            assert!(text.contains(&own), "{} has {text:?}", failure.computation);
        }
        if let Some((PanicMatch::Payload, raised)) = origin(failure) {
            assert!(raised.iter().all(|panic| panic.message.contains(&own)));
        }
    }
    let reported = failures.iter().filter(|failure| failure.error_message.contains("worker of"));
    assert_eq!(reported.count(), 10, "those that reported the payload");
}

#[test]
fn a_text_error_about_a_panic_has_its_thread_and_stack() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = computation("observable_mass");
        let payload = thread::spawn(|| panic!("pivot is zero")).join().unwrap_err();
        error!("worker failed: {}", payload.downcast_ref::<&str>().unwrap());
    });
    let failure = run.ok().failure();
    assert_eq!(failure.error_message, "worker failed: pivot is zero");
    assert_eq!(messages(&failure)[1], "pivot is zero");
    assert_eq!(origin(&failure).unwrap().0, PanicMatch::Message);
}
