//! The macros `trail!` and `ensure_…!`, and the records of their errors.

#[path = "checks/elsewhere.rs"]
mod elsewhere;
mod support;

use std::cell::Cell;
use std::error::Error;

use proptest::prelude::*;
use support::{Run, in_child};
use tracing::{Span, error, info_span, instrument};
use tracing_failure::check::CheckKind;
use tracing_failure::{
    Category, Check, Failure, ResultExt, StructuredLogger, Value, builder, computation, ensure_converged,
    ensure_decreasing, ensure_finite, ensure_in_range, init, trail,
};

#[derive(Debug, thiserror::Error)]
enum SolverError {
    #[error(transparent)]
    Check(#[from] Check),
    #[error("step {step} failed")]
    Step { step: u32, source: Check },
    #[error("step {step} failed: {source}")]
    Hidden { step: u32, source: Box<SolverError> },
}

fn solve(computation: &str) -> Span {
    info_span!("solve", computation, theoretical_ref = "Eq. 1.12")
}

/// The record of an error that `fail` returns and `record_failure` records, with the line of the check.
fn recorded<E: Error + 'static>(fail: impl FnOnce() -> Result<(), E>) -> Run {
    in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("solve").entered();
        fail().record_failure().unwrap_err();
    })
    .ok()
}

fn texts(failure: &Failure) -> Vec<&str> {
    failure.context.errors.iter().map(|error| error.message.as_str()).collect()
}

fn line(failure: &Failure) -> u32 {
    let location = failure.context.location.as_ref().unwrap();
    assert_eq!(location.file.as_deref(), Some(file!()));
    location.line.unwrap()
}

