//! A corpus that the recorder writes. It is the only test of its process, because the recorder is global.

use std::ops::ControlFlow;

use tracing_failure::computation;
use tracing_failure_corpus::{Cell, Corpus, ReadOptions, RunOutcome};

#[derive(Debug)]
struct Options {
    tol: f64,
}

#[computation("Eq. 1.12")]
fn rg_flow(lambda: f64, method: &str, couplings: [f64; 2], options: &Options) -> Result<f64, String> {
    for step in 0..8 {
        tracing::info!(step, norm = couplings[0] * 2_f64.powi(step), "step");
    }
    let is_pole = lambda > 37.2 || options.tol < 0.0 || method.is_empty() || couplings[1] < 0.0;
    if is_pole { Err(format!("pole at {lambda}")) } else { Ok(lambda) }
}

#[test]
fn recorded_computations_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let guard = tracing_failure::init(dir.path().join("io")).unwrap();
    for k in 0..100 {
        let lambda = if k == 50 { f64::NAN } else { f64::from(k) };
        let _ = rg_flow(lambda, ["RK45", "BDF"][k as usize % 2], [0.5, 1.5], &Options { tol: 1e-6 });
    }
    drop(guard);

    let corpus = Corpus::read(&[dir.path().to_owned()], &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
    let corpus = corpus.unwrap();
    assert!(corpus.skipped().is_empty(), "{:?}", corpus.skipped());
    let runs = corpus.table("rg_flow").unwrap();
    assert_eq!((runs.len(), runs.failed_count(), runs.count(RunOutcome::Ok)), (100, 61, 39));
    assert_eq!((runs.theoretical_ref(), runs.sessions().len()), ("Eq. 1.12", 1));
    assert!(runs.sessions()[0].host.is_some());
    let names: Vec<&str> = runs.parameters().iter().map(|column| column.name()).collect();
    assert!(names.starts_with(&["lambda", "method"]), "{names:?}");
    assert!(!names.contains(&"options.tol"), "successes do not have it: {names:?}");
    let lambda = runs.parameter("lambda").unwrap();
    assert_eq!((lambda.cell(49), runs.parameter("method").unwrap().cell(49)), (Cell::Number(49.0), Cell::Text("BDF")));
    assert!(matches!(lambda.cell(50), Cell::NotFinite(lambda) if lambda.is_nan()));
    for (index, run) in runs.runs().iter().enumerate() {
        assert!(run.ended.is_some() && run.duration_s >= 0.0);
        let is_failure = run.outcome.is_failure();
        assert_eq!(run.failure.is_some(), is_failure, "run {index}");
        let Some(failure) = run.failure.map(|failure| &runs.failures()[failure as usize]) else { continue };
        assert!(failure.path.as_ref().unwrap().is_file() && failure.id.is_some());
        assert!(failure.error_message.as_ref().unwrap().starts_with("pole at"), "{failure:?}");
        let rate = runs.digests().iter().find(|column| column.name() == "step.norm.rate").unwrap();
        assert!(matches!(rate.cell(index), Cell::Number(rate) if (rate - 2.0).abs() < 1e-9), "{:?}", rate.cell(index));
    }
}
