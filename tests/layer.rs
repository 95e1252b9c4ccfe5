//! When a failure is recorded, and what its record says.

#[path = "layer/fields.rs"]
mod fields;
#[path = "layer/stack.rs"]
mod stack;
mod support;
#[path = "layer/thread_end.rs"]
mod thread_end;

use std::error::Error;

use color_eyre::eyre::{Report, WrapErr};
use support::{in_child, in_child_with};
use tracing::{Level, Span, error, error_span, field, info, info_span, instrument};
use tracing_failure::{Category, Failure, ResultExt, Value, builder, init};
use tracing_subscriber::prelude::*;

fn list(values: &[f64]) -> Value {
    Value::from(values.to_vec())
}

#[derive(Debug, thiserror::Error)]
#[error("Newton iteration failed")]
struct SolverError(#[source] PivotError);

#[derive(Debug, thiserror::Error)]
enum PivotError {
    #[error("zero pivot in row {row}")]
    ZeroPivot { row: usize },
}

#[test]
fn an_error_event_in_a_computation_is_a_failure() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let couplings = [50.0, 100.0, 150.0];
        let span = info_span!(
            "integrate",
            computation = "rg_flow_integration",
            theoretical_ref = "Eq. 1.12",
            initial_couplings = ?couplings,
            t_range = ?(-10.0, 10.0),
            method = "RK45",
        );
        let _entered = span.entered();
        error!(iteration = 7, residual = f64::NAN, "no convergence");
    })
    .ok();
    let failure = run.failure();
    assert_eq!(failure.computation, "rg_flow_integration");
    assert_eq!(failure.theoretical_ref, "Eq. 1.12");
    assert_eq!(failure.error_type, "ErrorEvent");
    assert_eq!(failure.error_message, "no convergence");
    assert_eq!(failure.parameters.get("initial_couplings"), Some(&list(&[50.0, 100.0, 150.0])));
    assert_eq!(failure.parameters.get("t_range"), Some(&list(&[-10.0, 10.0])));
    assert_eq!(failure.parameters.len(), 3);
    assert_eq!(failure.context.event.get("iteration"), Some(&Value::Int(7)));
    assert_eq!(failure.context.event.get("residual"), Some(&Value::Float(f64::NAN)));
    assert_eq!(failure.context.category, Some(Category::MaxIterations));
    assert_eq!(failure.context.spans[0].name, "integrate");
    assert!(failure.stack_trace.contains("an_error_event_in_a_computation_is_a_failure"), "{}", failure.stack_trace);
    assert!(failure.context.frames[0].in_app, "{:?}", failure.context.frames);
    assert_eq!(failure.context.location.as_ref().unwrap().file.as_deref(), Some(file!()));
    let latest = support::read_valid(&run.dir().join("failures/latest.json"));
    assert_eq!(latest, failure);
}

#[test]
fn a_lone_event_is_a_failure_and_its_fields_are_the_parameters() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        error!(computation = "betti_numbers", theoretical_ref = "§3.1", cells = 12, "rank 7 of 5 rows");
    });
    let failure = run.ok().failure();
    assert_eq!(failure.parameters.to_string(), r#"{"cells":12}"#);
    assert!(failure.context.event.is_empty());
    assert!(failure.context.spans.is_empty());
}

#[test]
fn fields_are_inherited_and_the_innermost_wins() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _run = info_span!("run", theoretical_ref = "§1", beta = 6.0, rtol = 1e-3, seed = 42).entered();
        let _outer = info_span!("level", computation = "multigrid", level = 1, rtol = 1e-6).entered();
        let _inner = info_span!("level", computation = "multigrid_coarse", level = 2).entered();
        let _helper = info_span!("smooth", sweeps = 3).entered();
        error!("residual stalled");
    });
    let failure = run.ok().failure();
    assert_eq!(failure.computation, "multigrid_coarse");
    assert_eq!(failure.theoretical_ref, "§1");
    assert_eq!(failure.parameters.to_string(), r#"{"level":2,"rtol":1e-6,"beta":6.0,"seed":42}"#);
    let names: Vec<&str> = failure.context.spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["smooth", "level", "level", "run"]);
    assert_eq!(failure.context.spans[0].fields.get("sweeps"), Some(&Value::Int(3)));
    assert_eq!(failure.context.spans[2].fields.get("level"), Some(&Value::Int(1)));
}

