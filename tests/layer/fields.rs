//! What becomes of the fields of spans and events: parameters, the error, or a part of the record.

use tracing::{Level, error, error_span, field, info_span, instrument, warn};
use tracing_failure::{Category, Failure, Value, builder, init};

use crate::support::in_child;

fn messages(failures: &[Failure]) -> Vec<&str> {
    failures.iter().map(|failure| failure.error_message.as_str()).collect()
}

fn types(failures: &[Failure]) -> Vec<&str> {
    failures.iter().map(|failure| failure.error_type.as_str()).collect()
}

#[instrument(fields(computation = "solve", theoretical_ref = "eq. (1)"))]
#[allow(clippy::too_many_arguments)]
fn numbers(k: u64, error: f64, err: f32, category: u8, reason: u8, error_type: u8, e: f64, source: u32, outcome: u8) {
    error!("no convergence");
}

#[instrument(fields(computation = "solve", theoretical_ref = "eq. (1)"))]
fn texts(error: &str, category: &str, reason: &str, error_type: &str, message: &str, cause: &str) {
    error!("no convergence");
}

#[test]
fn arguments_with_any_name_are_parameters() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        numbers(1, 0.5, 0.25, 2, 3, 4, 2.5, 7, 8);
        texts("relative", "fine", "test", "L2", "m", "c");
    });
    let run = run.ok();
    let failures = run.failures();
    let expected = [
        r#"{"k":1,"error":0.5,"err":0.25,"category":2,"reason":3,"error_type":4,"e":2.5,"source":7,"outcome":8}"#,
        r#"{"error":"relative","category":"fine","reason":"test","error_type":"L2","message":"m","cause":"c"}"#,
    ];
    for (failure, expected) in failures.iter().zip(expected) {
        assert_eq!(failure.parameters.to_string(), expected);
        assert_eq!(failure.error_type, "ErrorEvent");
        assert_eq!(failure.error_message, "no convergence");
        assert_eq!(failure.context.category, Some(Category::MaxIterations));
        assert_eq!(failure.context.reason, None);
    }
    let closed = run.log().into_iter().filter(|line| line["message"] == "computation closed");
    for (line, failure) in closed.zip(&failures) {
        let names: Vec<&str> = failure.parameters.iter().map(|(name, _)| name).collect();
        let logged = line["parameters"].as_object().unwrap();
        assert!(names.iter().all(|name| logged.contains_key(*name)), "{logged:?}");
    }
}

#[test]
fn a_span_may_name_the_category_of_its_failures() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = info_span!("solve", computation = "solve", theoretical_ref = "§1", category = field::Empty);
        span.record("category", "stagnation");
        span.in_scope(|| error!("no convergence"));
    });
    let failure = run.ok().failure();
    assert_eq!(failure.context.category, Some(Category::Stagnation));
    assert_eq!(failure.parameters.to_string(), r#"{"category":"stagnation"}"#);
}

