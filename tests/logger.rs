//! The direct API: an error in hand, no span.

mod support;

use std::collections::HashMap;

use color_eyre::eyre::Report;
use serde::{Serialize, Serializer};
use support::{failures, in_child};
use tracing::info_span;
use tracing_failure::record::Map;
use tracing_failure::{Failure, StructuredLogger, Value, init};
use tracing_subscriber::prelude::*;

#[derive(Debug, thiserror::Error)]
#[error("the series does not converge")]
struct SeriesError;

#[derive(Serialize)]
struct Parameters {
    initial_couplings: [f64; 3],
    t_range: (f64, f64),
    method: &'static str,
    cutoff: f64,
}

const PARAMETERS: Parameters = Parameters {
    initial_couplings: [50.0, 100.0, 150.0],
    t_range: (-10.0, 10.0),
    method: "RK45",
    cutoff: f64::INFINITY,
};

#[test]
fn parameters_are_anything_that_serialises() {
    let dir = tempfile::tempdir().unwrap();
    let logger = StructuredLogger::new(dir.path()).unwrap();
    let path = logger.log_failure("rg_flow_integration", &SeriesError, &PARAMETERS, "§1.2").unwrap();
    logger.log_failure("rg_flow_integration", &SeriesError, &HashMap::from([("n", 3)]), "§1.2").unwrap();
    logger.log_failure("rg_flow_integration", &SeriesError, &(), "§1.2").unwrap();
    logger.log_failure("rg_flow_integration", &SeriesError, &[1.5, 2.5], "§1.2").unwrap();
    let failures = failures(dir.path());
    let parameters: Vec<String> = failures.iter().map(|failure| failure.parameters.to_string()).collect();
    insta::assert_debug_snapshot!(parameters, @r#"
    [
        "{\"initial_couplings\":[50.0,100.0,150.0],\"t_range\":[-10.0,10.0],\"method\":\"RK45\",\"cutoff\":\"Infinity\"}",
        "{\"n\":3}",
        "{}",
        "{\"value\":[1.5,2.5]}",
    ]
    "#);
    assert_eq!(support::read_valid(&path), failures[0]);
    assert_eq!(failures[0].error_type, "SeriesError");
    let location = failures[0].context.location.as_ref().unwrap();
    assert_eq!(location.file.as_deref(), Some(file!()));
    assert!(failures[0].stack_trace.contains("logger::parameters_are_anything"), "{}", failures[0].stack_trace);
}

#[test]
fn errors_are_anything_that_is_an_error_or_lends_one() {
    let dir = tempfile::tempdir().unwrap();
    let logger = StructuredLogger::new(dir.path()).unwrap();
    let report = Report::from(SeriesError).wrap_err("no critical exponent");
    logger.log_failure("observable", &report, &(), "§1").unwrap();
    let boxed: Box<dyn std::error::Error> = SeriesError.into();
    logger.log_failure("observable", &boxed, &(), "§1").unwrap();
    let boxed: Box<dyn std::error::Error + Send + Sync> = "only words".into();
    logger.log_failure("observable", &boxed, &(), "§1").unwrap();
    let lent: &(dyn std::error::Error + 'static) = &SeriesError;
    logger.log_failure("observable", lent, &(), "§1").unwrap();
    let failures = failures(dir.path());
    let errors: Vec<_> = failures.iter().map(|failure| (&*failure.error_type, &*failure.error_message)).collect();
    assert_eq!(
        errors,
        [
            ("SeriesError", "no critical exponent"),
            ("SeriesError", "the series does not converge"),
            ("Error", "only words"),
            ("SeriesError", "the series does not converge"),
        ]
    );
    assert_eq!(failures[0].context.errors.len(), 2);
}

#[test]
fn a_failing_serialize_loses_only_the_parameters() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no path to it"))
        }
    }
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("cannot be seen")
        }
    }
    let run = in_child(|dir| {
        let logger = StructuredLogger::new(dir.join("failures")).unwrap();
        logger.log_failure("observable", &SeriesError, &Fails, "§1").unwrap();
        logger.log_failure("observable", &SeriesError, &Panics, "§1").unwrap();
    });
    let parameters: Vec<_> = run.ok().failures().iter().map(|failure| failure.parameters.to_string()).collect();
    assert_eq!(
        parameters,
        [
            r#"{"value":"[its Serialize failed: no path to it]"}"#,
            r#"{"value":"[its Serialize panicked: cannot be seen]"}"#
        ]
    );
}

