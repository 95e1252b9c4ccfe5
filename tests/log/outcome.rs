//! The outcome of a computation: `ok` only where success is known.

use std::time::Duration;

use tracing::{Instrument, Span, error, field, info_span, instrument, warn};
use tracing_failure::{ResultExt, builder, init, record_success};

use crate::support::{Run, in_child};

#[derive(Debug, thiserror::Error)]
#[error("zero pivot")]
struct PivotError;

fn outcomes(run: &Run) -> Vec<(String, String)> {
    let text = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
    let lines = run.log().into_iter().filter(|line| line["message"] == "computation closed");
    lines.map(|line| (text(&line, "computation"), text(&line, "outcome"))).collect()
}

fn assert_outcomes(run: &Run, expected: &[(&str, &str)]) {
    let outcomes = outcomes(run);
    let outcomes: Vec<(&str, &str)> = outcomes.iter().map(|(name, outcome)| (&**name, &**outcome)).collect();
    assert_eq!(outcomes, expected);
}

fn computation(name: &str) -> Span {
    info_span!("solve", computation = name, theoretical_ref = "§1", outcome = field::Empty)
}

#[instrument(err(level = "warn"), fields(computation = "warned", theoretical_ref = "§1"))]
fn warned() -> Result<(), PivotError> {
    Err(PivotError)
}

#[instrument(fields(computation = "early", theoretical_ref = "§1"))]
fn early() -> Result<(), PivotError> {
    Err(PivotError)?;
    Ok(()).record_outcome()
}

#[test]
fn a_computation_that_closes_without_a_report_is_unknown() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        drop(computation("plain"));
        let _ = warned();
        let _ = early();
        computation("warns").in_scope(|| warn!(error = %PivotError));
    });
    let run = run.ok();
    assert_outcomes(&run, &[("plain", "unknown"), ("warned", "unknown"), ("early", "unknown"), ("warns", "unknown")]);
    assert!(run.failures().is_empty());
}

async fn forever() {
    std::future::pending::<()>().await;
    record_success();
}

#[test]
fn a_future_that_is_dropped_is_unknown() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let late = forever().instrument(computation("timeout"));
            assert!(tokio::time::timeout(Duration::from_millis(1), late).await.is_err());
            tokio::select! {
                biased;
                () = forever().instrument(computation("select")) => unreachable!(),
                () = async { record_success() }.instrument(computation("selected")) => {}
            }
            let task = tokio::spawn(forever().instrument(computation("abort")));
            tokio::task::yield_now().await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        });
    });
    let mut outcomes = outcomes(&run.ok());
    outcomes.sort();
    let outcomes: Vec<(&str, &str)> = outcomes.iter().map(|(name, outcome)| (&**name, &**outcome)).collect();
    assert_eq!(outcomes, [("abort", "unknown"), ("select", "unknown"), ("selected", "ok"), ("timeout", "unknown")]);
}

#[instrument(ret, fields(computation = "returns", theoretical_ref = "§1"))]
fn returns() -> f64 {
    0.5
}

#[instrument(ret, err, fields(computation = "returns_ok", theoretical_ref = "§1"))]
async fn returns_ok() -> Result<Vec<f64>, PivotError> {
    tokio::task::yield_now().await;
    Ok(vec![0.5])
}

#[instrument(ret(level = "debug"), fields(computation = "returns_err", theoretical_ref = "§1"))]
fn returns_err() -> Result<f64, PivotError> {
    Err(PivotError)
}

#[instrument(ret, fields(computation = "returns_nan", theoretical_ref = "§1"))]
fn returns_nan() -> f64 {
    f64::NAN
}

#[instrument(ret)]
fn helper() -> u32 {
    3
}

#[instrument(level = "error", ret, fields(computation = "returns_at_error_level", theoretical_ref = "§1"))]
fn returns_at_error_level() -> u32 {
    3
}

#[test]
fn the_value_that_instrument_reports_proves_success() {
    let run = in_child(|dir| {
        // The outcome does not depend on what is logged, or on the trail.
        let _guard = builder(dir).log_filter("off").trail(0, 0).init().unwrap();
        returns();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(returns_ok()).unwrap();
        let _ = returns_err();
        returns_nan();
        computation("with_helper").in_scope(helper);
        returns_at_error_level();
    });
    let run = run.ok();
    let expected = [
        ("returns", "ok"),
        ("returns_ok", "ok"),
        ("returns_err", "unknown"),
        ("returns_nan", "unknown"),
        ("with_helper", "unknown"),
        ("returns_at_error_level", "ok"),
    ];
    assert_outcomes(&run, &expected);
    assert!(run.failures().is_empty(), "a success at ERROR level is no failure");
}

#[test]
fn the_program_states_the_outcome() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        computation("result").in_scope(|| Ok::<_, PivotError>(1).record_outcome()).unwrap();
        let _ = computation("error").in_scope(|| Err::<(), _>(PivotError).record_outcome());
        computation("success").in_scope(|| info_span!("phase").in_scope(record_success));
        for outcome in ["ok", "failed", "cancelled", "excellent"] {
            computation(outcome).record("outcome", outcome);
        }
        let outer = computation("outer").entered();
        computation("inner").in_scope(record_success);
        drop(outer);
        computation("failed_before").in_scope(|| {
            error!("no convergence");
            record_success();
        });
        drop(info_span!("solve", computation = "argument", theoretical_ref = "§1", outcome = "ok"));
    });
    let run = run.ok();
    let expected = [
        ("result", "ok"),
        ("error", "failed"),
        ("success", "ok"),
        ("ok", "ok"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("excellent", "unknown"),
        ("inner", "ok"),
        ("outer", "unknown"),
        ("failed_before", "failed"),
        // A value that is given at the beginning is a parameter.
        ("argument", "unknown"),
    ];
    assert_outcomes(&run, &expected);
    assert_eq!(run.failure_of("error").error_type, "PivotError");
    let line = run.log().into_iter().find(|line| line["computation"] == "argument").unwrap();
    assert_eq!(line["parameters"]["outcome"], "ok");
}