#[test]
fn values_recorded_later_replace_the_earlier_ones() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = info_span!("solve", computation = field::Empty, theoretical_ref = "§2", step = 0.1, note = "first");
        for step in 0..10_000 {
            span.record("step", 1.0 / f64::from(step + 1)).record("note", format!("step {step}"));
        }
        span.record("computation", "observable_mass");
        span.in_scope(|| error!("diverged"));
    });
    let failure = run.ok().failure();
    assert_eq!(failure.computation, "observable_mass");
    assert_eq!(failure.parameters.to_string(), r#"{"step":0.0001,"note":"step 9999"}"#);
}

#[test]
fn an_explicit_parent_counts_not_the_current_span() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let right = info_span!("right", computation = "right", theoretical_ref = "§1", n = 1);
        let _wrong = info_span!("wrong", computation = "wrong", theoretical_ref = "§2", n = 2).entered();
        error!(parent: &right, "failed");
        let child = info_span!(parent: &right, "child");
        error!(parent: &child, "failed in the child");
        error!(parent: None, "nobody's failure");
    });
    let run = run.ok();
    let failures = run.failures();
    assert_eq!(failures.len(), 2);
    for failure in failures {
        assert_eq!((failure.computation.as_str(), failure.parameters.get("n")), ("right", Some(&Value::Int(1))));
    }
}

#[test]
fn a_span_that_follows_from_a_failed_one_names_it_as_the_cause() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let grid = info_span!("grid", computation = "grid", theoretical_ref = "§1");
        let solve = info_span!("solve", computation = "solve", theoretical_ref = "§2");
        solve.follows_from(&grid);
        grid.in_scope(|| error!("cells overlap"));
        drop(grid);
        solve.in_scope(|| error!("singular matrix"));
    });
    let run = run.ok();
    let solve = run.failure_of("solve");
    assert_eq!(solve.context.caused_by, run.failure_of("grid").context.id);
    assert_eq!(solve.context.spans[0].follows_from, ["grid"]);
}

#[test]
fn an_error_level_span_that_closes_is_a_failure_once() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        drop(error_span!("abandon", computation = "abandoned", theoretical_ref = "§1", error = "gave up", n = 1));
        error_span!("fail", computation = "failed", theoretical_ref = "§2").in_scope(|| error!("reported already"));
        drop(error_span!("lacks its reference", computation = "incomplete"));
    });
    let run = run.ok();
    assert_eq!(run.failures().len(), 2);
    let abandoned = run.failure_of("abandoned");
    assert_eq!((abandoned.error_type.as_str(), abandoned.error_message.as_str()), ("ErrorSpan", "gave up"));
    assert_eq!(abandoned.parameters.to_string(), r#"{"n":1}"#);
    assert_eq!(run.failure_of("failed").error_message, "reported already");
}

#[test]
fn error_spans_can_be_left_out_and_references_made_optional() {
    let run = in_child(|dir| {
        let _guard = builder(dir).error_spans(false).reference_required(false).init().unwrap();
        drop(error_span!("abandon", computation = "abandoned", theoretical_ref = "§1"));
        error!(computation = "without_reference", "failed");
    });
    let failure = run.ok().failure();
    assert_eq!((failure.computation.as_str(), failure.theoretical_ref.as_str()), ("without_reference", ""));
}

