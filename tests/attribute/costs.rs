//! The cost of an annotated function that does not fail, in allocations.

use tracing::level_filters::LevelFilter;
use tracing_failure::{builder, computation, ensure_converged, ensure_finite, in_current_computation, trail};
use tracing_subscriber::prelude::*;

use crate::support::in_child;

#[derive(Debug, serde::Serialize)]
struct Options {
    rtol: f64,
    methods: Vec<&'static str>,
}

#[computation("Eq. 1")]
fn numbers(rtol: f64, n: u32, method: &str) -> Result<f64, String> {
    Ok(rtol * f64::from(n) + method.len() as f64)
}

#[computation("Eq. 1", finite, fail_if = |x: &f64| *x < 0.0)]
fn everything(state: &mut Vec<f64>, grid: &[f64], options: &Options, t: (f64, f64), f: impl Fn(f64) -> f64) -> f64 {
    state[0] += f(grid[0]);
    options.rtol * t.1 + state.len() as f64
}

#[computation("Eq. 1")]
fn iteration(steps: u32, tolerance: f64) -> Result<f64, tracing_failure::Check> {
    let mut residual = 1.0;
    for step in 0..steps {
        residual *= 0.5;
        trail!(step, residual);
        ensure_finite!(residual, iteration = step)?;
    }
    ensure_converged!(residual <= tolerance, iterations = steps)?;
    Ok(residual)
}

fn allocations(work: impl Fn()) -> u64 {
    (0..300).for_each(|_| work());
    allocation_counter::measure(|| (0..1000).for_each(|_| work())).count_total
}

fn call_all(size: usize) -> u64 {
    let (mut state, grid) = (vec![0.5; size], vec![0.5; size]);
    let options = Options { rtol: 1e-9, methods: vec!["RK45"; size] };
    let state = std::cell::RefCell::new(&mut state);
    allocations(|| {
        numbers(1e-9, 3, "RK45").unwrap();
        everything(&mut state.borrow_mut(), &grid, &options, (0.0, 1.0), |x| x);
    })
}

#[test]
fn calls_do_not_allocate_whatever_the_size_of_their_arguments() {
    let run = in_child(|dir| {
        let (layer, _guard) = builder(dir).without_log().layer().unwrap();
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
        assert_eq!((call_all(10), call_all(1_000_000)), (0, 0));
        // The first event of a computation opens its trail.
        let span = || tracing::info_span!("solve", computation = "solve", theoretical_ref = "Eq. 1", n = 3);
        let by_hand = allocations(|| span().in_scope(|| tracing::debug!(step = 1, residual = 0.5)));
        assert_eq!(allocations(|| drop(iteration(30, 1e-6))), by_hand);
    });
    run.ok();
}

#[test]
fn another_layer_with_a_log_costs_no_allocation() {
    let run = in_child(|dir| {
        let (other, _guard) = builder(dir.join("other")).layer().unwrap();
        drop(tracing_subscriber::registry().with(other));
        let (layer, _guard) = builder(dir).without_log().layer().unwrap();
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
        assert_eq!(call_all(10), 0);
    });
    run.ok();
}

#[test]
fn a_log_costs_the_same_for_all_sizes() {
    let run = in_child(|dir| {
        let (layer, _guard) = builder(dir).layer().unwrap();
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
        let counts = [100, 10_000].map(call_all);
        assert!(counts[1] <= counts[0] + counts[0] / 10, "{counts:?}");
    });
    run.ok();
}

#[test]
fn calls_without_a_subscriber_or_below_its_level_do_not_allocate() {
    let run = in_child(|dir| {
        assert_eq!(call_all(10), 0);
        let (layer, _guard) = builder(dir).layer().unwrap();
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(LevelFilter::ERROR));
        tracing::subscriber::set_global_default(subscriber).unwrap();
        assert_eq!(call_all(10), 0);
    });
    run.ok();
}

#[test]
fn a_carried_computation_allocates_once() {
    let run = in_child(|dir| {
        let (layer, _guard) = builder(dir).without_log().layer().unwrap();
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
        let span = tracing::info_span!("solve", computation = "solve", theoretical_ref = "Eq. 1").entered();
        let carried = in_current_computation(|step: u32| trail!(step, residual = 0.5));
        assert_eq!(allocations(|| carried(3)), 0);
        drop(span);
    });
    run.ok();
}
