//! Events in spans between them and the computation: levels, chains, sub-steps.

use tracing::{Span, debug, error, field, info, info_span};
use tracing_failure::record::{Behaviour, Convergence, TrailEntry};
use tracing_failure::{Failure, Value, builder};

use super::support::in_child;
use super::{column, integers, solve};

fn run(work: impl Fn()) -> Failure {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        work();
    });
    run.ok().failure()
}

fn entries<'a>(failure: &'a Failure, message: &str) -> Vec<&'a TrailEntry> {
    failure.context.trail.iter().filter(|entry| entry.message.as_deref() == Some(message)).collect()
}

fn residual<'a>(failure: &'a Failure, entry: &TrailEntry) -> &'a Convergence {
    let place = failure.context.trail.iter().position(|known| known == entry).unwrap();
    let mut series = failure.context.convergence.iter();
    series.find(|series| series.trail == place && series.column == "residual").unwrap()
}

/// A cycle of multigrid: each level converges at a rate of its own.
fn cycle(level: u64, cycle: i32) {
    let rate = 0.3 + 0.2 * level as f64;
    let _span = info_span!("level", level, grid = %format!("{0}x{0}", 64 >> level)).entered();
    debug!(cycle, residual = rate.powi(cycle), "smooth");
    if level < 3 {
        self::cycle(level + 1, cycle);
    }
    debug!(cycle, residual = 2.0 * rate.powi(cycle), "smooth again");
}

#[test]
fn levels_of_multigrid_are_separate_series() {
    let failure = run(|| {
        let _entered = solve("multigrid").entered();
        (0..30).for_each(|number| cycle(0, number));
        error!("failed");
    });
    for message in ["smooth", "smooth again"] {
        let mut levels = entries(&failure, message);
        levels.sort_by_key(|entry| entry.spans.len());
        assert_eq!(levels.len(), 4);
        for (level, entry) in levels.into_iter().enumerate() {
            assert_eq!(entry.span_fields.get("level"), Some(&Value::Int(level as i64)));
            assert_eq!(entry.span_fields.get("grid"), Some(&format!("{0}x{0}", 64 >> level).into()));
            assert_eq!(entry.spans, vec!["level"; level + 1]);
            assert_eq!(integers(entry, "cycle"), (0..30).collect::<Vec<_>>());
            assert_eq!((entry.seen, entry.dropped), (30, 0));
            let convergence = residual(&failure, entry);
            assert!((convergence.rate.unwrap() - (0.3 + 0.2 * level as f64)).abs() < 1e-6, "{convergence:?}");
        }
    }
}

#[test]
fn chains_keep_their_beginnings_and_their_ends() {
    let failure = run(|| {
        let _entered = solve("chains").entered();
        for chain in ["cold", "hot", "tempered"] {
            let _span = info_span!("chain", chain).entered();
            (0..1000).for_each(|sweep| debug!(sweep, energy = 0.5, "sweep"));
        }
        error!("failed");
    });
    let chains = entries(&failure, "sweep");
    let names: Vec<_> = chains.iter().map(|entry| entry.span_fields.get("chain").unwrap().as_str().unwrap()).collect();
    assert_eq!(names, ["cold", "hot", "tempered"]);
    for chain in chains {
        let sweeps = integers(chain, "sweep");
        assert!(sweeps.starts_with(&[0, 1, 2]) && sweeps.ends_with(&[997, 998, 999]), "{sweeps:?}");
        assert_eq!((chain.seen, chain.seen - chain.dropped), (1000, sweeps.len() as u64));
    }
}

#[test]
fn names_of_spans_without_fields_distinguish_series() {
    fn conjugate_gradient(rate: f64) {
        (0..20).for_each(|iteration| debug!(iteration, residual = rate.powi(iteration), "cg"));
    }
    let failure = run(|| {
        let _entered = solve("coupled").entered();
        info_span!("pressure").in_scope(|| conjugate_gradient(0.5));
        info_span!("velocity").in_scope(|| conjugate_gradient(1.5));
        conjugate_gradient(0.25);
        error!("failed");
    });
    let series = entries(&failure, "cg");
    let spans: Vec<String> = series.iter().map(|entry| entry.spans.join("/")).collect();
    assert_eq!(spans, ["pressure", "velocity", ""]);
    let behaviours: Vec<Behaviour> = series.iter().map(|entry| residual(&failure, entry).behaviour).collect();
    assert_eq!(behaviours, [Behaviour::GeometricDecay, Behaviour::GeometricGrowth, Behaviour::GeometricDecay]);
}

