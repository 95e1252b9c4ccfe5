//! Sweeps: results, records, outcomes, and the progress in a terminal.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;

use rayon::prelude::*;
use serde::Serialize;
use tracing::{debug, error, info_span, instrument};
use tracing_failure::sweep::RunError;
use tracing_failure::{Failure, ResultExt, Sweep, Value, builder, init};
use tracing_subscriber::prelude::*;

use support::{Run, in_child, in_child_with};

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Parameters {
    mu: f64,
    method: &'static str,
}

#[derive(Debug, thiserror::Error)]
#[error("no convergence at {0}")]
struct SolverError(f64);

fn grid(count: u32) -> impl Iterator<Item = Parameters> {
    (0..count).map(|run| Parameters { mu: f64::from(run), method: "Dopri5" })
}

fn solve(mu: f64) -> Result<f64, SolverError> {
    debug!(mu, residual = 1.0 / mu, "step");
    match mu as u32 % 4 {
        1 => Err(SolverError(mu)),
        3 => panic!("pivot {mu} is zero"),
        _ => Ok(2.0 * mu),
    }
}

#[instrument(fields(computation = "observable_mass"))]
fn annotated(mu: f64) -> Result<f64, SolverError> {
    solve(mu).record_outcome()
}

/// The outcomes of a computation in the log, by its parameter `name`.
fn outcomes(run: &Run, computation: &str, name: &str) -> BTreeSet<(String, String)> {
    let lines = run.log();
    let closed = lines.iter().filter(|line| line["outcome"].is_string() && line["computation"] == computation);
    closed.map(|line| (line["parameters"][name].to_string(), line["outcome"].as_str().unwrap().to_owned())).collect()
}

fn number(failure: &Failure, name: &str) -> f64 {
    failure.parameters.get(name).and_then(Value::as_f64).unwrap()
}

#[test]
fn results_are_in_the_order_of_the_grid() {
    for threads in [1, 2, 7] {
        let runs = Sweep::over(grid(100)).threads(threads).run(|parameters| solve(parameters.mu));
        assert_eq!((runs.len(), runs.success_count(), runs.failure_count()), (100, 50, 50));
        assert!(runs.iter().enumerate().all(|(index, run)| (run.index, run.parameters.mu) == (index, index as f64)));
        assert!(runs.successes().all(|(parameters, value)| *value == 2.0 * parameters.mu));
        let panicked =
            |error: &RunError<SolverError>| matches!(error, RunError::Panicked(text) if text.contains("pivot"));
        assert_eq!(runs.failures().filter(|(_, error)| panicked(error)).count(), 25);
        assert!(runs.failures().all(|(parameters, error)| error.to_string().contains(&parameters.mu.to_string())));
        assert_eq!((&runs).into_iter().count(), 100);
        let last = runs.into_iter().next_back().unwrap();
        assert!(matches!(last.result, Err(RunError::Panicked(_))));
    }
}

#[test]
fn a_grid_may_have_any_size() {
    let empty = Sweep::over(grid(0)).threads(0).run(|parameters| solve(parameters.mu));
    assert!(empty.is_empty());
    let one = Sweep::over(grid(1)).threads(50).run(|parameters| solve(parameters.mu));
    assert_eq!((one.len(), one.success_count()), (1, 1));
    let names = Mutex::new(BTreeSet::new());
    let few = Sweep::over(0..3).threads(50).run(|_| {
        names.lock().unwrap().insert(thread::current().name().map(str::to_owned));
        Ok::<_, ()>(())
    });
    assert_eq!(few.len(), 3);
    assert!(names.into_inner().unwrap().len() <= 3);
}

#[test]
fn all_threads_work_at_the_same_time() {
    let barrier = std::sync::Barrier::new(4);
    let runs = Sweep::over(0..4).threads(4).run(|_| Ok::<_, ()>(barrier.wait().is_leader()));
    assert_eq!(runs.successes().filter(|(_, is_leader)| **is_leader).count(), 1);
}

