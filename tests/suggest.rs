//! What a record suggests, from outside: with real subscribers, in processes of their own.

mod support;

use std::time::{Duration, Instant};

use support::in_child;
use tracing::{debug, error, info_span};
use tracing_failure::record::{Behaviour, Confidence, Context, Map, Origin};
use tracing_failure::{Category, Failure, Rule, Store, StructuredLogger, Value, ValueTest};

fn rule_of(failure: &Failure, place: usize) -> Option<&str> {
    failure.context.suggestions.get(place).and_then(|suggestion| suggestion.rule.as_deref())
}

#[test]
fn a_pole_is_described_with_the_observed_values() {
    let run = in_child(|dir| {
        let _guard = tracing_failure::init(dir).unwrap();
        info_span!("flow", computation = "rg_flow", theoretical_ref = "Eq. 1.12", rtol = 1e-6).in_scope(|| {
            for step in 0..40 {
                let distance = 0.5_f64.powi(step);
                debug!(t = -9.78 - distance, dt = distance / 2.0, norm = 100.0 / distance, "step accepted");
            }
            error!(reason = "StepSizeUnderflow", "step size underflow");
        });
    });
    let failure = run.ok().failure();
    assert_eq!(rule_of(&failure, 0), Some("step_size_underflow.pole"));
    let first = &failure.suggested_fixes[0];
    assert!(first.starts_with("norm grew from 100 to 5.5e13 until the step size underflowed at t = -9.78"), "{first}");
    let suggestion = &failure.context.suggestions[0];
    assert_eq!((&suggestion.fix, suggestion.origin), (first, Origin::Rule));
    assert_eq!(suggestion.confidence, Some(Confidence::High));
    let fields: Vec<&str> = suggestion.evidence.iter().map(|evidence| evidence.field.as_str()).collect();
    assert_eq!(fields, ["context.category", "context.trail[0].columns.norm"]);
    assert!(suggestion.source.is_some());

    let series: Vec<_> = failure.context.convergence.iter().map(|series| (&*series.column, series.behaviour)).collect();
    let expected =
        [("t", Behaviour::StepCollapse), ("dt", Behaviour::StepCollapse), ("norm", Behaviour::GeometricGrowth)];
    assert_eq!(series, expected);
    let norm = &failure.context.convergence[2];
    assert!((norm.rate.unwrap() - 2.0).abs() < 1e-9 && norm.fit.unwrap() > 0.999, "{norm:?}");
}

#[test]
fn no_more_than_five_and_one_for_each_topic() {
    let mut failure =
        Failure::new("c", "r", "NewtonError", "the Jacobian is singular; overflow; NaN in an empty shape");
    failure.context.category = Some(Category::MaxIterations);
    for (name, value) in [("method", Value::from("RK45")), ("rtol", 1e-20.into()), ("courant", 3.0.into())] {
        failure.parameters.insert(name, value);
    }
    tracing_failure::diagnose(&mut failure);
    assert!((3..=5).contains(&failure.suggested_fixes.len()), "{:#?}", failure.suggested_fixes);
    let topic = |rule: &str| rule.split('.').next().unwrap().to_owned();
    let mut topics: Vec<String> =
        failure.context.suggestions.iter().map(|suggestion| topic(suggestion.rule.as_deref().unwrap())).collect();
    topics.sort();
    let all = topics.len();
    topics.dedup();
    assert_eq!(topics.len(), all);
    let fixes: Vec<&String> = failure.context.suggestions.iter().map(|suggestion| &suggestion.fix).collect();
    assert_eq!(fixes, failure.suggested_fixes.iter().collect::<Vec<_>>());

    let once = failure.clone();
    tracing_failure::diagnose(&mut failure);
    assert_eq!(failure, once);
}

