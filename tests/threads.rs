//! Computations that continue on other threads.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use rayon::prelude::*;
use tracing::{Span, debug, error, info_span};
use tracing_failure::{ComputationHandle, FailureLayer, ResultExt, Value, in_current_computation, init};
use tracing_subscriber::prelude::*;

use support::{Run, failures, in_child};

#[derive(Debug, thiserror::Error)]
#[error("plaquette {0} is NaN")]
struct PlaquetteError(u64);

fn relax(plaquette: u64) -> Result<u64, PlaquetteError> {
    debug!(plaquette, "relaxed");
    if plaquette == 17 { Err(PlaquetteError(17)).record_failure() } else { Ok(plaquette) }
}

fn computation(name: &str) -> Span {
    info_span!("lattice", computation = name, theoretical_ref = "§2.3", beta = 2.2)
}

fn pool() -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(2).thread_name(|index| format!("worker {index}")).build().unwrap()
}

/// The outcomes in the log, in order.
fn outcomes(run: &Run) -> Vec<String> {
    run.log().iter().filter_map(|line| line["outcome"].as_str().map(str::to_owned)).collect()
}

#[test]
fn failures_and_rows_of_rayon_workers_belong_to_the_computation() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = computation("observable_action").entered();
        let relaxed = in_current_computation(relax);
        let failed = pool().install(|| (0..64u64).into_par_iter().map(relaxed).filter(Result::is_err).count());
        assert_eq!(failed, 1);
    });
    let run = run.ok();
    let failure = run.failure_of("observable_action");
    assert_eq!((failure.error_type.as_str(), failure.parameters.get("beta")), ("PlaquetteError", Some(&2.2.into())));
    assert!(failure.context.thread.as_ref().unwrap().starts_with("worker "), "{:?}", failure.context.thread);
    let rows = failure.context.trail[0].columns.get("plaquette").and_then(Value::as_list).unwrap();
    assert!(rows.contains(&17.into()), "{rows:?}");
    assert_eq!(outcomes(&run), ["failed"]);
}

#[test]
fn a_panic_of_a_worker_is_recorded_once_by_its_computation() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let pool = pool();
        // Of another open computation, nothing is known: the worker's span decides.
        let _other = computation("observable_mass");
        let panics = catch_unwind(AssertUnwindSafe(|| {
            let _span = computation("observable_action").entered();
            let relaxed = in_current_computation(|plaquette| assert_ne!(plaquette, 17, "plaquette is NaN"));
            pool.install(|| (0..64u64).into_par_iter().for_each(relaxed));
        }));
        assert!(panics.is_err());
        assert_eq!(guard.stats().unclaimed_panics, 0);
    });
    let run = run.ok();
    let failure = run.failure();
    assert_eq!(failure.computation, "observable_action");
    assert!(failure.error_message.contains("plaquette is NaN"), "{}", failure.error_message);
    assert!(failure.context.thread.as_ref().unwrap().starts_with("worker "), "{:?}", failure.context.thread);
    assert!(failure.context.panic_origin.is_none(), "no guess was needed");
    let mut outcomes = outcomes(&run);
    outcomes.sort();
    assert_eq!(outcomes, ["failed", "unknown"]);
}

#[test]
fn a_thread_without_arguments_is_carried() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = computation("observable_action").entered();
        let work = in_current_computation(|| relax(17).is_err());
        assert!(thread::Builder::new().name("smoother".to_owned()).spawn(work).unwrap().join().unwrap());
    });
    let failure = run.ok().failure_of("observable_action");
    assert_eq!(failure.context.thread.as_deref(), Some("smoother"));
}

#[test]
fn a_blocking_task_of_tokio_is_carried() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = computation("observable_action").entered();
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let task = runtime.spawn_blocking(in_current_computation(|| relax(17).is_err()));
        assert!(runtime.block_on(task).unwrap());
    });
    assert_eq!(run.ok().failure().computation, "observable_action");
}

#[test]
fn a_detached_thread_keeps_its_computation_open() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let (go, wait) = mpsc::channel::<()>();
        let thread = computation("observable_action").in_scope(|| {
            tracing_failure::record_success();
            thread::spawn(in_current_computation(move || {
                wait.recv().unwrap();
                relax(17).is_err()
            }))
        });
        // The function of the computation has returned.
        go.send(()).unwrap();
        assert!(thread.join().unwrap());
    });
    let run = run.ok();
    assert_eq!(run.failure().computation, "observable_action");
    assert_eq!(outcomes(&run), ["failed"]);
}

#[test]
fn a_scoped_subscriber_receives_the_events_of_other_threads() {
    let dir = tempfile::tempdir().unwrap();
    let subscriber = tracing_subscriber::registry().with(FailureLayer::new(dir.path()).unwrap());
    tracing::subscriber::with_default(subscriber, || {
        let _span = computation("observable_action").entered();
        let failed = thread::spawn(in_current_computation(|| {
            assert!(!Span::current().is_none());
            error!("not finite");
        }));
        failed.join().unwrap();
        let fail = in_current_computation(|_: i32| error!("not finite"));
        pool().install(|| (0..2).into_par_iter().for_each(fail));
    });
    assert_eq!(failures(dir.path()).len(), 3);
}