/// Parameters that cannot be shared between threads, only sent.
#[test]
fn parameters_are_not_shared() {
    let grid = (0..4).map(std::cell::Cell::new);
    let runs = Sweep::over(grid).run(|parameter| Ok::<_, ()>(parameter.replace(7)));
    assert!(runs.iter().all(|run| run.parameters.get() == 7 && run.result == Ok(run.index as i32)));
}

#[test]
fn a_sweep_inside_a_sweep_or_inside_rayon_ends() {
    for threads in [1, 3] {
        let nested = Sweep::over(0..8).threads(threads).run(|&outer| {
            let inner = Sweep::over(0..8).run(move |&inner| if inner == outer { Err(inner) } else { Ok(inner) });
            Ok::<_, ()>(inner.failure_count())
        });
        assert!(nested.successes().all(|(_, failed)| *failed == 1));
    }
    let counts = (0..8).into_par_iter().map(|_| {
        let runs = Sweep::over(0..4).run(|_| Ok::<u64, ()>((0..100u64).into_par_iter().sum()));
        runs.success_count()
    });
    assert_eq!(counts.sum::<usize>(), 32);
}

#[test]
fn a_grid_that_panics_panics_the_caller() {
    let grid = (0..3).map(|run| if run < 2 { run } else { panic!("no such file") });
    let ran = Mutex::new(0);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let runs = Sweep::over(grid).run(|_| {
            *ran.lock().unwrap() += 1;
            Ok::<_, ()>(())
        });
        runs.len()
    }));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"no such file"));
    assert_eq!(ran.into_inner().unwrap(), 0);
}

#[test]
fn a_drop_that_panics_fails_its_run_only() {
    struct PanicOnDrop;
    impl Drop for PanicOnDrop {
        fn drop(&mut self) {
            panic!("the workspace is locked");
        }
    }
    let runs = Sweep::over(0..4).run(|&run| {
        let _workspace = (run == 2).then(|| PanicOnDrop);
        if run == 3 {
            std::panic::panic_any(PanicOnDrop);
        }
        Ok::<_, ()>(run)
    });
    assert_eq!(runs.success_count(), 2);
    let errors: Vec<_> = runs.failures().map(|(run, error)| (*run, error.clone())).collect();
    assert_eq!(errors[0], (2, RunError::Panicked("the workspace is locked".to_owned())));
    assert_eq!(errors[1].0, 3);
}

#[test]
fn named_runs_are_computations() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let runs = Sweep::over(grid(40))
            .threads(3)
            .computation("observable_mass", "§2.3")
            .run(|parameters| solve(parameters.mu));
        assert_eq!(runs.failure_count(), 20);
        assert_eq!(guard.stats().recorded, 20);
        assert_eq!(guard.stats().unclaimed_panics, 0);
    });
    let run = run.ok();
    let failures = run.failures();
    assert_eq!(failures.len(), 20);
    for failure in &failures {
        assert_eq!((&*failure.computation, &*failure.theoretical_ref), ("observable_mass", "§2.3"));
        let index = number(failure, "run");
        assert_eq!(failure.parameters.get("runs"), Some(&40.into()));
        assert_eq!(failure.context.trail[0].seen, 1, "only the rows of this run");
        assert_eq!((number(failure, "mu"), failure.parameters.get("method")), (index, Some(&"Dopri5".into())));
        match failure.error_type.as_str() {
            "SolverError" => {
                assert!(failure.context.location.as_ref().unwrap().file.as_ref().unwrap().ends_with("tests/sweep.rs"));
                assert_eq!(failure.stack_trace, "", "the closure has returned");
            }
            _ => {
                assert!(failure.error_message.contains(&format!("pivot {index} is zero")));
                let functions: Vec<&str> = failure.context.frames.iter().map(|frame| &*frame.function).collect();
                assert!(functions[0].ends_with("sweep::solve"), "{functions:?}");
                assert!(!functions.iter().any(|function| function.contains("tracing_failure")), "{functions:?}");
            }
        }
    }
    let outcomes = outcomes(&run, "observable_mass", "run");
    assert_eq!(outcomes.len(), 40);
    for (index, outcome) in outcomes {
        let expected = if index.parse::<u32>().unwrap() % 2 == 0 { "ok" } else { "failed" };
        assert_eq!(outcome, expected, "run {index}");
    }
}