#[test]
fn rules_of_the_program_precede_builtin_rules_with_the_same_evidence() {
    let run = in_child(|dir| {
        let own = Rule::new("lab.newton", "ask Ada: {coupling.name} = {coupling} is above the threshold[, {nothing}]")
            .category(Category::MaxIterations)
            .computation("pole mass")
            .value("coupling", ValueTest::Above(0.5))
            .source("lab notebook 12");
        let silent = Rule::new("lab.other", "not this").value("coupling", ValueTest::Above(1.0));
        let code = Rule::from_fn("lab.code", |failure| {
            let coupling = failure.parameters.get("coupling")?.as_f64()?;
            Some(format!("half of it is {}", coupling / 2.0))
        });
        let _guard = tracing_failure::builder(dir).rule(own).rule(silent).rule(code).init().unwrap();
        let span = info_span!("mass", computation = "pole_mass", theoretical_ref = "Eq. 4.7", coupling = 0.75);
        span.in_scope(|| error!("no convergence"));
    });
    let failure = run.ok().failure();
    assert_eq!(failure.suggested_fixes[0], "ask Ada: coupling = 0.75 is above the threshold");
    assert_eq!(failure.context.suggestions[0].source.as_deref(), Some("lab notebook 12"));
    assert!(failure.suggested_fixes.iter().any(|fix| fix == "half of it is 0.375"), "{:?}", failure.suggested_fixes);
    assert!(!failure.suggested_fixes.iter().any(|fix| fix == "not this"));
}

#[test]
fn a_rule_that_panics_or_hangs_loses_only_itself() {
    let run = in_child(|dir| {
        let guard = tracing_failure::builder(dir)
            .rule(Rule::from_fn("lab.panics", |_| panic!("a rule of mine")))
            .rule(Rule::from_fn("lab.hangs", |_| {
                loop {
                    std::thread::sleep(Duration::from_secs(60));
                }
            }))
            .rule(Rule::from_fn("lab.fails", |_| {
                error!(computation = "inner", theoretical_ref = "of a rule", "not a failure of the program");
                None
            }))
            .rule(Rule::from_fn("lab.well", |_| Some("drink tea".to_owned())))
            .init()
            .unwrap();
        let started = Instant::now();
        for _ in 0..20 {
            error!(computation = "pole_mass", theoretical_ref = "Eq. 4.7", "singular");
        }
        // It is waited for once: of twenty failures each would be waited for otherwise, and the sleep is a minute.
        assert!(started.elapsed() < Duration::from_secs(30));
        assert_eq!(guard.stats().recorded, 20);
    });
    for failure in run.ok().failures() {
        assert!(failure.suggested_fixes.iter().any(|fix| fix == "drink tea"), "{:?}", failure.suggested_fixes);
        assert!(failure.suggested_fixes.iter().any(|fix| fix.contains("null space")));
    }
}

#[test]
fn a_rule_that_is_late_again_and_again_is_not_asked_any_more() {
    let run = in_child(|dir| {
        let rule = Rule::from_fn("lab.slow", |_| {
            println!("asked");
            std::thread::sleep(Duration::from_secs(60));
            None
        });
        let _guard = tracing_failure::builder(dir).rule(rule).stderr_notice(false).init().unwrap();
        for _ in 0..10 {
            error!(computation = "pole_mass", theoretical_ref = "Eq. 4.7", "singular");
        }
    });
    assert_eq!(run.ok().stdout.matches("asked").count(), 3);
}

/// What `failures regions --save` writes.
const REGIONS: &str = r#"{"version":1,"saved":"2026-12-01T00:00:00Z","computation":"rg_flow","runs":100000,
    "failed":1203,"rules":[{"conditions":[{"parameter":"lambda","is":">","value":37.2},
    {"parameter":"options.method","is":"in","value":["RK45"]}],"failed":1150,"runs":1163,
    "nearest_success":{"parameters":{"lambda":37.1},"differs":["lambda"]}}]}"#;

#[test]
fn a_failure_in_a_known_region_says_so() {
    let run = in_child(|dir| {
        std::fs::create_dir_all(dir.join("failures")).unwrap();
        std::fs::write(dir.join("failures/regions.jsonl"), REGIONS).unwrap();
        let logger = tracing_failure::builder(dir).logger().unwrap();
        let error = std::io::Error::other("Singular matrix");
        for (lambda, method) in [(41.0, "RK45"), (36.0, "RK45"), (41.0, "BDF"), (f64::NAN, "RK45")] {
            let parameters = serde_json::json!({ "lambda": lambda, "options": { "method": method } });
            logger.log_failure("rg_flow", &error, &parameters, "Eq. 1.12").unwrap();
        }
        std::fs::write(dir.join("failures/regions.jsonl"), "{ damaged").unwrap();
        logger.log_failure("rg_flow", &error, &serde_json::json!({ "lambda": 41.0 }), "Eq. 1.12").unwrap();
    });
    let failures = run.ok().failures();
    let [inside, others @ ..] = &failures[..] else { panic!("{failures:?}") };
    assert_eq!(
        inside.suggested_fixes[0],
        "98.9 % of the runs with lambda > 37.2 and options.method is RK45 failed (1,150 of 1,163). \
         The nearest success has lambda 37.1."
    );
    assert_eq!((rule_of(inside, 0), inside.context.suggestions[0].evidence.len()), (Some("region"), 2));
    assert!(inside.suggested_fixes.len() > 1, "the suggestions of other rules follow");
    assert_eq!(others.len(), 4);
    assert!(others.iter().all(|other| rule_of(other, 0) != Some("region")));
}