#[test]
fn a_panic_in_a_computation_is_recorded_and_the_earlier_hook_is_called() {
    let run = in_child(|dir| {
        std::panic::set_hook(Box::new(|_| eprintln!("the hook of the program")));
        let _guard = init(dir).unwrap();
        // Once more does no harm.
        tracing_failure::install_panic_hook();
        let unwound = std::panic::catch_unwind(|| {
            let _span = info_span!("chern", computation = "topology_chern", theoretical_ref = "§4", n = 3).entered();
            let levels: Vec<f64> = Vec::new();
            levels[3]
        });
        assert!(unwound.is_err());
        let _ = std::panic::catch_unwind(|| panic!("outside of any computation"));
    });
    let run = run.ok();
    let failure = run.failure();
    assert_eq!(failure.error_type, "Panic");
    assert_eq!(failure.error_message, "index out of bounds: the len is 0 but the index is 3");
    assert_eq!(failure.context.category, Some(Category::Panic));
    assert_eq!(failure.context.location.as_ref().unwrap().file.as_deref(), Some(file!()));
    assert_eq!(failure.parameters.to_string(), r#"{"n":3}"#);
    assert!(failure.stack_trace.contains("a_panic_in_a_computation"), "{}", failure.stack_trace);
    assert_eq!(run.stderr.matches("the hook of the program").count(), 2, "{}", run.stderr);
    assert!(run.stderr.contains("The panic is recorded in "), "{}", run.stderr);
    let closed = run.log().into_iter().find(|line| line["message"] == "computation closed").unwrap();
    assert_eq!(closed["outcome"], "failed");
}

#[instrument(err)]
fn innermost(wrap: bool) -> Result<(), Report> {
    let result = Err(PivotError::ZeroPivot { row: 3 });
    if wrap { result.wrap_err("factorisation failed") } else { Ok(result?) }
}

#[instrument(err)]
fn middle(wrap: bool) -> Result<(), Report> {
    let result = innermost(wrap);
    if wrap { result.wrap_err("the linear solver gave up") } else { result }
}

#[instrument(err, fields(computation = "nested", theoretical_ref = "§1"))]
fn outermost(wrap: bool) -> Result<(), Report> {
    let result = middle(wrap);
    if wrap { result.wrap_err("no solution") } else { result }
}

#[test]
fn three_instrumented_functions_that_hand_on_one_error_make_one_record() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let _ = outermost(false);
        assert_eq!((guard.stats().recorded, guard.stats().repeated), (1, 2));
    });
    let failure = run.ok().failure();
    assert_eq!(failure.error_message, "zero pivot in row 3");
    assert_eq!(failure.context.spans[0].name, "innermost");
}

#[test]
fn a_wrapped_error_makes_one_record() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = outermost(true);
    });
    let run = run.ok();
    assert_eq!(run.failure().error_message, "factorisation failed");
    let id = run.failure().context.id.unwrap().to_string();
    let lines = run.log();
    let errors: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(errors.len(), 3, "the log keeps every line");
    assert!(errors.iter().all(|line| line["failure_id"] == id.as_str()), "{errors:?}");
}

#[test]
fn runs_that_fail_alike_in_one_computation_are_failures_each() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _sweep = info_span!("sweep", computation = "sweep", theoretical_ref = "§1").entered();
        for mass in [0.1, 0.2, 0.3] {
            error!(mass, "no convergence");
        }
        for level in 0..2 {
            info_span!("level", level).in_scope(|| error!("singular matrix"));
        }
    });
    assert_eq!(run.ok().failures().len(), 5);
}

#[test]
fn an_enclosing_failed_computation_names_its_cause() {
    #[instrument(err, fields(computation = "inner", theoretical_ref = "§2"))]
    fn inner(fails: bool) -> Result<(), Report> {
        if fails { Err(PivotError::ZeroPivot { row: 3 }.into()) } else { Ok(()) }
    }
    #[instrument(err, fields(computation = "outer", theoretical_ref = "§1"))]
    fn outer() -> Result<(), Report> {
        info!("a line in between");
        inner(true).wrap_err("the outer computation failed")
    }
    #[instrument(err, fields(computation = "recovers", theoretical_ref = "§1"))]
    fn recovers() -> Result<(), Report> {
        let _ = inner(true);
        inner(false)?;
        Err(Report::msg("out of iterations"))
    }
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = outer();
        let _ = recovers();
    });
    let run = run.ok();
    let failures = run.failures();
    let names: Vec<&str> = failures.iter().map(|failure| failure.computation.as_str()).collect();
    assert_eq!(names, ["inner", "outer", "inner", "recovers"]);
    assert_eq!(failures[1].context.caused_by, failures[0].context.id);
    assert_eq!(failures[3].context.caused_by, None, "it had got over the inner failure");
}