#[test]
fn an_error_level_span_keeps_fields_that_are_not_recorded_elsewhere() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = |error: f64| error_span!("solve", computation = "numbers", theoretical_ref = "§1", error);
        drop(span(0.5));
        drop(error_span!(
            "solve",
            computation = "texts",
            theoretical_ref = "§1",
            error = "gave up",
            err = "x",
            reason = "r"
        ));
        error_span!("solve", computation = "reported", theoretical_ref = "§1", error = "relative")
            .in_scope(|| error!("no convergence"));
    });
    let run = run.ok();
    let parameters = |computation| run.failure_of(computation).parameters.to_string();
    assert_eq!(parameters("numbers"), r#"{"error":0.5}"#);
    assert_eq!(parameters("texts"), r#"{"err":"x","reason":"r"}"#);
    assert_eq!(parameters("reported"), r#"{"error":"relative"}"#);
    assert_eq!(run.failure_of("texts").error_message, "gave up");
}

#[test]
fn fields_of_an_event_are_used_or_kept() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = info_span!("solve", computation = "solve", theoretical_ref = "§1").entered();
        error!(error = 0.5, err = 1, category = 2, reason = 3, error_type = 4, "out of tolerance");
        error!(category = "bad luck", reason = "R", error_type = "SnesError", "out of tolerance");
        error!(log.file = "grid.h5", log.line = 3, log.target = "t", "cannot read");
        error!(error = "zero pivot", err = "second", "lu");
        error!(message = 7, code = 8);
    });
    let run = run.ok();
    let failures = run.failures();
    let events: Vec<String> = failures.iter().map(|failure| failure.context.event.to_string()).collect();
    let expected = [
        r#"{"error":0.5,"err":1,"category":2,"reason":3,"error_type":4}"#,
        r#"{"category":"bad luck"}"#,
        r#"{"log.file":"grid.h5","log.line":3,"log.target":"t"}"#,
        r#"{"err":"second","message":"lu"}"#,
        r#"{"message":7,"code":8}"#,
    ];
    assert_eq!(events, expected);
    assert_eq!((&*failures[1].error_type, failures[1].context.reason.as_deref()), ("SnesError", Some("R")));
    assert_eq!(failures[2].context.location.as_ref().unwrap().file.as_deref(), Some(file!()));
    let lines: Vec<String> = run.log().iter().map(|line| line["fields"].to_string()).collect();
    assert!(lines[2].contains("grid.h5"), "{lines:?}");
    assert_eq!(lines[4], r#"{"code":8,"message":7}"#);
}

#[derive(Debug, thiserror::Error)]
#[error("zero pivot in row {row}")]
struct ZeroPivot {
    row: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("factorisation failed")]
struct LuError(#[source] ZeroPivot);

#[test]
fn an_event_may_call_its_error_by_any_usual_name() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let e = ZeroPivot { row: 3 };
        let wrapped = LuError(ZeroPivot { row: 3 });
        let typed = &wrapped as &(dyn std::error::Error + 'static);
        // A span for each: the same error in the same span is a repeat.
        let solve = || info_span!("solve", computation = "solve", theoretical_ref = "§1");
        solve().in_scope(|| error!(%e));
        solve().in_scope(|| error!(?e, "LU failed"));
        solve().in_scope(|| error!(cause = %e, "LU failed"));
        solve().in_scope(|| error!(exception = %e, "LU failed"));
        solve().in_scope(|| error!(source = %e, "LU failed"));
        solve().in_scope(|| error!(error.message = %e, error.type = "ZeroPivot", "LU failed"));
        solve().in_scope(|| error!(exception.message = %e, "LU failed"));
        let e = &e as &(dyn std::error::Error + 'static);
        solve().in_scope(|| error!(source = e, error = typed, "LU failed"));
    });
    let run = run.ok();
    let failures = run.failures();
    let pivot = "zero pivot in row 3";
    assert_eq!(
        messages(&failures),
        [pivot, "ZeroPivot { row: 3 }", pivot, pivot, pivot, pivot, pivot, "factorisation failed"]
    );
    assert_eq!(types(&failures), ["Error", "ZeroPivot", "Error", "Error", "Error", "ZeroPivot", "Error", "LuError"]);
    assert_eq!(failures[1].context.errors[0].data.as_ref().unwrap().to_string(), r#"{"row":3}"#);
    assert_eq!(failures[7].context.errors[1].message, pivot);
    for failure in &failures[1..] {
        assert_eq!(failure.context.event.get("message"), Some(&"LU failed".into()));
    }
    assert!(failures[7].context.event.get("source").is_some(), "the other error is not lost");
    let line = run.log().into_iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!(line["message"], pivot);
}

#[test]
fn a_number_or_a_file_in_such_a_field_is_no_error() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = info_span!("solve", computation = "solve", theoretical_ref = "§1").entered();
        error!(e = 2.5, "out of range");
        error!(e = %2.5, cause = ?None::<u8>, "out of range");
        error!(source = %"grid.h5", "out of range");
        error!(source = "/data/my grid.h5", "out of range");
        warn!(e = %"no error at all", "out of range");
    });
    let failures = run.ok().failures();
    assert_eq!(messages(&failures), ["out of range"; 4]);
    let events: Vec<String> = failures.iter().map(|failure| failure.context.event.to_string()).collect();
    let expected =
        [r#"{"e":2.5}"#, r#"{"e":2.5,"cause":null}"#, r#"{"source":"grid.h5"}"#, r#"{"source":"/data/my grid.h5"}"#];
    assert_eq!(events, expected);
}

