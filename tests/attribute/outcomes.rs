//! The outcome of an annotated function, in the record and in the log.

use std::error::Error;
use std::panic::catch_unwind;
use std::time::Duration;

use serde_json::Value as Json;
use tracing_failure::{Category, computation, init};

use crate::support::{Run, in_child};

#[derive(Debug, thiserror::Error)]
enum SolverError {
    #[error("step {step} failed")]
    Step { step: usize, source: std::num::ParseFloatError },
    #[error("no convergence within {0} iterations")]
    MaxIterations(usize),
}

#[computation("Eq. 1", name = "observable_mass")]
fn mass(text: &str) -> Result<f64, SolverError> {
    text.parse().map_err(|source| SolverError::Step { step: 3, source })
}

/// The outcomes of the computations in the log, in the order in which they closed.
fn outcomes(run: &Run) -> Vec<String> {
    let closed = |line: &Json| line["message"] == "computation closed";
    let outcome =
        |line: &Json| format!("{} {}", line["computation"].as_str().unwrap(), line["outcome"].as_str().unwrap());
    run.log().iter().filter(|line| closed(line)).map(outcome).collect()
}

#[test]
fn ok_is_a_success() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        mass("1.5").unwrap();
    })
    .ok();
    assert_eq!(outcomes(&run), ["observable_mass ok"]);
    assert!(run.failures().is_empty());
}

#[test]
fn err_is_a_failure_with_type_and_sources() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        mass("heavy").unwrap_err();
    })
    .ok();
    assert_eq!(outcomes(&run), ["observable_mass failed"]);
    let failure = run.failure();
    assert_eq!((&*failure.computation, &*failure.theoretical_ref), ("observable_mass", "Eq. 1"));
    assert_eq!((&*failure.error_type, &*failure.error_message), ("SolverError", "step 3 failed"));
    assert_eq!(failure.context.reason.as_deref(), Some("ParseFloatError"));
    let messages: Vec<_> = failure.context.errors.iter().map(|error| &*error.message).collect();
    assert_eq!(messages, ["step 3 failed", "invalid float literal"]);
    assert_eq!(failure.context.errors[0].variant.as_deref(), Some("Step"));
    assert_eq!(failure.parameters.to_string(), r#"{"text":"heavy"}"#);
    assert_eq!(failure.context.spans[0].name, "mass");
    assert!(failure.stack_trace.contains("attribute::outcomes::mass"), "{}", failure.stack_trace);
    assert!(!failure.stack_trace.contains("tracing_failure::"), "{}", failure.stack_trace);
    assert_eq!(failure.context.frames[0].function, "attribute::outcomes::mass");
    // Another subscriber sees an ordinary event with the text of the error.
    let event = run.log().into_iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!(event["fields"]["error"], "step 3 failed");
    assert_eq!(event["failure_id"].as_str().unwrap(), failure.context.id.unwrap().to_string());
}

/// Errors of many types. Each is recorded with the text that it has.
mod errors {
    use super::*;

    #[computation("Eq. 1")]
    fn boxed() -> Result<(), Box<dyn Error>> {
        Err(SolverError::MaxIterations(5))?
    }