#[test]
fn a_typed_error_keeps_its_type_and_chain() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let solver_error = || SolverError(PivotError::ZeroPivot { row: 3 });
        let by_extension = info_span!("a", computation = "by_extension", theoretical_ref = "§1");
        let _ = by_extension.in_scope(|| Err::<(), _>(solver_error()).record_failure());
        let by_event = info_span!("b", computation = "by_event", theoretical_ref = "§1");
        let error = solver_error();
        by_event.in_scope(|| error!(error = &error as &(dyn Error + 'static), "giving up"));
    });
    let run = run.ok();
    let failure = run.failure_of("by_extension");
    assert_eq!(failure.error_type, "SolverError");
    assert_eq!(failure.error_message, "Newton iteration failed");
    assert!(failure.context.errors[0].type_name.as_ref().unwrap().ends_with("layer::SolverError"));
    assert_eq!(failure.context.errors[1].message, "zero pivot in row 3");
    assert_eq!(failure.context.errors[1].data.as_ref().unwrap().to_string(), r#"{"row":3}"#);
    assert_eq!(failure.context.reason.as_deref(), Some("ZeroPivot"));
    assert_eq!(failure.context.category, Some(Category::SingularMatrix));
    assert_eq!(failure.context.location.as_ref().unwrap().file.as_deref(), Some(file!()));
    let failure = run.failure_of("by_event");
    assert_eq!((failure.error_type.as_str(), failure.context.errors.len()), ("SolverError", 2));
    assert_eq!(failure.context.event.to_string(), r#"{"message":"giving up"}"#);
}

#[test]
fn the_extension_and_instrument_do_not_record_an_error_twice() {
    #[instrument(err, fields(computation = "once", theoretical_ref = "§1"))]
    fn fails() -> Result<(), PivotError> {
        Err(PivotError::ZeroPivot { row: 1 }).record_failure()
    }
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = fails().wrap_err("on the way up").record_failure();
    });
    assert_eq!(run.ok().failure().error_type, "PivotError");
}

/// The spans in which the error was made, not those in which it is logged.
fn assert_born_in_factorise(failure: &Failure) {
    let names: Vec<&str> = failure.context.spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["factorise", "solve"], "{}", failure.computation);
    assert_eq!(failure.context.spans[0].fields.to_string(), r#"{"rows":3,"pivots":[1.0,0.0]}"#);
}

#[test]
fn the_span_trace_of_an_error_shows_its_origin() {
    use tracing_error::InstrumentError;
    fn factorise(rows: u32) -> Span {
        info_span!("factorise", rows, pivots = ?[1.0, 0.0])
    }
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        for other in 0..3 {
            drop(factorise(other));
        }
        let solve = |name| info_span!("solve", computation = name, theoretical_ref = "§1");
        let elsewhere = info_span!("elsewhere", computation = "elsewhere", theoretical_ref = "§0");
        solve("traced").in_scope(|| {
            let error = factorise(3).in_scope(|| PivotError::ZeroPivot { row: 3 }.in_current_span());
            let _other = elsewhere.in_scope(|| factorise(4));
            error!(error = &error as &(dyn Error + 'static), "logged where it arrived");
        });
        solve("wrapped").in_scope(|| {
            #[derive(Debug, thiserror::Error)]
            #[error("wrapped")]
            struct Wrapped(#[source] tracing_error::TracedError<PivotError>);
            let error = Wrapped(factorise(3).in_scope(|| PivotError::ZeroPivot { row: 3 }.in_current_span()));
            let _ = Err::<(), _>(error).record_failure();
        });
        solve("reported").in_scope(|| {
            let report = factorise(3).in_scope(|| Report::from(PivotError::ZeroPivot { row: 3 }));
            let _ = Err::<(), _>(report).record_failure();
        });
    });
    let run = run.ok();
    for computation in ["traced", "wrapped"] {
        assert_born_in_factorise(&run.failure_of(computation));
    }
    if cfg!(feature = "color-eyre") {
        assert_born_in_factorise(&run.failure_of("reported"));
    }
    assert_eq!(run.failure_of("traced").context.errors.len(), 1, "the trace is no error of the chain");
}

#[test]
fn a_near_miss_is_counted_and_reported_once() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        for _ in 0..3 {
            info_span!("half", computation = "half").in_scope(|| error!("failed"));
        }
        error!(theoretical_ref = "§1", "failed");
        error!("not ours at all");
        assert_eq!(guard.stats().near_misses, 4);
    });
    let run = run.ok();
    assert!(run.failures().is_empty());
    let message = "not recorded: field `theoretical_ref` is missing from the event and its spans";
    assert_eq!(run.stderr.matches(message).count(), 1, "{}", run.stderr);
}