#[test]
fn a_recorded_check_has_its_category_its_place_and_its_numbers() {
    let failing = line!() + 3;
    let run = recorded(|| {
        let (residual, norm) = (0.5, f64::NAN);
        ensure_finite!(residual, norm, iteration = 17_usize)
    });
    let failure = run.failure();
    assert_eq!((&*failure.error_type, &*failure.error_message), ("Check", "norm is NaN at iteration 17"));
    assert_eq!(texts(&failure), ["norm is NaN at iteration 17"]);
    assert_eq!(failure.context.category, Some(Category::NonFinite));
    assert_eq!(failure.context.reason, None);
    assert_eq!(line(&failure), failing);
    assert_eq!(failure.context.location.unwrap().module.as_deref(), Some(module_path!()));
    let event = failure.context.event.to_string();
    assert_eq!(event, r#"{"check":"finite","name":"norm","value":"NaN","iteration":17}"#);
}

#[test]
fn an_error_that_is_transparent_has_the_facts_of_its_check() {
    let failing = line!() + 3;
    let run = recorded(|| {
        let (residual, options) = (0.032, [1e-8]);
        ensure_converged!(residual <= options[0], iterations = 500)?;
        Ok::<(), SolverError>(())
    });
    let failure = run.failure();
    assert_eq!(failure.error_type, "SolverError");
    assert_eq!((&failure.context.reason, &failure.context.errors[0].data), (&None, &None));
    assert_eq!(texts(&failure), ["no convergence after 500 iterations: residual = 0.032 exceeds options[0] = 1e-8"]);
    assert_eq!((failure.context.category, line(&failure)), (Some(Category::MaxIterations), failing));
    let event = failure.context.event.to_string();
    let (value, bound) = (r#""name":"residual","value":0.032"#, r#""bound":1e-8,"bound_name":"options[0]""#);
    assert_eq!(event, format!(r#"{{"check":"converged",{value},{bound},"iterations":500}}"#));
}

#[test]
fn a_check_deep_in_the_chain_is_found() {
    let failing = line!() + 3;
    let run = recorded(|| {
        let norms = vec![vec![1.0], vec![2.0, f64::NEG_INFINITY]];
        let check = ensure_finite!(norms).map_err(|source| SolverError::Step { step: 3, source });
        check.map_err(|source| SolverError::Hidden { step: 4, source: Box::new(source) })
    });
    let failure = run.failure();
    let message = "step 4 failed: step 3 failed";
    assert_eq!(texts(&failure), [message, "step 3 failed", "norms[1][1] is -Infinity"]);
    assert_eq!(failure.context.errors[2].type_name.as_deref(), Some("tracing_failure::check::error::Check"));
    assert_eq!((failure.context.category, line(&failure)), (Some(Category::NonFinite), failing));
    let event = failure.context.event.to_string();
    assert_eq!(event, r#"{"check":"finite","name":"norms","value":"-Infinity","index":[1,1]}"#);
}

#[test]
fn events_boxes_and_calls_report_checks() {
    let failing = line!() + 2;
    let run = in_child(|dir| {
        let fail = || { ensure_in_range!(1.5, 0.0..=1.0).map_err(SolverError::from) }.unwrap_err();
        let guard = builder(dir).log_filter("off").init().unwrap();
        let logger: StructuredLogger = guard.logger();
        let failure = fail();
        solve("event").in_scope(|| error!(error = &failure as &dyn Error, dt = 0.5, name = "u", "failed"));
        solve("boxed")
            .in_scope(|| Err::<(), Box<dyn Error + Send + Sync>>(fail().into()).record_failure().unwrap_err());
        solve("report").in_scope(|| Err::<(), anyhow::Error>(fail().into()).record_failure().unwrap_err());
        logger.log_failure("call", &fail(), &(), "§2").unwrap();
        let failure = std::thread::spawn(fail).join().unwrap();
        solve("thread").in_scope(|| Err::<(), _>(failure).record_failure().unwrap_err());
    });
    let run = run.ok();
    for computation in ["event", "boxed", "report", "call", "thread"] {
        let failure = run.failure_of(computation);
        assert_eq!(failure.error_message, "1.5 violates the constraint 0.0..=1.0", "{computation}");
        let found = (failure.context.category, line(&failure));
        assert_eq!(found, (Some(Category::ConstraintViolation), failing), "{computation}");
        assert_eq!(failure.context.event.get("bound"), Some(&"0.0..=1.0".into()), "{computation}");
    }
    let event = run.failure_of("event").context.event.to_string();
    let expected = r#"{"dt":0.5,"name":"u","message":"failed","check":"in_range","value":1.5,"bound":"0.0..=1.0"}"#;
    assert_eq!(event, expected, "fields of the event are kept");
}

#[test]
fn the_attribute_records_checks() {
    let failing = line!() + 7;
    let run = in_child(|dir| {
        #[computation("Eq. 1.12")]
        fn flow(norms: &[f64]) -> Result<(), SolverError> {
            for (iteration, &norm) in norms.iter().enumerate() {
                let residual = 0.5;
                trail!(iteration, residual);
                ensure_finite!(residual, norm)?;
            }
            Ok(())
        }
        #[computation("Eq. 1.13")]
        fn direct(norm: f64) -> Result<(), Check> {
            ensure_decreasing!(norm < 0.5, iteration = 2)
        }
        let _guard = builder(dir).log_filter("off").init().unwrap();
        flow(&[1.0, 2.0, f64::NAN]).unwrap_err();
        direct(0.75).unwrap_err();
    });
    let run = run.ok();
    let flow = run.failure_of("flow");
    assert_eq!((&*flow.error_type, line(&flow)), ("SolverError", failing));
    assert_eq!(texts(&flow), ["norm is NaN (the trail ends at iteration 2)"]);
    assert_eq!(flow.context.event.get("name"), Some(&"norm".into()));
    let direct = run.failure_of("direct");
    assert_eq!((&*direct.error_type, direct.context.category), ("Check", Some(Category::ResidualDivergence)));
    assert_eq!((&direct.context.reason, &direct.context.errors[0].data), (&None, &None));
    assert_eq!(texts(&direct), ["norm is growing at iteration 2: it was 0.5 and is 0.75"]);
}

#[test]
fn a_category_of_the_user_wins() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let failure = ensure_finite!(f64::NAN).unwrap_err();
        let event = |category: &str| error!(error = &failure as &dyn Error, category, "failed");
        solve("event").in_scope(|| event("breakdown"));
        let span = info_span!("s", computation = "span", theoretical_ref = "§2", category = "stagnation");
        span.in_scope(|| ensure_finite!(f64::NAN).record_failure().unwrap_err());
        solve("none").in_scope(|| event("no category"));
    });
    let run = run.ok();
    assert_eq!(run.failure_of("event").context.category, Some(Category::Breakdown));
    assert_eq!(run.failure_of("span").context.category, Some(Category::Stagnation));
    assert_eq!(run.failure_of("none").context.category, Some(Category::Other));
}

#[test]
fn one_failure_that_is_reported_twice_is_one_record() {
    let run = in_child(|dir| {
        #[instrument(err)]
        fn inner(norm: f64) -> Result<(), SolverError> {
            ensure_finite!(norm).record_failure()?;
            Ok(())
        }
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("solve").entered();
        inner(f64::NAN).record_failure().unwrap_err();
    });
    assert_eq!(run.ok().failure().context.category, Some(Category::NonFinite));
}

#[test]
fn a_computed_bound_is_not_the_value_before() {
    let (residual, rate, history) = (1.0, 0.999, [0.5, 1.0]);
    let check = ensure_decreasing!(residual <= rate * history[1], iteration = 11).unwrap_err();
    assert_eq!(
        check.to_string(),
        "residual does not decrease at iteration 11: it is 1.0, not at most rate * history[1] = 0.999"
    );
    assert_eq!(check.category(), Category::Stagnation);
    let n = 1;
    let check = ensure_decreasing!(residual < history[n - 1]).unwrap_err();
    assert_eq!(check.to_string(), "residual is growing: it was 0.5 and is 1.0");
    assert_eq!(check.category(), Category::ResidualDivergence);
}

#[test]
fn text_of_a_check_names_its_category() {
    let checks = [
        ensure_finite!(f64::INFINITY, iteration = 1),
        ensure_finite!([1.0, f64::NAN]),
        ensure_converged!(2.0 <= 1.0, iterations = 1),
        ensure_converged!(1.0 < 1.0),
        ensure_converged!(f64::NAN < 1.0),
        ensure_converged!(1.0 < f64::NAN),
        ensure_decreasing!(2.0 < 1.0, iteration = 3),
        ensure_decreasing!(2.0 < 2.0),
        ensure_decreasing!(2.0 <= 0.5 * 2.0),
        ensure_decreasing!(2.0 < 2.0 - 1e-12),
        ensure_decreasing!(f64::NAN <= 2.0),
        ensure_decreasing!(2.0 <= f64::NAN),
        ensure_in_range!(2, ..2),
        ensure_in_range!(f64::NAN, 0.0..),
        ensure_in_range!(0.5, f64::NAN..),
    ];
    for check in checks.map(Result::unwrap_err) {
        assert_eq!(Category::of_text(&check.to_string()), Some(check.category()), "{check}");
    }
}

#[test]
fn text_reports_have_the_category_and_reports_with_sources_the_place() {
    let failing = line!() + 4;
    let run = in_child(|dir| {
        fn fail(residual: f64) -> Result<(), SolverError> {
            // The message of the check is all that `err` passes on.
            ensure_converged!(residual <= 1e-8, iterations = 9)?;
            Ok(())
        }
        #[instrument(err, fields(computation = "text", theoretical_ref = "§2"))]
        fn text(residual: f64) -> Result<(), SolverError> {
            fail(residual)
        }
        #[instrument(err(Debug), fields(computation = "report", theoretical_ref = "§2"))]
        fn report(residual: f64) -> anyhow::Result<()> {
            Ok(fail(residual)?)
        }
        let _guard = builder(dir).log_filter("off").init().unwrap();
        text(0.5).unwrap_err();
        report(0.5).unwrap_err();
    });
    let run = run.ok();
    let message = "no convergence after 9 iterations: residual = 0.5 exceeds 1e-8";
    let text = run.failure_of("text");
    assert_eq!((text.context.category, &*text.error_message), (Some(Category::MaxIterations), message));
    let report = run.failure_of("report");
    assert_eq!((report.context.category, texts(&report)), (Some(Category::MaxIterations), vec![message]));
    assert_eq!(line(&report), failing);
}

#[test]
fn suggestions_do_not_mistake_the_value_for_an_input() {
    let run = recorded(|| {
        let mut previous = f64::INFINITY;
        for iteration in 0..40 {
            let residual = if iteration == 30 { f64::NAN } else { 1.0 / f64::from(1 << iteration) };
            trail!(iteration, residual);
            ensure_decreasing!(residual < previous)?;
            previous = residual;
        }
        Ok::<(), SolverError>(())
    });
    let failure = run.failure();
    let message = "residual does not decrease: it was 1.862645149230957e-9 and is NaN (the trail ends at iteration 30)";
    assert_eq!(failure.error_message, message);
    assert_eq!(failure.context.event.get("trail_end").unwrap().get("iteration"), Some(&30.into()));
    let first = &failure.suggested_fixes[0];
    assert!(first.starts_with("residual is NaN at iteration 30"), "{:#?}", failure.suggested_fixes);
    let rules: Vec<_> = failure.context.suggestions.iter().map(|known| known.rule.as_deref().unwrap()).collect();
    assert!(!rules.iter().any(|rule| ["parameter.non_finite", "non_finite.value"].contains(rule)), "{rules:?}");
}

#[test]
fn the_tolerance_of_a_check_is_the_target_of_its_residual() {
    let run = recorded(|| {
        let tol = 1e-8;
        let mut residual = 1.0;
        for iteration in 0..100 {
            residual *= 0.95;
            trail!(iteration, residual);
        }
        ensure_converged!(residual <= tol, iterations = 100)
    });
    let fixes = run.failure().suggested_fixes;
    assert!(fixes[0].contains("Getting from 0.006 to 1e-8 takes about 260 more"), "{fixes:#?}");
}

#[test]
fn the_trail_names_the_iteration_of_its_last_row() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let check = || ensure_finite!(f64::NAN).unwrap_err();
        assert_eq!(check().trail_end(), None, "outside of a computation");
        let _entered = solve("solve").entered();
        assert_eq!(check().trail_end(), None, "before the first row");
        elsewhere::step(99);
        assert_eq!(check().trail_end(), None, "rows of other files do not count");
        for step in 0..1000_u64 {
            trail!(step, n = 5);
        }
        assert_eq!(check().trail_end(), Some(("step", 999)));
        info_span!("inner", level = 2).in_scope(|| {
            assert_eq!(check().trail_end(), Some(("step", 999)), "from an inner span");
            trail!(iter = 7_i128, "with a message");
            assert_eq!(check().trail_end(), Some(("iter", 7)));
        });
        trail!(k = 3, residual = 0.5, method = "newton");
        assert_eq!(check().to_string(), "f64::NAN is NaN (the trail ends at k = 3)");
        assert_eq!(ensure_finite!(f64::NAN, iteration = 4).unwrap_err().to_string(), "f64::NAN is NaN at iteration 4");
        trail!(iteration = 0.5);
        assert_eq!(check().trail_end(), Some(("k", 3)), "not an integer");
        std::thread::spawn(move || assert_eq!(ensure_finite!(f64::NAN).unwrap_err().trail_end(), None)).join().unwrap();
        solve("inner computation").in_scope(|| assert_eq!(check().trail_end(), None));
    });
    run.ok();
}