#[cfg(unix)]
#[test]
fn a_failure_does_not_wait_for_a_pipe() {
    let run = in_child(|dir| {
        std::fs::create_dir_all(dir.join("failures")).unwrap();
        for name in ["resolutions.jsonl", "regions.jsonl"] {
            let pipe = dir.join("failures").join(name);
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        }
        let _guard = tracing_failure::init(dir).unwrap();
        error!(computation = "pole_mass", theoretical_ref = "Eq. 4.7", "singular");
    });
    assert_eq!(run.ok().failures().len(), 1);
}

#[test]
fn panics_have_suggestions() {
    let run = in_child(|dir| {
        let rule = Rule::from_fn("lab.well", |failure| Some(format!("read of {}", failure.computation)));
        let _guard = tracing_failure::builder(dir).rule(rule).init().unwrap();
        info_span!("s", computation = "stencil", theoretical_ref = "§2").in_scope(|| {
            let grid = std::hint::black_box(vec![0.0; 4]);
            std::hint::black_box(grid[4]);
        });
    });
    let failure = run.failure();
    let rules: Vec<_> = (0..failure.suggested_fixes.len()).map(|place| rule_of(&failure, place).unwrap()).collect();
    assert!(rules.contains(&"panic.index") && rules.contains(&"lab.well"), "{rules:?}");
}

#[test]
fn earlier_fixes_come_first() {
    let dir = tempfile::tempdir().unwrap();
    let logger = StructuredLogger::new(dir.path().join("failures")).unwrap();
    let error = std::io::Error::other("the matrix is singular");
    let log = || logger.log_failure("solve", &error, &Map::new(), "§3").unwrap();
    let first = Failure::from_path(log()).unwrap();
    assert_eq!(rule_of(&first, 0), Some("singular_matrix"));
    // Another process notes it.
    let store = Store::open(dir.path().join("failures")).unwrap();
    store.resolve(&first, "fixed one value of the Neumann problem").unwrap();
    let second = Failure::from_path(log()).unwrap();
    assert_eq!(second.suggested_fixes[0], "fixed one value of the Neumann problem");
    let suggestion = &second.context.suggestions[0];
    assert_eq!((suggestion.origin, suggestion.fixed), (Origin::Resolution, first.context.id));
    assert_eq!(rule_of(&second, 1), Some("singular_matrix"));
}

#[test]
fn advice_contains_no_redacted_texts() {
    let mut failure = Failure::new("c", "r", "E", "m");
    failure.parameters.insert("token_path", "[redacted]");
    failure.context.category = Some(Category::MissingInput);
    let before = failure.clone();
    tracing_failure::diagnose(&mut failure);
    for suggestion in &failure.context.suggestions {
        assert!(suggestion.evidence.iter().all(|evidence| !evidence.field.contains("token")), "{suggestion:?}");
    }
    assert_eq!(before.parameters, failure.parameters);
}

#[test]
fn suggestions_are_of_the_schema() {
    let mut failure = Failure::new("c", "r", "E", "m");
    let mut context = Context::default();
    context.category = Some(Category::SingularMatrix);
    failure.context = context;
    tracing_failure::diagnose(&mut failure);
    let schema = serde_json::from_str(tracing_failure::record::SCHEMA).unwrap();
    let record = serde_json::to_value(&failure).unwrap();
    jsonschema::validate(&schema, &record).unwrap();
    assert_eq!(record["context"]["suggestions"][0]["origin"], "rule");
    assert_eq!(Failure::from_json(&failure.to_json()).unwrap().context, failure.context);
}