#[test]
fn many_sub_steps_are_a_column_and_the_last_one_is_described() {
    let failure = run(|| {
        let _entered = solve("time steps").entered();
        for step in 0..100 {
            let _span = info_span!("time_step", step, dt = 0.5).entered();
            let rate: f64 = if step < 99 { 0.1 } else { 3.0 };
            (0..6).for_each(|iteration| debug!(iteration, residual = rate.powi(iteration), "newton"));
        }
        error!("failed");
    });
    let [newton] = entries(&failure, "newton")[..] else { panic!("{:?}", failure.context.trail) };
    assert_eq!((newton.seen, newton.spans.join("/")), (600, "time_step".to_owned()));
    assert_eq!(newton.span_columns, ["step", "dt"]);
    let steps = integers(newton, "step");
    assert_eq!((steps[0], steps[7], steps[255]), (0, 1, 99));
    for (row, iteration) in integers(newton, "iteration").iter().enumerate().skip(8) {
        assert_eq!(*iteration as usize, (600 - 256 + row) % 6);
        assert_eq!(steps[row] as usize, (600 - 256 + row) / 6);
    }
    let convergence = residual(&failure, newton);
    assert_eq!((convergence.behaviour, convergence.rows), (Behaviour::GeometricGrowth, 6));
    assert!(!failure.context.convergence.iter().any(|series| series.column == "dt"), "it is no series");
}

#[test]
fn one_event_for_each_sub_step_is_one_series() {
    let failure = run(|| {
        let _entered = solve("steps").entered();
        for step in 0..100 {
            let _span = info_span!("step", step).entered();
            debug!(residual = 0.5_f64.powi(step), step = 7, "done");
        }
        error!("failed");
    });
    let [done] = entries(&failure, "done")[..] else { panic!("{:?}", failure.context.trail) };
    assert_eq!(integers(done, "span.step"), (0..100).collect::<Vec<_>>());
    assert_eq!(column(done, "step"), vec![Value::Int(7); 100]);
    let convergence = residual(&failure, done);
    assert_eq!((convergence.behaviour, convergence.rows), (Behaviour::GeometricDecay, 100));
}

#[test]
fn breadcrumbs_name_their_span() {
    let failure = run(|| {
        let _entered = solve("words").entered();
        info!("begin");
        let _chain = info_span!("chain", chain = 3, seed = 17, api_key = "0xdead").entered();
        info_span!("warm_up").in_scope(|| info!("thermalised"));
        info!("measuring");
        error!("failed");
    });
    let breadcrumbs = failure.context.breadcrumbs.iter().map(|breadcrumb| {
        format!("{} {} {}", breadcrumb.span.as_deref().unwrap(), breadcrumb.message, breadcrumb.span_fields)
    });
    let chain = r#"{"chain":3,"seed":17,"api_key":"[redacted]"}"#;
    assert_eq!(
        breadcrumbs.collect::<Vec<_>>(),
        ["solve begin {}".to_owned(), format!("warm_up thermalised {chain}"), format!("chain measuring {chain}")]
    );
}

#[test]
fn initial_fields_of_a_span_distinguish_its_late_values() {
    let failure = run(|| {
        let _entered = solve("late").entered();
        for cycle in 0..10 {
            for level in 0..3 {
                let _span = info_span!("level", level, residual = field::Empty).entered();
                Span::current().record("residual", 0.5_f64.powi(cycle));
                debug!(cycle, "swept");
                Span::current().record("residual", 0.25_f64.powi(cycle));
                debug!(cycle, "swept");
            }
        }
        error!("failed");
    });
    let late: Vec<_> = failure.context.trail.iter().filter(|entry| entry.span.is_some()).collect();
    let levels: Vec<_> = late.iter().map(|entry| entry.span_fields.to_string()).collect();
    assert_eq!(levels, [r#"{"level":0}"#, r#"{"level":1}"#, r#"{"level":2}"#]);
    assert!(late.iter().all(|entry| entry.columns.len() == 1 && entry.seen == 20), "{late:?}");
    assert_eq!(failure.context.trail.len(), 9, "two callsites that say the same, and the late values");
}

/// Ids of spans are used again, and spans close long before the failure.
#[test]
fn rows_know_their_spans_after_many_others() {
    let failure = run(|| {
        let _entered = solve("long").entered();
        let outer = info_span!("outer", outer = 1);
        for step in 0..20_000 {
            let _span = info_span!("step", step).entered();
            debug!(step, "inside");
            if step % 100 == 0 {
                outer.in_scope(|| debug!(step, "in between"));
            }
        }
        error!("failed");
    });
    let [inside] = entries(&failure, "inside")[..] else { panic!("{:?}", failure.context.trail) };
    assert_eq!(column(inside, "span.step"), column(inside, "step"));
    let between = entries(&failure, "in between");
    assert_eq!(between.iter().map(|entry| entry.seen).sum::<u64>(), 200);
    for entry in between {
        assert_eq!(entry.span_fields.to_string(), r#"{"outer":1}"#, "{entry:?}");
    }
}

#[test]
fn threads_in_one_span_have_one_series() {
    let failure = run(|| {
        let computation = solve("shared");
        let level = info_span!(parent: &computation, "level", level = 3);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let level = &level;
                scope.spawn(move || level.in_scope(|| (0..10).for_each(|step| debug!(thread, step, "step"))));
            }
        });
        computation.in_scope(|| error!("failed"));
    });
    let [step] = entries(&failure, "step")[..] else { panic!("{:?}", failure.context.trail) };
    assert_eq!((step.seen, step.span_fields.to_string()), (40, r#"{"level":3}"#.to_owned()));
}