#[test]
fn a_thread_leaves_the_computation_after_each_call() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = computation("observable_action");
        let relaxed = span.in_scope(|| in_current_computation(|plaquette| relax(plaquette).is_err()));
        let thread = thread::spawn(move || {
            assert!(relaxed(17));
            let panics = catch_unwind(AssertUnwindSafe(|| {
                in_current_computation(|_: u64| -> u64 { panic!("pivot is zero") })(1)
            }));
            assert!(panics.is_err());
            assert!(Span::current().is_none());
            error!("of no computation");
        });
        thread.join().unwrap();
    });
    assert_eq!(run.ok().failure().computation, "observable_action");
}

/// A thread of rayon that waits for jobs of one computation runs jobs of other computations meanwhile.
#[test]
fn a_computation_within_another_one_on_the_same_thread_stays_itself() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let action = computation("observable_action").entered();
        let of_action = in_current_computation(|plaquette| relax(plaquette).is_err());
        assert!(of_action(17), "in the computation itself");
        let _mass = computation("observable_mass").entered();
        assert!(of_action(17), "inside another one");
        error!("of the mass");
        drop(action);
    });
    let failures = run.ok().failures();
    let computations: Vec<_> = failures.iter().map(|failure| failure.computation.as_str()).collect();
    assert_eq!(computations, ["observable_action", "observable_action", "observable_mass"]);
    assert_eq!(failures[1].parameters.get("beta"), Some(&2.2.into()));
}

#[test]
fn without_a_computation_a_closure_runs_as_before() {
    let double = in_current_computation(|x: f64| 2.0 * x);
    assert_eq!(double(1.5), 3.0);
    assert_eq!(thread::spawn(in_current_computation(|| 7)).join().unwrap(), 7);
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        assert_eq!(thread::spawn(in_current_computation(|| 7)).join().unwrap(), 7);
        thread::spawn(in_current_computation(|| error!("of no computation"))).join().unwrap();
        assert_eq!(guard.stats().recorded, 0);
    });
    run.ok();
}

struct Row(Vec<f64>);

impl Row {
    fn norm(&self) -> f64 {
        self.0.iter().map(|x| x * x).sum::<f64>().sqrt()
    }
}

/// The compiler knows what the closures and their results are.
#[test]
fn closures_of_all_kinds_are_carried() {
    let rows = vec![Row(vec![3.0, 4.0]), Row(vec![1.0])];
    let scale = [2.0];
    // The function.
    rows.par_iter().for_each(in_current_computation(|row: &Row| assert!(row.norm() * scale[0] > 1.0)));
    assert_eq!(rows.par_iter().map(in_current_computation(Row::norm)).sum::<f64>().sqrt(), 6.0_f64.sqrt());
    let sum = rows.par_iter().map(Row::norm).reduce(|| 0.0, in_current_computation(|a, b| a + b));
    let sums = (0..4u64).into_par_iter().fold(|| 0, in_current_computation(|sum, x| sum + x)).sum::<u64>();
    let failed =
        (0..20u64).into_par_iter().map(in_current_computation(|x| relax(x + 10))).filter(Result::is_err).count();
    assert_eq!((sum, sums, failed), (6.0, 6, 1));
    let (lengths, first) = rayon::join(in_current_computation(|| rows.len()), in_current_computation(|| scale[0]));
    assert_eq!((lengths, first), (2, 2.0));
    let once = String::from("once");
    assert_eq!(thread::spawn(in_current_computation(move || once)).join().unwrap().len(), 4);
    // The handle.
    let computation = ComputationHandle::current();
    rows.par_iter().for_each(|row| computation.in_scope(|| assert!(row.norm() * scale[0] > 1.0)));
    let longest = rows.par_iter().map(|row| row.0.len()).reduce(|| 0, |a, b| computation.in_scope(|| a.max(b)));
    rows.par_iter().for_each_with(vec![0.0], |buffer, row| computation.in_scope(|| buffer.push(row.norm())));
    let mut total = 0.0;
    rows.iter().for_each(|row| computation.in_scope(|| total += row.norm()));
    assert_eq!((longest, total), (2, 6.0));
    let clamp = move |x: f64, (low, high): (f64, f64)| computation.in_scope(|| x.clamp(low, high));
    let copy = clamp.clone();
    assert_eq!((clamp(3.0, (0.0, 1.0)), copy(-3.0, (0.0, 1.0))), (1.0, 0.0));
}

#[test]
fn a_call_allocates_nothing() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let carried = computation("observable_action").in_scope(|| in_current_computation(|x: f64| 2.0 * x));
        thread::spawn(move || {
            carried(1.0);
            let allocations = allocation_counter::measure(|| {
                carried(2.0);
            });
            assert_eq!(allocations.count_total, 0);
        })
        .join()
        .unwrap();
    });
    run.ok();
}

/// Large arguments are read when the function fails, and on its own thread.
#[tracing_failure::computation("§2.3")]
fn relax_all(plaquettes: &[u64], beta: f64) -> Result<u64, PlaquetteError> {
    assert!(beta > 0.0);
    plaquettes.par_iter().map(in_current_computation(|plaquette: &u64| relax(*plaquette))).sum()
}

#[test]
fn a_failure_of_a_worker_has_the_arguments_of_the_annotated_function() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        assert!(relax_all(&(0..64).collect::<Vec<_>>(), 2.2).is_err());
    });
    let run = run.ok();
    let failure = run.failure_of("relax_all");
    assert_eq!((failure.error_type.as_str(), failure.parameters.get("beta")), ("PlaquetteError", Some(&2.2.into())));
    assert!(failure.parameters.get("plaquettes").is_some(), "{}", failure.parameters);
    assert_eq!(outcomes(&run), ["failed"]);
}