    #[computation("Eq. 1")]
    fn boxed_shared() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err(SolverError::MaxIterations(5))?
    }

    #[computation("Eq. 1")]
    fn eyre() -> color_eyre::Result<()> {
        Err(SolverError::MaxIterations(5))?
    }

    #[computation("Eq. 1")]
    fn anyhow() -> anyhow::Result<()> {
        Err(SolverError::MaxIterations(5))?
    }

    #[computation("Eq. 1")]
    fn text() -> Result<(), String> {
        Err("no convergence within 5 iterations".to_owned())
    }

    #[computation("Eq. 1")]
    fn literal() -> Result<(), &'static str> {
        Err("no convergence within 5 iterations")
    }

    #[derive(Debug)]
    enum Plain {
        MaxIterations { iterations: u32 },
    }

    #[computation("Eq. 1")]
    fn debug() -> Result<(), Plain> {
        let error = Plain::MaxIterations { iterations: 5 };
        let Plain::MaxIterations { iterations: 5 } = error else { return Ok(()) };
        Err(error)
    }

    struct Silent;

    #[computation("Eq. 1")]
    fn silent() -> Result<(), Silent> {
        Err(Silent)
    }

    #[derive(Debug, thiserror::Error)]
    #[error("no convergence of {name}")]
    struct Borrowed<'a> {
        name: &'a str,
        source: std::fmt::Error,
    }

    #[computation("Eq. 1")]
    fn borrowed(name: &str) -> Result<(), Borrowed<'_>> {
        Err(Borrowed { name, source: std::fmt::Error })
    }

    #[computation("Eq. 1")]
    fn generic<E: Error>(error: E) -> Result<(), E> {
        Err(error)
    }

    #[computation("Eq. 1")]
    fn payload() -> std::thread::Result<()> {
        std::thread::spawn(|| panic!("pivot is zero")).join()
    }

    struct Panicking;

    impl std::fmt::Display for Panicking {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no text")
        }
    }

    #[computation("Eq. 1")]
    fn panicking() -> Result<(), Panicking> {
        Err(Panicking)
    }

    #[test]
    fn of_every_type_are_recorded() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let all = [
                boxed().is_err(),
                boxed_shared().is_err(),
                eyre().is_err(),
                anyhow().is_err(),
                text().is_err(),
                literal().is_err(),
                debug().is_err(),
                silent().is_err(),
                borrowed("flow").is_err(),
                generic(SolverError::MaxIterations(5)).is_err(),
                payload().is_err(),
                panicking().is_err(),
            ];
            assert_eq!(all, [true; 12]);
        })
        .ok();
        let failures = run.failures();
        let described: Vec<_> = failures
            .iter()
            .map(|failure| {
                let count = failure.context.errors.len();
                format!("{}: {}: {} ({count})", failure.computation, failure.error_type, failure.error_message)
            })
            .collect();
        assert_eq!(
            described,
            [
                "boxed: MaxIterations: no convergence within 5 iterations (1)",
                "boxed_shared: MaxIterations: no convergence within 5 iterations (1)",
                "eyre: MaxIterations: no convergence within 5 iterations (1)",
                "anyhow: MaxIterations: no convergence within 5 iterations (1)",
                "text: Error: no convergence within 5 iterations (1)",
                "literal: Error: no convergence within 5 iterations (1)",
                "debug: Plain: MaxIterations { iterations: 5 } (1)",
                "silent: Silent: an error without a text (1)",
                "borrowed: Borrowed: no convergence of flow (2)",
                "generic: SolverError: no convergence within 5 iterations (1)",
                "payload: Panic: pivot is zero (1)",
                "panicking: Panicking: [its text panicked: no text] (1)",
            ]
        );
        assert_eq!(failures[6].context.category, Some(Category::MaxIterations));
        assert_eq!(failures[6].context.reason.as_deref(), Some("MaxIterations"));
        assert_eq!(outcomes(&run).len(), 12);
        assert!(outcomes(&run).iter().all(|outcome| outcome.ends_with(" failed")));
    }
}

mod exits {
    use super::*;

    /// The lines of the exits, from that of `fn` on.
    #[computation("Eq. 1", fail_if = |x| *x < 0.0)]
    fn exits(way: u32) -> Result<f64, SolverError> {
        let number = |text: &str| text.parse::<f64>().map_err(|source| SolverError::Step { step: 1, source });
        if way == 0 {
            return Err(SolverError::MaxIterations(0));
        }
        let x = number(if way == 1 { "x" } else { "1" })?;
        let y = x + number("2")? + number(if way == 2 { "y" } else { "2" })?;
        let inner = || -> Result<f64, SolverError> {
            number("3")?;
            number("4")
        };
        let z = inner()?;
        match way {
            3 => Err(SolverError::MaxIterations(3)),
            4 => {
                let _ = y;
                Err(SolverError::MaxIterations(4))
            }
            5 => Ok(-z),
            _ => Ok(z),
        }
    }