#[test]
fn the_spans_around_the_call_are_recorded() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let _span = info_span!("solve", rows = 3, computation = "outer", theoretical_ref = "§1").entered();
        let path = guard.logger().log_failure("inner", &SeriesError, &PARAMETERS, "§2").unwrap();
        assert!(path.exists());
    });
    let run = run.ok();
    let failure = run.failure();
    assert_eq!((&*failure.computation, &*failure.theoretical_ref), ("inner", "§2"));
    assert_eq!(failure.context.spans[0].fields.get("rows"), Some(&Value::Int(3)));
    assert_eq!(failure.parameters.get("rows"), None, "the parameters are those that were given");
    let closed = run.log().into_iter().find(|line| line["message"] == "computation closed").unwrap();
    assert_eq!(closed["outcome"], "unknown", "the failure was that of another computation");
}

#[test]
fn the_span_trace_that_the_error_carries_wins() {
    use tracing_error::InstrumentError;
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let _span = info_span!("solve", computation = "outer", theoretical_ref = "§1").entered();
        let error = info_span!("factorise", rows = 3).in_scope(|| SeriesError.in_current_span());
        guard.logger().log_failure("inner", &error, &(), "§2").unwrap();
    });
    let failure = run.ok().failure();
    assert_eq!(failure.context.spans[0].name, "factorise");
    assert_eq!(failure.context.spans[0].fields.get("rows"), Some(&Value::Int(3)));
    assert_eq!(failure.error_type, "SeriesError");
}

#[test]
fn another_error_layer_provides_the_spans_without_ours() {
    let run = in_child(|dir| {
        let logger = StructuredLogger::new(dir.join("failures")).unwrap();
        tracing_subscriber::registry().with(tracing_error::ErrorLayer::default()).init();
        let _span = info_span!("solve", rows = 3).entered();
        logger.log_failure("inner", &SeriesError, &(), "§2").unwrap();
    });
    let failure = run.ok().failure();
    assert_eq!(failure.context.spans[0].name, "solve");
    assert_eq!(failure.context.spans[0].fields.get("fields"), Some(&"rows=3".into()));
}

#[test]
fn a_failure_described_elsewhere_is_completed() {
    let dir = tempfile::tempdir().unwrap();
    let logger = tracing_failure::builder(dir.path()).context("machine", "bench").redact("site").logger().unwrap();
    let mut failure = Failure::new("betti_numbers", "§3.1", "LinAlgError", "Singular matrix");
    failure.parameters.insert("site", "cellar");
    failure.context.other.insert("spans", 3);
    failure.context.other.insert("spans_", 4);
    let path = logger.record(failure).unwrap();

    let failure = Failure::from_path(path).unwrap();
    assert_eq!(failure.parameters.get("site"), Some(&"[redacted]".into()));
    assert_eq!(failure.context.category, Some(tracing_failure::Category::SingularMatrix));
    assert_eq!(failure.context.session_id.as_deref(), Some(logger.session_id()));
    assert_eq!(failure.context.process.unwrap().pid, std::process::id());
    assert!(failure.context.fingerprint.is_some() && failure.context.id.is_some());
    assert!(!failure.suggested_fixes.is_empty());
    assert_eq!(failure.context.other.to_string(), r#"{"spans__":3,"spans_":4,"machine":"bench"}"#);
    assert_eq!(logger.stats().recorded, 1);
}

#[test]
fn a_log_line_of_another_kind_is_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let logger = tracing_failure::builder(dir.path()).session_id("s").logger().unwrap();
    let logs = || std::fs::read_dir(dir.path().join("logs")).map_or(0, Iterator::count);
    assert_eq!(logs(), 0);
    let entries = Map::from_iter([
        ("fields", Value::from(Map::from_iter([("password", "p")]))),
        ("level", 3.into()),
        ("session_id", "other".into()),
    ]);
    logger.log(tracing::Level::ERROR, "solver", "no \"progress\"", entries);
    assert_eq!(logs(), 1);

    let file = std::fs::read_dir(dir.path().join("logs")).unwrap().next().unwrap().unwrap().path();
    let line = std::fs::read_to_string(file).unwrap();
    let (_, rest) = line.split_once("\"level\"").unwrap();
    assert_eq!(
        rest,
        ":\"ERROR\",\"target\":\"solver\",\"message\":\"no \\\"progress\\\"\",\"fields\":{\"password\":\"[redacted]\"},\
         \"level_\":3,\"session_id_\":\"other\",\"session_id\":\"s\"}\n"
    );
}

#[cfg(unix)]
#[test]
fn a_forked_process_records_its_own_id() {
    let run = in_child(|dir| {
        let logger = StructuredLogger::new(dir.join("failures")).unwrap();
        match fork::fork().unwrap() {
            fork::Fork::Child => {
                logger.record(Failure::new("c", "r", "E", std::process::id().to_string())).unwrap();
                std::process::exit(0);
            }
            fork::Fork::Parent(pid) => assert_eq!(fork::waitpid(pid).unwrap(), 0),
        }
    });
    let failure = run.ok().failure();
    assert_eq!(failure.context.process.unwrap().pid.to_string(), failure.error_message);
}
