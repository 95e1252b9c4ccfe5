//! A corpus that the recorder writes. It is the only test of its process, because the recorder is global.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use tracing_failure::{Successes, computation};
use tracing_failure_corpus::{Cell, Corpus, ReadOptions, RunOutcome, RunTable};

#[derive(Debug)]
struct Options {
    tol: f64,
}

#[computation("Eq. 1.12")]
fn rg_flow(lambda: f64, method: &str, couplings: [f64; 2], options: &Options) -> Result<f64, String> {
    for step in 0..300 {
        let _inner = tracing::info_span!("inner", half = step % 2).entered();
        tracing::info!(step, norm = couplings[0] * 1.5_f64.powi(step), unknown = f64::NAN, "step");
    }
    let is_pole = lambda > 37.2 || options.tol < 0.0 || method.is_empty() || couplings[1] < 0.0;
    if is_pole { Err(format!("pole at {lambda}")) } else { Ok(lambda) }
}

fn read(dir: &Path) -> Corpus {
    Corpus::read(&[dir.to_owned()], &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap()
}

/// The digests of a run.
fn digests(runs: &RunTable, run: usize) -> BTreeMap<String, f64> {
    let digests = runs.digests().iter().filter(|column| run < column.len());
    digests
        .filter_map(|column| match column.cell(run) {
            Cell::Number(number) | Cell::NotFinite(number) => Some((column.name().to_owned(), number)),
            _ => None,
        })
        .collect()
}

/// Removes the digests from all closing lines, as if they were switched off.
fn remove_digests(logs: &Path) {
    for path in fs::read_dir(logs).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            line.as_object_mut().unwrap().remove("trail");
            format!("{line}\n")
        });
        fs::write(&path, lines.collect::<String>()).unwrap();
    }
}

#[test]
fn recorded_computations_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut successes = Successes::default();
    successes.trail = true;
    let guard = tracing_failure::builder(dir.path().join("io")).successes(successes).init().unwrap();
    for k in 0..60 {
        let lambda = if k == 50 { f64::NAN } else { f64::from(k) };
        let _ = rg_flow(lambda, ["RK45", "BDF"][k as usize % 2], [0.5, 1.5], &Options { tol: 1e-6 });
    }
    drop(guard);

    let corpus = read(dir.path());
    assert!(corpus.skipped().is_empty() && corpus.notes().is_empty(), "{corpus:?}");
    let runs = corpus.table("rg_flow").unwrap();
    assert_eq!((runs.len(), runs.failed_count(), runs.count(RunOutcome::Ok)), (60, 21, 39));
    assert_eq!((runs.theoretical_ref(), runs.sessions().len()), ("Eq. 1.12", 1));
    assert!(runs.sessions()[0].host.is_some());
    let names: Vec<&str> = runs.parameters().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["lambda", "method", "couplings[0]", "couplings[1]"], "only records have options.tol");
    let lambda = runs.parameter("lambda").unwrap();
    assert_eq!((lambda.cell(49), runs.parameter("method").unwrap().cell(49)), (Cell::Number(49.0), Cell::Text("BDF")));
    assert!(matches!(lambda.cell(50), Cell::NotFinite(lambda) if lambda.is_nan()));
    for run in runs.runs() {
        assert!(run.ended.is_some() && run.duration_s >= 0.0);
        assert_eq!(run.failure.is_some(), run.outcome.is_failure());
        let Some(failure) = run.failure.map(|failure| &runs.failures()[failure as usize]) else { continue };
        assert!(failure.path.as_ref().unwrap().is_file() && failure.id.is_some());
        assert!(failure.error_message.as_ref().unwrap().starts_with("pole at"), "{failure:?}");
    }

    // Digests from records are comparable with those of closing lines.
    remove_digests(&dir.path().join("io/logs"));
    let without = read(dir.path());
    let without = without.table("rg_flow").unwrap();
    assert!(digests(without, 0).is_empty() && digests(runs, 0).contains_key("step.norm.rate"));
    let (of_line, of_record) = (digests(runs, 59), digests(without, 59));
    assert!(of_line.keys().eq(of_record.keys()), "{of_line:?} {of_record:?}");
    for (name, value) in &of_line {
        let other = of_record[name];
        assert!((value - other).abs() <= 1e-12 * value.abs() || value.is_nan() && other.is_nan(), "{name}: {other}");
    }
}