    #[computation("Eq. 1")]
    async fn exits_later(way: u32) -> Result<f64, SolverError> {
        tokio::task::yield_now().await;
        exits(way)?;
        Err(SolverError::MaxIterations(9))
    }

    #[test]
    fn a_failure_has_the_line_at_which_its_function_ends() {
        let first = u32::try_from(
            include_str!("outcomes.rs").lines().position(|line| line.contains("fn exits(way")).unwrap() + 1,
        )
        .unwrap();
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            (0..6).for_each(|way| drop(exits(way)));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async { drop(exits_later(6).await) });
        })
        .ok();
        let failures = run.failures();
        let lines: Vec<_> =
            failures.iter().map(|failure| failure.context.location.as_ref().unwrap().line.unwrap() - first).collect();
        let frames: Vec<_> = failures.iter().map(|failure| failure.context.frames[0].line.unwrap() - first).collect();
        assert_eq!(lines, [3, 5, 6, 13, 16, 12, 27], "{}", run.stderr);
        assert_eq!(frames, lines);
        assert!(failures[0].stack_trace.contains(&format!("outcomes.rs:{}", first + 3)));
    }
}

#[test]
fn a_report_ends_with_the_path_of_its_record() {
    #[computation("Eq. 1")]
    fn solve() -> color_eyre::Result<()> {
        Err(SolverError::MaxIterations(5))?
    }

    #[computation("Eq. 2")]
    async fn solve_later() -> color_eyre::Result<()> {
        solve()
    }

    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        eprintln!("{:?}", runtime.block_on(solve_later()).unwrap_err());
    })
    .ok();
    let (_, report) = run.stderr.split_once("Location").unwrap_or_else(|| panic!("{}", run.stderr));
    let notes: Vec<_> = report.match_indices("the failure is recorded in").collect();
    let inner = run.failure_of("solve").context.id.unwrap();
    assert!(notes.len() <= 2 && report.contains(&inner.to_string()), "{}", run.stderr);
}

#[computation("Eq. 1", none_is_failure)]
fn root(found: bool) -> Option<f64> {
    found.then_some(1.0)
}

#[computation("Eq. 1", none_is_failure)]
fn explained_root() -> Option<f64> {
    tracing::error!(width = 0.5, "no change of sign");
    None
}

#[computation("Eq. 1")]
fn maybe() -> Option<f64> {
    None
}

#[computation("Eq. 1", none_is_failure)]
fn root_within() -> Result<Option<f64>, SolverError> {
    Ok(None)
}

#[derive(Debug, Clone)]
struct Solution {
    converged: bool,
    residual: f64,
}

#[computation("Eq. 1", fail_if = |solution| !solution.converged)]
fn plain(converged: bool) -> Solution {
    Solution { converged, residual: 0.5 }
}

#[computation("Eq. 1", fail_if = |solution: &Solution| !solution.converged)]
fn within() -> Result<Solution, SolverError> {
    Ok(Solution { converged: false, residual: 0.5 })
}

#[computation("Eq. 1", fail_if = f64::is_nan_or_huge, category = "stagnation")]
fn by_path(x: f64) -> f64 {
    x
}

trait Huge {
    fn is_nan_or_huge(&self) -> bool;
}

impl Huge for f64 {
    fn is_nan_or_huge(&self) -> bool {
        self.is_nan() || self.abs() > 1e300
    }
}

#[computation("Eq. 1", fail_if = |status| (!status.done).then_some(&status.reason))]
fn with_reason() -> Status {
    Status { done: false, reason: "the maximum number of iterations is reached".to_owned() }
}

