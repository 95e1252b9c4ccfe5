//! The runs that a search counts.

use std::convert::Infallible;

use tracing_failure_corpus::search::{LocalCounter, RunCounter, find_regions_with};
use tracing_failure_corpus::{Cell, Label, RunFacts, RunOutcome, RunTable};

#[test]
fn texts_of_cancelled_runs_alone_are_no_labels() {
    let mut runs = RunTable::new("rg_flow");
    for method in ["Euler", "RK45", "BDF"] {
        let outcome = if method == "Euler" { RunOutcome::Cancelled } else { RunOutcome::Ok };
        runs.push(RunFacts::new(outcome), [("method", Cell::Text(method))]);
    }
    let Ok(profiles): Result<_, Infallible> = LocalCounter::new(&runs).profiles();
    assert_eq!(profiles[0].labels, ["RK45", "BDF"].map(|method| Label::Text(method.to_owned())));
}

#[test]
fn the_report_of_a_counter_has_the_name_and_the_unknown_outcomes() {
    let mut runs = RunTable::new("rg_flow");
    for lambda in 0..100 {
        let outcome = if lambda > 80 { RunOutcome::Failed } else { RunOutcome::Unknown };
        runs.push(RunFacts::new(outcome), [("lambda", Cell::Number(lambda.into()))]);
    }
    let Ok(report): Result<_, Infallible> = find_regions_with(&mut LocalCounter::new(&runs));
    assert_eq!(report.computation, "rg_flow");
    assert_eq!(report.rules[0].to_string(), "lambda > 80");
    let note = report.notes.last().unwrap();
    assert_eq!(note, "81 runs ended without a statement of success. They count as not failed.");
}