#[test]
fn trail_takes_what_debug_takes() {
    let first = line!() + 6;
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = solve("solve");
        let _entered = span.enter();
        let (iteration, residual, values) = (3, 0.5, [1.0, 2.0]);
        trail!(residual);
        trail!(residual,);
        trail!(iteration, residual, norm = values[1], error.relative = 0.25, ok = true);
        trail!(iteration, ?values, %residual, "a message with {}", "arguments");
        trail!(target: "solver", iteration);
        trail!(parent: &span, iteration, residual);
        trail!(name: "row", iteration, residual);
        error!("failed");
    });
    let failure = run.ok().failure();
    let trail = &failure.context.trail;
    let columns: Vec<String> = trail.iter().map(|entry| entry.columns.to_string()).collect();
    let both = r#"{"iteration":[3],"residual":[0.5]}"#;
    assert_eq!(
        columns,
        [
            r#"{"residual":[0.5]}"#,
            r#"{"residual":[0.5]}"#,
            r#"{"iteration":[3],"residual":[0.5],"norm":[2.0],"error.relative":[0.25],"ok":[true]}"#,
            r#"{"iteration":[3]}"#,
            r#"{"iteration":[3]}"#,
            both,
            both,
        ]
    );
    assert_eq!((trail[0].message.as_deref(), &*trail[0].level), (None, "DEBUG"));
    assert_eq!(trail[3].message.as_deref(), Some("a message with arguments"));
    let location = trail[0].location.as_ref().unwrap();
    assert_eq!((location.file.as_deref(), location.line), (Some(file!()), Some(first)));
    assert_eq!(location.target.as_deref(), Some(module_path!()));
    assert_eq!(trail[4].location.as_ref().unwrap().target.as_deref(), Some("solver"));
}