#[computation("Eq. 1", fail_if = |x: &f64| if *x < 0.0 { Err(format!("negative mass {x}")) } else { Ok(()) })]
fn with_checked_reason(x: f64) -> f64 {
    x
}

#[derive(Debug)]
struct Status {
    done: bool,
    reason: String,
}

#[test]
fn a_predicate_may_give_a_reason() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        with_reason();
        let _ = (with_checked_reason(1.0), with_checked_reason(-1.0));
    })
    .ok();
    let [status, mass] = &run.failures()[..] else { panic!("{}", run.stderr) };
    assert_eq!(status.error_message, "the maximum number of iterations is reached");
    assert_eq!(status.context.category, Some(Category::MaxIterations));
    assert_eq!(mass.error_message, "negative mass -1");
    assert_eq!(mass.context.event.get("returned"), Some(&(-1.0).into()));
}

#[test]
fn none_and_rejected_results_are_failures_on_request() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        assert!(root(true).is_some() && root(false).is_none() && maybe().is_none());
        assert!(root_within().unwrap().is_none());
        assert!(plain(true).converged && !plain(false).converged && !within().unwrap().converged);
        assert!(by_path(1.0) < by_path(f64::INFINITY));
    })
    .ok();
    assert_eq!(
        outcomes(&run),
        [
            "root ok",
            "root failed",
            "maybe ok",
            "root_within failed",
            "plain ok",
            "plain failed",
            "within failed",
            "by_path ok",
            "by_path failed",
        ]
    );
    let failures = run.failures();
    let described: Vec<_> =
        failures.iter().map(|failure| format!("{}: {}", failure.error_type, failure.error_message)).collect();
    assert_eq!(described[0], "NoResult: the function returned None");
    assert_eq!(described[2], "RejectedResult: the result is rejected by fail_if = |solution| !solution.converged");
    assert_eq!(described[4], "RejectedResult: the result is rejected by fail_if = f64::is_nan_or_huge");
    let returned = failures[2].context.event.get("returned").unwrap();
    assert_eq!(returned.to_string(), r#"{"converged":false,"residual":0.5}"#);
    assert_eq!(failures[3].context.event.get("returned"), Some(returned));
    assert_eq!(failures[4].context.category, Some(Category::Stagnation));
}

#[test]
fn none_directly_after_an_error_event_has_no_record_of_its_own() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        assert!(explained_root().is_none());
    })
    .ok();
    assert_eq!(outcomes(&run), ["explained_root failed"]);
    let failures = run.failures();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].error_message, "no change of sign");
}

#[derive(Debug, Clone)]
#[expect(dead_code, reason = "`Debug` reads it")]
struct Report {
    x: [f64; 2],
    state: State,
}

#[derive(Debug, Clone)]
#[expect(dead_code, reason = "`Debug` reads it")]
struct State {
    method: &'static str,
    termination: &'static str,
}

#[computation("Eq. 1", fail_if = |report| !report.state.termination.is_empty())]
fn report(termination: &'static str, x: f64) -> Report {
    Report { x: [1.0, x], state: State { method: "gmres", termination } }
}

#[computation("Eq. 1", fail_if = |list| list.is_empty())]
fn empty() -> Vec<f64> {
    Vec::new()
}

#[test]
fn the_rejected_value_determines_the_category_and_the_predicate_does_not() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        report("Maximum number of iterations reached", 1.0);
        report("stopped", f64::NAN);
        assert!(empty().is_empty());
    })
    .ok();
    let failures = run.failures();
    let categories = failures.iter().map(|failure| failure.context.category.unwrap());
    assert_eq!(categories.collect::<Vec<_>>(), [Category::MaxIterations, Category::NonFinite, Category::Other]);
    let expected = "The function returned a value that is not finite: returned.x = (1, NaN).";
    assert!(failures[1].suggested_fixes[0].starts_with("x = NaN is an input"), "{:?}", failures[1].suggested_fixes);
    assert!(failures[1].suggested_fixes[1].starts_with(expected), "{:?}", failures[1].suggested_fixes);
    assert!(failures[2].suggested_fixes.is_empty(), "{:?}", failures[2].suggested_fixes);
}