#[test]
fn spans_entered_on_several_threads_and_over_await() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = info_span!("shared", computation = "threads", theoretical_ref = "§1", n = 8);
        std::thread::scope(|scope| {
            for worker in 0..8 {
                let span = span.clone();
                scope.spawn(move || span.in_scope(|| error!(worker, "failed")));
            }
        });
        #[instrument(fields(computation = "over_await", theoretical_ref = "§1"))]
        async fn step(task: u32) {
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
            error!("failed");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
        runtime.block_on(async {
            let tasks: Vec<_> = (0..32).map(|task| tokio::spawn(step(task))).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    let run = run.ok();
    let (threads, tasks): (Vec<_>, Vec<_>) =
        run.failures().into_iter().partition(|failure| failure.computation == "threads");
    assert_eq!((threads.len(), tasks.len()), (8, 32));
    assert!(threads.iter().all(|failure| failure.parameters.get("n") == Some(&Value::Int(8))));
    let mut numbers: Vec<f64> =
        tasks.iter().map(|task| task.parameters.get("task").unwrap().as_f64().unwrap()).collect();
    numbers.sort_by(f64::total_cmp);
    assert_eq!(numbers, (0..32).map(f64::from).collect::<Vec<_>>());
}

#[test]
fn explicit_values_override_inferred_ones() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = || info_span!("solve", computation = "solve", theoretical_ref = "§1");
        span().in_scope(|| {
            error!(category = "stagnation", error_type = "SnesError", reason = "DIVERGED_LOCAL_MIN", "NaN")
        });
        span().in_scope(|| error!(category = "bad luck", "NaN"));
    });
    let failures = run.ok().failures();
    assert_eq!(failures[0].context.category, Some(Category::Stagnation));
    assert_eq!(failures[0].context.reason.as_deref(), Some("DIVERGED_LOCAL_MIN"));
    assert_eq!(failures[0].error_type, "SnesError");
    assert_eq!(failures[1].context.category, Some(Category::Other));
    assert_eq!(failures[1].context.reason.as_deref(), Some("bad luck"));
}

#[test]
fn the_same_failure_has_the_same_fingerprint_in_every_run() {
    let fingerprints = || {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            for residual in ["1e-12", "1.5e-12", "1e-3"] {
                info_span!("solve", computation = "solve", theoretical_ref = "§1")
                    .in_scope(|| error!("residual {residual} after {} steps", std::process::id() % 900 + 1000));
            }
        });
        let failures = run.ok().failures();
        failures.into_iter().map(|failure| failure.context.fingerprint.unwrap()).collect::<Vec<_>>()
    };
    let first = fingerprints();
    assert_eq!(first[0], first[1]);
    assert_ne!(first[0], first[2]);
    assert_eq!(first, fingerprints());
}

#[test]
fn field_names_with_a_meaning_elsewhere_keep_their_values() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = info_span!(
            "solve",
            computation = "solve",
            theoretical_ref = "§1",
            name = "n",
            level = 3,
            time = 0.5,
            message = "m",
            target = "t",
            timestamp = 1,
            spans = "s",
            id = 9
        );
        span.in_scope(|| error!(name = "inner", level = 4, time = 1.5, "failed"));
    });
    let run = run.ok();
    let failure = run.failure();
    assert_eq!(
        failure.parameters.to_string(),
        r#"{"name":"n","level":3,"time":0.5,"message":"m","target":"t","timestamp":1,"spans":"s","id":9}"#
    );
    assert_eq!(failure.context.event.to_string(), r#"{"name":"inner","level":4,"time":1.5}"#);
    let line = run.log().into_iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!(line["message"], "failed");
    assert_eq!(line["fields"].to_string(), r#"{"level":4,"name":"inner","time":1.5}"#);
}

#[test]
fn unused_levels_are_disabled_by_init() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("info").init().unwrap();
        assert!(tracing::span_enabled!(Level::DEBUG), "a computation may be annotated at this level");
        assert!(tracing::event_enabled!(Level::DEBUG), "the trail keeps it");
        assert!(!tracing::span_enabled!(Level::TRACE) && !tracing::event_enabled!(Level::TRACE));
        assert!(tracing::event_enabled!(Level::INFO) && tracing::event_enabled!(Level::ERROR));
    });
    run.ok();
}