#[test]
fn every_expression_is_evaluated_once_and_in_order() {
    let order = Cell::new(String::new());
    let take = |value: f64, name: &str| {
        order.set(order.take() + name);
        value
    };
    let count = |name: &str| take(3.0, name) as i32;
    for bad in [0.5, f64::NAN] {
        let _ = ensure_finite!(take(bad, "a"), [take(1.0, "b"), take(bad, "c")], iteration = count("d"));
        assert_eq!(order.take(), "abcd");
        let _ = ensure_converged!(take(bad, "a") <= take(1.0, "b"), iterations = count("c"));
        assert_eq!(order.take(), "abc");
        let _ = ensure_decreasing!(take(bad, "a") < take(1.0, "b"), iteration = count("c"));
        assert_eq!(order.take(), "abc");
        let _ = ensure_in_range!(take(bad, "a"), take(0.0, "b")..take(1.0, "c"), iteration = count("d"));
        assert_eq!(order.take(), "abcd");
    }
}

#[test]
fn values_are_borrowed() {
    let state = vec![1.0, 2.0];
    let name = String::from("still mine");
    struct Options {
        tol: f64,
    }
    let options = &Options { tol: 3.0 };
    ensure_finite!(state, state[1], &state[..1], *state, Some(&state), Box::new([1.0_f32])).unwrap();
    ensure_converged!(state.iter().sum::<f64>() <= options.tol).unwrap();
    ensure_converged!(state.iter().copied().fold::<f64, _>(0.0, f64::max) < options.tol, iterations = &3,).unwrap();
    ensure_converged!((state.len() as f64) < options.tol).unwrap();
    ensure_decreasing!(&state[0] < &state[1],).unwrap();
    ensure_in_range!(state.len(), 1..=2).unwrap();
    ensure_in_range!(state[0], (std::ops::Bound::Excluded(0.5), std::ops::Bound::Unbounded)).unwrap();
    assert_eq!((state.len(), &*name), (2, "still mine"));
    let check = ensure_finite!(vec![vec![0.0], vec![f32::NAN]]).unwrap_err();
    assert_eq!((check.index(), check.name()), (&[1, 0][..], "vec![vec![0.0], vec![f32::NAN]]"));
}