#[computation("Eq. 1", finite)]
fn finite(x: f64) -> f64 {
    x
}

#[computation("Eq. 1", finite)]
fn finite_within(x: f64) -> Result<Vec<[f64; 2]>, SolverError> {
    Ok(vec![[1.0, x]])
}

#[computation("Eq. 1", finite, fail_if = |x: &Option<f64>| x.is_some_and(|x| x < 0.0), none_is_failure)]
async fn all_tests(x: Option<f64>) -> Option<f64> {
    x
}

#[test]
fn a_result_that_is_not_finite_is_a_failure_on_request() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        assert!(finite(1.0).is_finite() && finite(f64::NAN).is_nan());
        let _ = (finite_within(1.0), finite_within(f64::NEG_INFINITY));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for x in [None, Some(f64::NAN), Some(-1.0), Some(1.0)] {
                all_tests(x).await;
            }
        });
    })
    .ok();
    let failures = run.failures();
    let described: Vec<_> =
        failures.iter().map(|failure| format!("{}: {}", failure.error_type, failure.error_message)).collect();
    assert_eq!(
        described,
        [
            "Check: result is NaN",
            "Check: result[0][1] is -Infinity",
            "NoResult: the function returned None",
            "Check: result is NaN",
            "RejectedResult: the result is rejected by fail_if = |x: &Option<f64>| x.is_some_and(|x| x < 0.0)",
        ]
    );
    assert_eq!(failures[1].context.category, Some(Category::NonFinite));
    assert_eq!(failures[1].context.event.get("index"), Some(&vec![0, 1].into()));
}

#[computation("Eq. 1")]
fn panics(n: usize, values: &[f64], options: &Solution) -> f64 {
    let _ = options.residual;
    values[n]
}

#[test]
fn a_panic_is_recorded_with_all_arguments() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let options = Solution { converged: true, residual: 0.25 };
        catch_unwind(|| panics(7, &[1.0, 2.0], &options)).unwrap_err();
    })
    .ok();
    let failure = run.failure();
    assert_eq!(failure.error_type, "Panic");
    assert_eq!(
        failure.parameters.to_string(),
        r#"{"n":7,"values":[1.0,2.0],"options":{"converged":true,"residual":0.25}}"#
    );
    let latest = tracing_failure::Failure::from_path(run.dir().join("failures/latest.json")).unwrap();
    assert_eq!(latest.parameters, failure.parameters);
    assert_eq!(outcomes(&run), ["panics failed"]);
}

#[computation("Eq. 1")]
async fn slow(n: usize) -> Result<usize, SolverError> {
    tokio::time::sleep(Duration::from_secs(if n == 0 { 3600 } else { 0 })).await;
    if n == 1 { Err(SolverError::MaxIterations(n)) } else { Ok(n) }
}

#[computation("Eq. 1")]
async fn panics_later(options: &Solution) -> f64 {
    tokio::task::yield_now().await;
    assert!(!options.converged, "converged");
    options.residual
}