#[test]
fn an_annotated_function_is_the_computation() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let _section = info_span!("section", theoretical_ref = "§2.3", beta = 2.2).entered();
        let runs = Sweep::over(grid(8)).threads(2).run(|parameters| annotated(parameters.mu));
        assert_eq!((runs.failure_count(), guard.stats().recorded), (4, 4));
    });
    let run = run.ok();
    for failure in run.failures() {
        assert_eq!((&*failure.computation, &*failure.theoretical_ref), ("observable_mass", "§2.3"));
        assert_eq!(number(&failure, "mu"), number(&failure, "run"));
        assert_eq!(number(&failure, "beta"), 2.2);
    }
    assert_eq!(outcomes(&run, "observable_mass", "mu").len(), 8);
}

#[test]
fn a_named_run_names_the_failure_inside_it_as_its_cause() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let sweep = Sweep::over([1.0]).computation("limit_cycle", "§5.3");
        let _ = sweep.run(|mu| annotated(*mu));
    });
    let run = run.ok();
    let (inner, outer) = (run.failure_of("observable_mass"), run.failure_of("limit_cycle"));
    assert_eq!(outer.context.caused_by, inner.context.id);
    assert_eq!(outer.parameters.get("value"), Some(&1.0.into()));
}

#[test]
fn a_failure_that_the_closure_records_has_one_record() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let sweep = Sweep::over([1.0]).computation("limit_cycle", "§5.3");
        let _ = sweep.run(|mu| solve(*mu).record_failure());
    });
    assert_eq!(run.ok().failure().error_type, "SolverError");
}

#[test]
fn runs_without_a_computation_write_no_records() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let runs = Sweep::over([1.0, 2.0]).run(|mu| if *mu > 1.0 { Ok(()) } else { Err("no convergence") });
        assert_eq!((runs.failure_count(), guard.stats().recorded), (1, 0));
    });
    run.ok();
}

/// Parameters that count how often they are serialised, and fail or panic.
struct Odd(u32);

static SERIALISED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

impl Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SERIALISED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        match self.0 {
            1 => panic!("no lattice"),
            2 => Err(serde::ser::Error::custom("no lattice")),
            _ => serializer.serialize_u32(self.0),
        }
    }
}

#[test]
fn parameters_are_only_serialised_for_a_record_or_a_log_line() {
    let run = in_child(|dir| {
        let (layer, _guard) = builder(dir).without_log().layer().unwrap();
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
        let sweep = || Sweep::over((0..10).map(Odd)).computation("observable_mass", "§2.3");
        assert_eq!(sweep().run(|_| Ok::<_, SolverError>(())).success_count(), 10);
        assert_eq!(SERIALISED.load(std::sync::atomic::Ordering::Relaxed), 0);
        let runs = sweep().run(|odd| if odd.0 < 3 { Err(SolverError(0.0)) } else { Ok(()) });
        assert_eq!(runs.failure_count(), 3);
    });
    let failures = run.ok().failures();
    let values: BTreeSet<_> =
        failures.iter().map(|failure| failure.parameters.get("value").unwrap().to_string()).collect();
    let expected = ["[not readable, it panicked: no lattice]", "[not readable, its Serialize failed: no lattice]"];
    assert!(expected.iter().all(|text| values.iter().any(|value| value.contains(text))), "{values:?}");
    assert!(values.contains("0"), "{values:?}");
}