#[test]
fn numbers_of_all_types_are_compared() {
    let tol = 0.1_f32;
    let check = ensure_converged!(0.3_f32 <= tol).unwrap_err();
    assert_eq!(check.to_string(), "no convergence: 0.3 exceeds tol = 0.1");
    ensure_converged!(tol <= 0.5).unwrap();
    ensure_in_range!(tol, 0.0..1.0).unwrap();
    ensure_in_range!(3_u8, ..=3).unwrap();
    let check = ensure_in_range!(u64::MAX, 0..u64::MAX).unwrap_err();
    assert_eq!(check.value(), &Value::UInt(u64::MAX));
    assert_eq!(ensure_decreasing!(4_usize < 3).unwrap_err().category(), Category::ResidualDivergence);
    assert_eq!(ensure_decreasing!(3_i128 < 3).unwrap_err().category(), Category::Stagnation);
    assert_eq!(ensure_converged!(2.0 <= 1.0, iterations = u64::MAX).unwrap_err().iteration(), Some(i64::MAX));
    let (lower, upper) = (0.0, 1.0);
    let check = ensure_in_range!(2.0, lower..upper).unwrap_err();
    assert_eq!(check.to_string(), "2.0 violates the constraint lower..upper (0.0..1.0)");
    assert_eq!(check.clone(), check);
    assert_eq!(check.kind(), CheckKind::InRange);
    assert!(format!("{check:?}").starts_with(r#"Check("2.0 violates"#), "{check:?}");
    fn require<T: Error + Clone + PartialEq + Send + Sync + 'static>() {}
    require::<Check>();
}

#[test]
fn empty_lists_are_finite_and_empty_ranges_contain_nothing() {
    ensure_finite!([0.0_f64; 0], Vec::<f32>::new(), None::<f64>, [[0.0; 0]; 3]).unwrap();
    #[allow(clippy::reversed_empty_ranges)]
    let empty = 1.0..0.0;
    ensure_in_range!(0.5, empty).unwrap_err();
}

#[test]
fn a_check_that_passes_allocates_nothing() {
    let values: Vec<f64> = (0..1000).map(f64::from).collect();
    let check = |iteration: usize| -> Result<(), SolverError> {
        ensure_finite!(values, values[1], iteration = iteration)?;
        ensure_converged!(values[1] <= values[2], iterations = iteration)?;
        ensure_decreasing!(values[1] < values[2])?;
        ensure_in_range!(values[1], 0.0..=1.0)?;
        Ok(())
    };
    let allocated = allocation_counter::measure(|| (0..100).for_each(|iteration| check(iteration).unwrap()));
    assert_eq!(allocated.count_total, 0);
    assert!(allocation_counter::measure(|| drop(ensure_finite!(f64::NAN))).count_total > 0, "the counter counts");
    assert_eq!(size_of::<Result<(), Check>>(), size_of::<usize>());
}

/// The macros do not depend on the names that are in scope.
mod without_prelude {
    #![no_implicit_prelude]
    extern crate tracing_failure as renamed;

    #[allow(dead_code)]
    struct Ok;
    #[allow(dead_code)]
    struct Err;

    pub(super) fn check(x: f64, y: f64) -> ::std::result::Result<(), renamed::Check> {
        renamed::trail!(x, y);
        renamed::ensure_finite!(x, y, iteration = 3)?;
        renamed::ensure_converged!(x <= y, iterations = 3)?;
        renamed::ensure_decreasing!(x < y)?;
        renamed::ensure_in_range!(x, 0.0..y)
    }
}

#[test]
fn the_macros_need_no_names_in_scope() {
    without_prelude::check(1.0, 2.0).unwrap();
    without_prelude::check(f64::NAN, 2.0).unwrap_err();
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), (-3_i8..3).prop_map(f64::from), prop::sample::select(vec![f64::NAN, f64::INFINITY])]
}

