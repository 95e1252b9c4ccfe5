//! What is larger than a record should be: it is summarised, and what is left out is counted.

use tracing::{error, info_span};
use tracing_failure::{Failure, ResultExt, init};

use crate::support::{in_child, in_child_with};

#[derive(Debug, thiserror::Error)]
#[error("no convergence after {iterations} iterations")]
#[allow(dead_code)]
struct Diverged {
    iterations: usize,
    residuals: Vec<f64>,
    last: State,
    comment: String,
}

#[derive(Debug)]
#[allow(dead_code)]
struct State {
    time: f64,
    flux: Vec<f64>,
}

fn diverged() -> Diverged {
    let values = |number: usize| (0..number).map(|index| 1.0 / (index as f64 + 3.0)).collect();
    let last = State { time: 0.25, flux: values(30_000) };
    Diverged { iterations: 5000, residuals: values(5000), last, comment: "after the restart".to_owned() }
}

fn assert_has_structure(failure: &Failure) {
    let [error] = &failure.context.errors[..] else { panic!("{:?}", failure.context.errors) };
    let data = error.data.as_ref().unwrap();
    assert_eq!(data.get("iterations"), Some(&5000.into()));
    assert_eq!(data.get("comment"), Some(&"after the restart".into()));
    assert_eq!(data.get("last").unwrap().get("time"), Some(&0.25.into()));
    let residuals = serde_json::to_string(data.get("residuals").unwrap()).unwrap();
    let flux = serde_json::to_string(data.get("last").unwrap().get("flux").unwrap()).unwrap();
    assert!(residuals.contains("5000") && flux.contains("30000"), "the length is told: {residuals} {flux}");
    assert!(residuals.contains("0.333") && flux.contains("0.333"), "numbers stay numbers: {residuals} {flux}");
    assert!(residuals.len() + flux.len() < 8192, "{}", residuals.len() + flux.len());
}

#[test]
fn a_large_error_keeps_its_structure_and_summarises_its_lists() {
    assert!(format!("{:?}", diverged()).len() > 500_000);
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _span = info_span!("solve", computation = "flow", theoretical_ref = "eq. (1)").entered();
        Err::<(), _>(diverged()).record_failure().unwrap_err();
    });
    assert_has_structure(&run.ok().failure());
}

#[test]
fn a_long_command_line_is_truncated_and_counted() {
    let names: Vec<String> = (0..40_000).map(|index| format!("run_{index:05}.dat")).collect();
    let run = in_child_with(
        |command| {
            command.args(&names);
        },
        |dir| {
            let _guard = init(dir).unwrap();
            error!(computation = "flow", theoretical_ref = "eq. (1)", "no convergence");
        },
    );
    let run = run.ok();
    let argv = &run.failure().context.process.unwrap().argv;
    let counted = argv.iter().position(|word| word.ends_with(" words left out] …")).unwrap();
    let left_out: usize = argv[counted].split(['[', ' ']).find_map(|word| word.parse().ok()).unwrap();
    // The program, its test and two options come first.
    assert_eq!(argv.len() - 1 + left_out, 40_004);
    assert!(argv.contains(&"run_00000.dat".to_owned()) && argv.last().unwrap() == "run_39999.dat");
    let records = std::fs::read_dir(run.dir().join("failures")).unwrap();
    assert!(records.map(|entry| entry.unwrap().metadata().unwrap().len()).max().unwrap() < 64 << 10);
}
