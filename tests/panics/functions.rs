//! Panics that unwind annotated functions: nested ones, recursive ones, and those that wait for other threads.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::thread;

use rayon::prelude::*;
use serde_json::Value as Json;
use tracing::{error, info_span};
use tracing_failure::record::Value;
use tracing_failure::{Failure, computation, in_current_computation, init, trail};

use super::support::{Run, in_child};

/// Runs the body, which may panic.
fn run(body: impl FnOnce()) -> Run {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = catch_unwind(AssertUnwindSafe(body));
    });
    run.ok()
}

fn summaries(run: &Run) -> Vec<(String, String)> {
    run.failures().into_iter().map(|failure| (failure.computation, failure.error_message)).collect()
}

/// The outcomes of the computations in the log, in the order in which they closed.
fn outcomes(run: &Run) -> Vec<String> {
    let closed = |line: &Json| line["message"] == "computation closed";
    let outcome =
        |line: &Json| format!("{} {}", line["computation"].as_str().unwrap(), line["outcome"].as_str().unwrap());
    run.log().iter().filter(|line| closed(line)).map(outcome).collect()
}

/// Returns the number of rows of the trail.
fn rows(failure: &Failure, column: &str) -> Option<usize> {
    let columns = failure.context.trail.iter().filter_map(|trail| trail.columns.get(column));
    columns.filter_map(Value::as_list).map(<[Value]>::len).next()
}

#[computation("Eq. 2")]
fn residual(step: usize, coefficients: &[f64]) -> f64 {
    trail!(step, norm = 0.5);
    assert!(step < 20, "step {step} has no coefficient");
    coefficients[0]
}

#[computation("Eq. 1")]
fn solve(steps: usize, coefficients: &[f64]) -> f64 {
    let mut sum = 0.0;
    for iteration in 0..steps {
        trail!(iteration, h = 0.25);
        sum += residual(iteration, coefficients);
    }
    sum
}

#[computation("Eq. 0")]
fn scan(label: &str) -> f64 {
    solve(100, &[1.0, 2.0]) + label.len() as f64
}