#[test]
fn the_log_is_a_table_of_parameters_and_outcomes() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let grid = [("BDF", 0.5), ("RK45", 40.0)].map(|(method, mu)| BTreeMap::from([(method, mu)]));
        let sweep = Sweep::over(grid).computation("observable_mass", "§2.3").threads(1);
        let runs = sweep.run(|grid| if grid.contains_key("BDF") { Ok(()) } else { Err(SolverError(0.0)) });
        assert_eq!(runs.failure_count(), 1);
    });
    let run = run.ok();
    let closed: Vec<_> = run.log().into_iter().filter(|line| line["message"] == "computation closed").collect();
    let cells = |name| closed.iter().map(|line| line["parameters"][name].as_f64()).collect::<Vec<_>>();
    assert_eq!((cells("BDF"), cells("RK45")), (vec![Some(0.5), None], vec![None, Some(40.0)]));
    assert_eq!((&closed[0]["outcome"], &closed[1]["outcome"]), (&"ok".into(), &"failed".into()));
}

#[test]
fn an_event_in_a_named_run_is_its_failure() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let sweep = Sweep::over([1.0, 2.0]).computation("observable_mass", "§2.3");
        let runs = sweep.run(|mu| {
            if *mu > 1.5 {
                error!(residual = 0.5, "no convergence");
            }
            Ok::<_, SolverError>(())
        });
        assert_eq!(runs.failure_count(), 0, "the closure decides");
    });
    let run = run.ok();
    assert_eq!(run.failure().error_message, "no convergence");
    let outcomes: Vec<_> = outcomes(&run, "observable_mass", "run").into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes, ["ok", "failed"]);
}

/// A thread of rayon that waits for a sweep runs no jobs, on which the runs of the sweep may wait.
#[test]
fn a_sweep_in_each_thread_of_rayon_ends() {
    let many_cores = |command: &mut std::process::Command| _ = command.env("RAYON_NUM_THREADS", "8");
    let run = in_child_with(many_cores, |_| {
        rayon::ThreadPoolBuilder::new().num_threads(2).build_global().unwrap();
        let counts = (0..20).into_par_iter().map(|_| {
            let runs = Sweep::over(0..20).run(|_| {
                let slow = (0..4u64).into_par_iter().map(|x| {
                    thread::sleep(std::time::Duration::from_micros(100));
                    x
                });
                Ok::<u64, ()>(slow.sum())
            });
            runs.success_count()
        });
        assert_eq!(counts.sum::<usize>(), 400);
    });
    run.ok();
}

/// The number of threads on which the runs of a sweep are at the same time, at most.
fn concurrency(sweep: Sweep<std::ops::Range<u32>>) -> usize {
    let running = Mutex::new((0, 0));
    let runs = sweep.run(|_| {
        let count = |change: i32| {
            let mut running = running.lock().unwrap();
            running.0 += change;
            running.1 = running.1.max(running.0);
        };
        count(1);
        thread::sleep(std::time::Duration::from_millis(50));
        count(-1);
        Ok::<_, ()>(())
    });
    assert_eq!(runs.failure_count(), 0);
    running.into_inner().unwrap().1 as usize
}

#[test]
fn sweeps_share_the_cores() {
    let eight = |command: &mut std::process::Command| _ = command.env("RAYON_NUM_THREADS", "8");
    let run = in_child_with(eight, |_| {
        assert_eq!(concurrency(Sweep::over(0..40)), 8);
        let both = std::sync::Barrier::new(2);
        let inner = Sweep::over(0..2).run(|_| {
            both.wait();
            Ok::<_, ()>(concurrency(Sweep::over(0..40)))
        });
        let mut inner: Vec<usize> = inner.successes().map(|(_, concurrency)| *concurrency).collect();
        inner.sort();
        assert_eq!(inner, [1, 6], "the first one has all that are left");
        assert_eq!(concurrency(Sweep::over(0..40)), 8, "all are free again");
        assert_eq!(concurrency(Sweep::over(0..40).threads(12)), 12);
    });
    run.ok();
}

#[test]
fn the_environment_sets_the_number_of_threads() {
    let one = |command: &mut std::process::Command| _ = command.env("RAYON_NUM_THREADS", "1");
    in_child_with(one, |_| assert_eq!(concurrency(Sweep::over(0..3)), 1)).ok();
}