#[test]
fn a_dropped_future_is_cancelled() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let timed_out = tokio::time::timeout(Duration::from_millis(5), slow(0)).await;
            assert!(timed_out.is_err());
            drop(slow(0));
            assert!(slow(1).await.is_err() && slow(2).await.is_ok());
            let options = Solution { converged: true, residual: 0.25 };
            let task = tokio::spawn(async move { panics_later(&options).await });
            assert!(task.await.unwrap_err().is_panic());
        });
    })
    .ok();
    assert_eq!(outcomes(&run), ["slow cancelled", "slow failed", "slow ok", "panics_later failed"]);
    let [error, panic] = &run.failures()[..] else { panic!("{}", run.stderr) };
    assert_eq!(error.parameters.to_string(), r#"{"n":1}"#);
    assert_eq!(panic.parameters.to_string(), r#"{"options":{"converged":true,"residual":0.25}}"#);
}

#[computation("Eq. 2")]
fn outer(text: &str, scale: f64) -> Result<f64, SolverError> {
    Ok(scale * mass(text)?)
}

#[computation("Eq. 3")]
fn multigrid(level: u32) -> Result<f64, SolverError> {
    if level == 0 { Err(SolverError::MaxIterations(9)) } else { multigrid(level - 1) }
}

#[computation("Eq. 4")]
fn tolerant(text: &str) -> f64 {
    mass(text).unwrap_or(0.0)
}

#[test]
fn an_outer_computation_names_the_inner_failure() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        outer("heavy", 2.0).unwrap_err();
        tolerant("heavy");
    })
    .ok();
    let [inner, outer, tolerated] = &run.failures()[..] else { panic!("{}", run.stderr) };
    assert_eq!(
        (&*inner.computation, &*outer.computation, &*tolerated.computation),
        ("observable_mass", "outer", "observable_mass")
    );
    assert_eq!(outer.context.caused_by, inner.context.id);
    assert_eq!(outer.parameters.to_string(), r#"{"text":"heavy","scale":2.0}"#);
    assert_eq!(outcomes(&run), ["observable_mass failed", "outer failed", "observable_mass failed", "tolerant ok"]);
}

#[test]
fn an_error_that_leaves_recursive_calls_is_one_failure() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        multigrid(3).unwrap_err();
    })
    .ok();
    let failure = run.failure();
    assert_eq!(failure.parameters.get("level"), Some(&0.into()));
    assert_eq!(outcomes(&run), ["multigrid failed"; 4]);
}

#[test]
fn a_failure_below_the_level_of_a_filter_is_recorded() {
    let run = in_child(|dir| {
        let (layer, guard) = tracing_failure::builder(dir).layer().unwrap();
        use tracing_subscriber::prelude::*;
        let warnings = tracing_subscriber::filter::LevelFilter::WARN;
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(warnings).with(layer)).unwrap();
        mass("heavy").unwrap_err();
        assert_eq!(guard.stats().recorded, 1);
    })
    .ok();
    let failure = run.failure();
    assert_eq!((&*failure.computation, &*failure.theoretical_ref), ("observable_mass", "Eq. 1"));
    assert_eq!((&*failure.error_type, failure.context.errors.len()), ("SolverError", 2));
}

mod unseen_exits {
    use super::*;

    fn number(text: &str) -> anyhow::Result<f64> {
        Ok(text.parse()?)
    }

    #[computation("Eq. 1")]
    fn by_macro(way: u32) -> anyhow::Result<f64> {
        let x = number("1")?;
        if way == 0 {
            anyhow::bail!("too small");
        }
        anyhow::ensure!(way > 1, "too small");
        let values = Vec::from([x, 0.0]);
        assert_eq!(number(if way == 2 { "x" } else { "2" })?, 2.0);
        loop {
            if number("3")? > values[0] {
                break Err(anyhow::anyhow!("too large"));
            }
        }
    }

    /// A line that is not certain is that of the attribute, never that of another exit.
    #[test]
    fn have_the_line_of_the_attribute_or_of_the_last_expression() {
        let source = include_str!("outcomes.rs");
        let first = source.lines().position(|line| line.contains("fn by_macro(way")).unwrap() as i64 + 1;
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            (0..4).for_each(|way| drop(by_macro(way)));
        })
        .ok();
        let line =
            |failure: &tracing_failure::Failure| i64::from(failure.context.location.as_ref().unwrap().line.unwrap());
        let lines: Vec<_> = run.failures().iter().map(|failure| line(failure) - first).collect();
        assert_eq!(lines, [-1, -1, -1, 8], "{}", run.stderr);
    }
}