#[test]
fn a_layer_in_a_stack_disables_events_only_on_request() {
    for hint in [false, true] {
        let run = in_child_with(
            |command| {
                command.env("HINT", hint.to_string());
            },
            |dir| {
                let hint = std::env::var("HINT").unwrap() == "true";
                let (failures, _guard) = builder(dir).log_filter("info").level_hint(hint).layer().unwrap();
                let stack =
                    tracing_subscriber::registry().with(failures).with(tracing_subscriber::layer::Identity::new());
                tracing::subscriber::set_global_default(stack).unwrap();
                assert_eq!(tracing::event_enabled!(Level::TRACE), !hint);
                assert!(tracing::event_enabled!(Level::DEBUG));
            },
        );
        run.ok();
    }
}

#[test]
fn a_record_of_the_log_crate_keeps_its_place() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        tracing_log::LogTracer::init().unwrap();
        let _span = info_span!("solve", computation = "solve", theoretical_ref = "§1").entered();
        log::error!(target: "old_solver", "no convergence");
    });
    let run = run.ok();
    let failure = run.failure();
    assert_eq!(failure.error_message, "no convergence");
    let location = failure.context.location.unwrap();
    assert_eq!((location.file.as_deref(), location.target.as_deref()), (Some(file!()), Some("old_solver")));
    assert!(failure.context.event.is_empty(), "{}", failure.context.event);
    let line = run.log().into_iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!((line["target"].as_str(), line["fields"].to_string().as_str()), (Some("old_solver"), "{}"));
}

#[test]
fn the_job_of_the_batch_system_is_in_the_record() {
    let job = |command: &mut std::process::Command| {
        command.envs([("SLURM_PROCID", "3"), ("SLURM_NTASKS", "64"), ("SLURM_JOB_ID", "4711")]);
    };
    let run = in_child_with(job, |dir| {
        let _guard = init(dir).unwrap();
        error!(computation = "solve", theoretical_ref = "§1", "failed");
    });
    let context = run.ok().failure().context;
    assert_eq!((context.rank, context.world_size, context.job_id.as_deref()), (Some(3), Some(64), Some("4711")));
}

#[test]
fn a_whole_record() {
    let run = in_child(|dir| {
        let _guard = builder(dir)
            .session_id("night-run-7")
            .context("lattice", vec![32, 32, 32, 64])
            .build_info(tracing_failure::build_info!())
            .init()
            .unwrap();
        let span =
            info_span!("solve", computation = "rg_flow", theoretical_ref = "Eq. 1.12", couplings = ?[50.0, 100.0]);
        let _ = span.in_scope(|| Err::<(), _>(SolverError(PivotError::ZeroPivot { row: 3 })).record_failure());
    });
    let mut json: serde_json::Value = serde_json::from_str(&run.ok().failure().to_json()).unwrap();
    for volatile in [
        "/timestamp",
        "/stack_trace",
        "/context/id",
        "/context/frames",
        "/context/elapsed_s",
        "/context/process",
        "/context/build/profile",
        "/context/build/version",
    ] {
        let value = json.pointer_mut(volatile).unwrap_or_else(|| panic!("{volatile} is missing"));
        *value = "…".into();
    }
    for line in ["/context/location/line", "/context/spans/0/line"] {
        *json.pointer_mut(line).unwrap() = 0.into();
    }
    insta::assert_json_snapshot!(json);
}

#[test]
#[cfg(feature = "color-eyre")]
fn color_eyre_prints_the_spans_with_their_fields_and_ends_with_the_path() {
    #[instrument(fields(computation = "observable_mass", theoretical_ref = "§1", late = field::Empty))]
    fn fails(couplings: [f64; 2]) -> Result<(), Report> {
        Span::current().record("late", 1.5);
        Ok(Err(PivotError::ZeroPivot { row: 1 }).record_failure()?)
    }
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let report = fails([1.0, 2.0]).wrap_err("no mass").record_failure().unwrap_err();
        eprintln!("Error: {report:?}");
    });
    let run = run.ok();
    let path = support::json_files(&run.dir().join("failures")).into_iter().find(|path| !path.ends_with("latest.json"));
    let end = format!("Note: the failure is recorded in {}", path.unwrap().display());
    assert!(run.stderr.trim_end().ends_with(&end), "{}", run.stderr);
    assert!(run.stderr.contains("couplings=[1.0,2.0]"), "{}", run.stderr);
    assert!(run.stderr.contains("late=1.5"), "{}", run.stderr);
}