#[test]
fn each_function_that_a_panic_unwinds_has_a_record_with_its_trail() {
    let run = run(|| _ = scan("ground state"));
    let failures = run.failures();
    let [inner, solver, outer] = &failures[..] else { panic!("{:?}", summaries(&run)) };
    assert_eq!(["residual", "solve", "scan"], [&*inner.computation, &*solver.computation, &*outer.computation]);
    assert_eq!(inner.context.caused_by, None);
    assert_eq!(solver.context.caused_by, inner.context.id);
    assert_eq!(outer.context.caused_by, solver.context.id);
    for failure in &failures {
        assert_eq!(failure.error_type, "Panic");
        assert_eq!(failure.error_message, "step 20 has no coefficient");
        assert_eq!(failure.context.location, inner.context.location);
        assert_eq!(failure.stack_trace, inner.stack_trace);
        assert_eq!(failure.context.panic_origin, None);
    }
    assert_eq!(solver.parameters.to_string(), r#"{"steps":100,"coefficients":[1.0,2.0],"label":"ground state"}"#);
    assert_eq!(outer.parameters.to_string(), r#"{"label":"ground state"}"#);
    assert_eq!((rows(inner, "norm"), rows(solver, "norm")), (Some(1), None));
    assert!(rows(solver, "iteration").is_some_and(|rows| rows > 10), "{:?}", solver.context.trail);
    assert_eq!(outcomes(&run)[20..], ["residual failed", "solve failed", "scan failed"]);
}

#[computation("Eq. 3")]
fn multigrid(level: u32) -> f64 {
    if level == 0 { panic!("no coarser level") } else { multigrid(level - 1) }
}

#[computation("Eq. 4")]
fn cycle() -> f64 {
    multigrid(3)
}

#[test]
fn a_panic_that_unwinds_recursive_calls_is_one_failure() {
    let run = run(|| _ = cycle());
    let [grid, cycle] = &run.failures()[..] else { panic!("{:?}", summaries(&run)) };
    assert_eq!(grid.parameters.get("level"), Some(&0.into()));
    assert_eq!((&*cycle.computation, cycle.context.caused_by), ("cycle", grid.context.id));
    let failed = ["multigrid failed", "multigrid failed", "multigrid failed", "multigrid failed", "cycle failed"];
    assert_eq!(outcomes(&run), failed);
}

#[computation("Eq. 5")]
fn tolerant() -> f64 {
    catch_unwind(|| multigrid(0)).unwrap_or(0.0)
}

#[computation("Eq. 6")]
fn rethrowing() -> f64 {
    catch_unwind(|| multigrid(0)).unwrap_or_else(|payload| {
        error_free_work();
        resume_unwind(payload)
    })
}

fn error_free_work() {
    tracing::info!("closing the file");
}

#[test]
fn a_function_that_catches_the_panic_has_not_failed() {
    let run = run(|| _ = tolerant());
    assert_eq!(run.failure().computation, "multigrid");
    assert_eq!(outcomes(&run), ["multigrid failed", "tolerant ok"]);
}

#[test]
fn a_function_that_resumes_a_caught_panic_has_a_record() {
    let run = run(|| _ = rethrowing());
    let [inner, outer] = &run.failures()[..] else { panic!("{:?}", summaries(&run)) };
    assert_eq!((&*outer.computation, &*outer.error_message), ("rethrowing", "no coarser level"));
    assert_eq!(outer.context.caused_by, inner.context.id);
}

#[test]
fn a_panic_outside_of_a_computation_that_caught_one_does_not_unwind_it() {
    let run = run(|| {
        let span = info_span!("outer", computation = "outer", theoretical_ref = "Eq. 7");
        let _ = span.in_scope(|| catch_unwind(|| multigrid(0)));
        multigrid(1);
    });
    assert_eq!(summaries(&run), vec![("multigrid".to_owned(), "no coarser level".to_owned()); 2]);
}

struct Cleanup;

impl Drop for Cleanup {
    fn drop(&mut self) {
        clean_up();
    }
}

#[computation("Eq. 8")]
fn clean_up() -> f64 {
    1.0
}

#[computation("Eq. 9")]
fn with_cleanup() -> f64 {
    let _cleanup = Cleanup;
    multigrid(0)
}

#[test]
fn a_computation_of_a_destructor_does_not_hide_the_panic() {
    let run = run(|| _ = with_cleanup());
    let [inner, outer] = &run.failures()[..] else { panic!("{:?}", summaries(&run)) };
    assert_eq!((&*outer.computation, outer.context.caused_by), ("with_cleanup", inner.context.id));
    assert_eq!(outcomes(&run), ["multigrid failed", "clean_up ok", "with_cleanup failed"]);
}

#[test]
fn an_enclosing_computation_without_a_reference_reports_nothing() {
    let run = run(|| {
        let _span = info_span!("outer", computation = "outer").entered();
        multigrid(0);
    });
    assert_eq!(run.failure().computation, "multigrid");
    assert!(!run.stderr.contains("not recorded"), "{}", run.stderr);
}

mod workers {
    use super::*;

    fn worker(index: usize) {
        assert!(index == 0, "plaquette {index} is NaN");
    }

    #[computation("Eq. 1")]
    fn joined(plaquettes: &[usize], beta: f64) {
        trail!(sweep = 1, beta);
        let work = |index| in_current_computation(move || worker(index));
        let threads: Vec<_> = plaquettes.iter().map(|index| thread::spawn(work(*index))).collect();
        let results: Vec<_> = threads.into_iter().map(thread::JoinHandle::join).collect();
        results.into_iter().for_each(|result| result.unwrap());
    }

    #[test]
    fn an_unwrapped_join_names_the_panic_that_a_worker_has_recorded() {
        let run = run(|| joined(&[0, 17], 2.2));
        let [worker, parent] = &run.failures()[..] else { panic!("{:?}", summaries(&run)) };
        assert_eq!(worker.error_message, "plaquette 17 is NaN");
        assert!(parent.error_message.contains("Any { .. }"), "{}", parent.error_message);
        assert_eq!((&*parent.computation, parent.context.caused_by), ("joined", worker.context.id));
        assert_eq!(outcomes(&run), ["joined failed"]);
    }

    #[test]
    fn an_unwrapped_join_names_none_of_several_panics() {
        let run = run(|| joined(&[17, 18], 2.2));
        let failures = run.failures();
        let [_, _, parent] = &failures[..] else { panic!("{:?}", summaries(&run)) };
        assert!(parent.error_message.contains("Any { .. }"), "{}", parent.error_message);
        assert_eq!(parent.context.caused_by, None);
    }

    #[test]
    fn the_records_of_all_workers_have_all_arguments() {
        let failures = run(|| joined(&[17, 18], 2.2)).failures();
        assert_eq!(failures.len(), 3);
        for failure in failures {
            assert_eq!(failure.parameters.get("plaquettes"), Some(&vec![17, 18].into()), "{}", failure.error_message);
            assert_eq!(failure.parameters.get("beta"), Some(&2.2.into()));
        }
    }

    #[computation("Eq. 2")]
    fn plaquette(index: usize) -> f64 {
        worker(index);
        1.0
    }

    #[computation("Eq. 1")]
    fn joined_computation(indices: &[usize]) {
        let work = in_current_computation(|| plaquette(17));
        thread::scope(|scope| scope.spawn(work).join().unwrap());
        let _ = indices;
    }

    #[test]
    fn an_unwrapped_join_names_the_failed_computation_of_the_worker() {
        let run = run(|| joined_computation(&[1]));
        let [worker, parent] = &run.failures()[..] else { panic!("{:?}", summaries(&run)) };
        assert_eq!((&*worker.computation, &*parent.computation), ("plaquette", "joined_computation"));
        assert_eq!(parent.context.caused_by, worker.context.id);
        assert_eq!(worker.parameters.to_string(), r#"{"index":17,"indices":[1]}"#);
    }

    #[computation("Eq. 1")]
    fn returning(wording: fn(&str) -> String) -> Result<(), String> {
        let joined = thread::spawn(in_current_computation(|| worker(17))).join();
        joined.map_err(|payload| wording(payload.downcast_ref::<String>().unwrap()))
    }

    #[test]
    fn a_returned_error_with_the_message_of_the_worker_is_the_same_failure() {
        let run = run(|| returning(|message| format!("worker failed: {message}")).unwrap_err().clear());
        assert_eq!(run.failure().error_message, "plaquette 17 is NaN");
        assert_eq!(outcomes(&run), ["returning failed"]);
    }

    #[test]
    fn a_returned_error_about_something_else_names_no_panic() {
        let run = run(|| returning(|_| "no convergence".to_owned()).unwrap_err().clear());
        let [_, parent] = &run.failures()[..] else { panic!("{:?}", summaries(&run)) };
        assert_eq!((&*parent.error_message, parent.context.caused_by), ("no convergence", None));
    }

    fn pool() -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap()
    }

    /// Panics in two jobs at the same time.
    fn fail_together(meet: &Barrier, index: usize) {
        meet.wait();
        panic!("plaquette {index} is NaN");
    }

    #[computation("Eq. 1")]
    fn swept(betas: &[f64]) {
        let meet = Barrier::new(2);
        let work = in_current_computation(|index: usize| fail_together(&meet, index));
        pool().install(|| rayon::join(|| work(0), || work(1)));
        let _ = betas;
    }

    #[computation("Eq. 0")]
    fn scanned(label: &str) {
        swept(&[2.2]);
        error!("not reached by {label}");
    }

    #[test]
    fn panics_of_two_workers_account_for_their_computation() {
        let run = run(|| scanned("hot"));
        let failures = run.failures();
        let [first, second, outer] = &failures[..] else { panic!("{:?}", summaries(&run)) };
        for worker in [first, second] {
            assert_eq!(worker.computation, "swept");
            assert!(worker.error_message.contains("is NaN"), "{}", worker.error_message);
            assert_eq!(worker.parameters.get("betas"), Some(&vec![2.2].into()));
        }
        assert_eq!(outer.computation, "scanned");
        assert!([first.context.id, second.context.id].contains(&outer.context.caused_by));
        assert_eq!(outcomes(&run), ["swept failed", "scanned failed"]);
    }

    #[computation("Eq. 1")]
    fn averaged(count: usize) -> f64 {
        (0..count).into_par_iter().map(in_current_computation(plaquette)).sum()
    }

    #[test]
    fn a_computation_that_a_failed_job_unwinds_names_it() {
        let run = run(|| _ = pool().install(|| averaged(2)));
        let [job, parent] = &run.failures()[..] else { panic!("{:?}", summaries(&run)) };
        assert_eq!((&*job.computation, &*parent.computation), ("plaquette", "averaged"));
        assert_eq!((&*parent.error_message, parent.context.caused_by), ("plaquette 1 is NaN", job.context.id));
    }

    #[computation("Eq. 1")]
    fn relaxed(beta: &[f64]) {
        let fails_often = in_current_computation(|job: usize| {
            thread::sleep(std::time::Duration::from_micros(300));
            assert!(job % 7 != 3, "job {job} is NaN");
        });
        (0..64).into_par_iter().with_max_len(1).for_each(fails_often);
        let _ = beta;
    }

    #[computation("Eq. 0")]
    fn relaxed_once(label: &str) {
        relaxed(&[2.2]);
        error!("not reached by {label}");
    }

    fn assert_linked(run: &Run) {
        let failures = run.failures();
        let (outer, jobs) = failures.split_last().unwrap();
        assert!(jobs.len() > 1, "{:?}", summaries(run));
        assert!(jobs.iter().all(|job| job.computation == "relaxed" && job.error_message.ends_with("is NaN")));
        assert_eq!(outer.computation, "relaxed_once");
        assert!(jobs.iter().any(|job| job.context.id == outer.context.caused_by));
    }

    #[test]
    fn panics_of_many_jobs_account_for_their_computation() {
        assert_linked(&run(|| relaxed_once("hot")));
    }

    #[test]
    fn panics_of_many_jobs_account_for_their_computation_on_a_thread_of_the_pool() {
        assert_linked(&run(|| pool().install(|| relaxed_once("hot"))));
    }
}