proptest! {
    #[test]
    fn nan_passes_no_check(x in any_number(), y in any_number(), z in any_number()) {
        prop_assert_eq!(ensure_finite!(x, [y], vec![z]).is_ok(), x.is_finite() && y.is_finite() && z.is_finite());
        prop_assert_eq!(ensure_converged!(x <= y).is_ok(), x <= y);
        prop_assert_eq!(ensure_converged!(x < y).is_ok(), x < y);
        prop_assert_eq!(ensure_decreasing!(x < y).is_ok(), x < y);
        prop_assert_eq!(ensure_decreasing!(x as f32 <= y as f32).is_ok(), x as f32 <= y as f32);
        prop_assert_eq!(ensure_in_range!(x, y..z).is_ok(), y <= x && x < z);
        prop_assert_eq!(ensure_in_range!(x, y..=z).is_ok(), y <= x && x <= z);
        prop_assert_eq!(ensure_in_range!(x, ..z).is_ok(), x < z);
        prop_assert_eq!(ensure_in_range!(x, y..).is_ok(), y <= x);
        prop_assert_eq!(ensure_in_range!(x, ..).is_ok(), !x.is_nan());
        prop_assert_eq!((y..z).contains(&x), ensure_in_range!(x, y..z).is_ok());
    }

    #[test]
    fn every_failed_check_has_a_sentence_and_a_category(x in any_number(), y in any_number(), n in any::<i64>()) {
        for check in [
            ensure_finite!(x, iteration = n),
            ensure_converged!(x < y, iterations = n),
            ensure_decreasing!(x < y, iteration = n),
            ensure_in_range!(x, y.., iteration = n),
        ] {
            let Err(check) = check else { continue };
            let text = check.to_string();
            prop_assert!(text.contains(&n.to_string()) && text.contains("x "), "{}", text);
            prop_assert!(check.category() != Category::Other);
            let is_nan = |bound: &Value| bound.as_f64().is_some_and(f64::is_nan) || bound.to_string().contains("NaN");
            let is_non_finite = !x.is_finite() || check.bound().is_some_and(is_nan);
            prop_assert_eq!(check.category() == Category::NonFinite, is_non_finite);
        }
    }
}