#[test]
fn an_event_without_a_message_gets_one_from_its_fields() {
    let run = in_child(|dir| {
        let _guard = builder(dir).redact("site").init().unwrap();
        let _span = info_span!("solve", computation = "solve", theoretical_ref = "§1").entered();
        error!(code = 3);
        error!(solver = "lu", rows = ?[1, 2], site = "cellar");
        error!(computation = "lone", theoretical_ref = "§2");
        error!(name: "named", a = 1, b = 2, c = 3, d = 4, f = 5, g = 6, h = 7, i = 8, j = 9);
    });
    let failures = run.ok().failures();
    let expected = [
        "code=3",
        "solver=lu rows=[1,2] site=[redacted]",
        "an ERROR event without a message",
        "a=1 b=2 c=3 d=4 f=5 g=6 h=7 i=8 …",
    ];
    assert_eq!(messages(&failures), expected);
    assert_eq!(failures[0].context.event.get("code"), Some(&Value::Int(3)));
}

#[test]
fn computation_and_reference_may_come_from_spans_and_the_event() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let run = info_span!("run", seed = 42, beta = 1).entered();
        info_span!("a", theoretical_ref = "eq. (3)", beta = 2).in_scope(|| error!(computation = "mixed", "x"));
        info_span!("b", computation = "b", beta = 3)
            .in_scope(|| info_span!("helper", k = 1).in_scope(|| error!(theoretical_ref = "eq. (4)", n = 5, "x")));
        info_span!("c", theoretical_ref = "eq. (5)", beta = 4)
            .in_scope(|| error!(computation = "own", beta = 9, n = 5, "x"));
        drop(run);
    });
    let run = run.ok();
    let parameters = |computation| run.failure_of(computation).parameters.to_string();
    assert_eq!(parameters("mixed"), r#"{"beta":2,"seed":42}"#);
    assert_eq!(parameters("b"), r#"{"beta":3,"seed":42}"#);
    assert_eq!(parameters("own"), r#"{"beta":9,"n":5,"seed":42}"#);
    assert_eq!(run.failure_of("b").context.event.to_string(), r#"{"n":5}"#);
    assert_eq!(run.failure_of("mixed").theoretical_ref, "eq. (3)");
}

#[test]
fn a_computation_below_the_level_is_reported_once() {
    let run = in_child(|dir| {
        let guard = builder(dir).level(tracing::level_filters::LevelFilter::INFO).init().unwrap();
        for _ in 0..3 {
            let span = tracing::debug_span!("fine", computation = "fine", theoretical_ref = "§1");
            span.in_scope(|| error!("no convergence"));
            let span = tracing::trace_span!("finer", computation = "finer", theoretical_ref = "§1");
            span.in_scope(|| error!("no convergence"));
        }
        drop(tracing::debug_span!("no computation", k = 1));
        assert!(!tracing::event_enabled!(Level::DEBUG) && !tracing::span_enabled!(Level::TRACE));
        assert_eq!(guard.stats().near_misses, 1);
        info_span!("half", computation = "half").in_scope(|| error!("failed"));
    });
    let run = run.ok();
    assert!(run.failures().is_empty());
    assert_eq!(run.stderr.matches("more detailed than").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("the span `fine` at tests/layer/fields.rs"), "{}", run.stderr);
    assert!(run.stderr.contains("field `theoretical_ref` is missing from the event and its spans"), "{}", run.stderr);
}

#[test]
fn records_of_the_log_crate_below_the_level_are_turned_off() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("info").init().unwrap();
        tracing_log::LogTracer::init().unwrap();
        assert!(!log::log_enabled!(log::Level::Trace));
        assert!(log::log_enabled!(log::Level::Debug) && log::log_enabled!(log::Level::Info));
    });
    run.ok();
}
