//! Reports of anyhow and color-eyre, typed or as the text that their `Debug` writes.

use color_eyre::SectionExt;
use tracing::{error, info_span, instrument};
use tracing_failure::record::Origin;
use tracing_failure::{Failure, ResultExt, init};

use crate::support::in_child_with;

#[derive(Debug, thiserror::Error)]
enum PivotError {
    #[error("zero pivot\nin row {row}")]
    ZeroPivot { row: usize },
}

fn with_anyhow(row: usize) -> anyhow::Result<()> {
    use anyhow::Context;
    Err(PivotError::ZeroPivot { row }).context("factorisation failed").context("flow failed: Caused by: the user")
}

fn with_eyre(row: usize) -> color_eyre::Result<()> {
    use color_eyre::eyre::WrapErr;
    Err(PivotError::ZeroPivot { row }).wrap_err("factorisation failed").wrap_err("flow failed: Caused by: the user")
}

fn with_sections() -> color_eyre::Result<()> {
    use color_eyre::Section;
    with_eyre(3)
        .note("the matrix is from run 7\nof the scan")
        .suggestion("lower the step\nto 0.01")
        .with_suggestion(|| "use a pivoting solver")
        .warning("the tolerance was ignored")
        .with_section(|| "pivot 0\nrow 3".header("Solver output:"))
}

#[instrument(err(Debug), fields(computation = "flow", theoretical_ref = "eq. (1)"))]
fn instrumented_anyhow() -> anyhow::Result<()> {
    with_anyhow(3)
}

#[instrument(err(Debug), fields(computation = "flow", theoretical_ref = "eq. (1)"))]
fn instrumented_eyre() -> color_eyre::Result<()> {
    with_eyre(3)
}

fn fail(case: &str) {
    let _span = info_span!("flow", computation = "flow", theoretical_ref = "eq. (1)").entered();
    match case {
        "anyhow event" => error!("{:?}", with_anyhow(3).unwrap_err()),
        "anyhow field" => error!(error = ?with_anyhow(3).unwrap_err(), "no flow"),
        "anyhow unwrap" => drop(std::panic::catch_unwind(|| with_anyhow(3).unwrap())),
        "anyhow expect" => drop(std::panic::catch_unwind(|| with_anyhow(3).expect("a flow"))),
        "anyhow single" => error!("{:?}", anyhow::anyhow!("SingularMatrix")),
        "anyhow single field" => error!(error = ?anyhow::anyhow!("SingularMatrix")),
        "anyhow typed" => drop(with_anyhow(3).record_failure()),
        "eyre event" => error!("{:?}", with_eyre(3).unwrap_err()),
        "eyre unwrap" => drop(std::panic::catch_unwind(|| with_eyre(3).unwrap())),
        "eyre expect" => drop(std::panic::catch_unwind(|| with_eyre(3).expect("a flow"))),
        "eyre typed" => drop(with_eyre(3).record_failure()),
        "anyhow instrumented" | "eyre instrumented" => {}
        other => unreachable!("{other}"),
    }
}

const CASES: [&str; 13] = [
    "anyhow event",
    "anyhow field",
    "anyhow unwrap",
    "anyhow expect",
    "anyhow instrumented",
    "anyhow single",
    "anyhow single field",
    "anyhow typed",
    "eyre event",
    "eyre unwrap",
    "eyre expect",
    "eyre typed",
    "eyre instrumented",
];

fn check(case: &str, failure: &Failure) {
    let errors: Vec<&str> = failure.context.errors.iter().map(|error| error.message.as_str()).collect();
    let outermost = match case {
        case if case.ends_with("unwrap") => {
            "called `Result::unwrap()` on an `Err` value: flow failed: Caused by: the user"
        }
        case if case.ends_with("expect") => "a flow: flow failed: Caused by: the user",
        case if case.contains("single") => "SingularMatrix",
        _ => "flow failed: Caused by: the user",
    };
    assert_eq!(failure.error_message, outermost, "{case}");
    match case.contains("single") {
        true if case.ends_with("single") => assert!(errors.is_empty(), "{errors:?}"),
        true => assert_eq!(errors, [outermost], "{case}"),
        false => assert_eq!(errors, [outermost, "factorisation failed", "zero pivot\nin row 3"], "{case}"),
    }
}

#[test]
fn reports_are_parsed_with_any_value_of_rust_backtrace() {
    for case in CASES {
        let record = |backtrace: &str| {
            let change = |command: &mut std::process::Command| {
                command.env("RUST_BACKTRACE", backtrace).env("CASE", case);
            };
            let run = in_child_with(change, |dir| {
                let _guard = init(dir).unwrap();
                match std::env::var("CASE").unwrap().as_str() {
                    "anyhow instrumented" => drop(instrumented_anyhow()),
                    "eyre instrumented" => drop(instrumented_eyre()),
                    case => fail(case),
                }
            });
            let failure = run.ok().failure();
            check(case, &failure);
            failure
        };
        let (without, with) = (record("0"), record("1"));
        assert_eq!(without.context.fingerprint, with.context.fingerprint, "{case}");
        let Some(error) = without.context.errors.first() else { continue };
        assert_eq!(error.backtrace, None, "{case}");
        let backtrace = with.context.errors[0].backtrace.as_deref().unwrap_or_default();
        // A typed `anyhow::Error` lends its error only.
        assert_eq!(backtrace.contains("reports::"), case != "anyhow typed", "{case}: {backtrace}");
    }
}

#[test]
fn the_suggestions_and_notes_of_the_author_are_in_the_record() {
    for case in ["typed", "text"] {
        for backtrace in ["0", "1"] {
            let change = |command: &mut std::process::Command| {
                command.env("RUST_BACKTRACE", backtrace).env("CASE", case);
            };
            let run = in_child_with(change, |dir| {
                let _guard = init(dir).unwrap();
                let _span = info_span!("flow", computation = "flow", theoretical_ref = "eq. (1)").entered();
                match std::env::var("CASE").unwrap().as_str() {
                    "typed" => drop(with_sections().record_failure()),
                    _ => error!("{:?}", with_sections().unwrap_err()),
                }
            });
            let failure = run.ok().failure();
            assert_eq!(failure.suggested_fixes[..2], ["lower the step\nto 0.01", "use a pivoting solver"]);
            let origins: Vec<Origin> = failure.context.suggestions.iter().map(|suggestion| suggestion.origin).collect();
            assert_eq!(origins[..2], [Origin::Author; 2]);
            assert!(origins[2..].iter().all(|origin| *origin == Origin::Rule), "{origins:?}");
            let report = &failure.context.errors[0];
            assert_eq!(
                report.notes,
                [
                    "Solver output:\n   pivot 0\n   row 3",
                    "the matrix is from run 7\nof the scan",
                    "Warning: the tolerance was ignored"
                ]
            );
            let location = report.location.as_ref().unwrap();
            assert!(location.file.as_ref().unwrap().ends_with("reports.rs"), "{location:?}");
            assert!(location.line.is_some());
        }
    }
}
