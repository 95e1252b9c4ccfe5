//! The arguments in the record: what is captured, when, and how.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Serialize, Serializer};
use tracing::{error, info_span};
use tracing_failure::{Failure, ResultExt, computation, init};

use crate::support::{Run, in_child};

/// Runs the body, which fails in one computation.
fn failure(body: impl FnOnce()) -> Failure {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        body();
    });
    run.ok().failure()
}

#[derive(Debug, Serialize)]
struct Options {
    rtol: f64,
    method: &'static str,
}

#[derive(Debug, Clone, Copy)]
struct Point {
    x: f64,
    y: f64,
}

struct Opaque;

type Real = f64;

mod kinds {
    use super::*;

    #[computation("Eq. 1")]
    #[allow(clippy::too_many_arguments)]
    fn numbers(
        real: Real,
        single: f32,
        count: usize,
        wide: u128,
        flag: bool,
        letter: char,
        text: &str,
        owned: String,
        reference: &f64,
        optional: Option<f64>,
        absent: Option<u32>,
        duration: Duration,
    ) -> Result<(), String> {
        let _ = (real, single, count, wide, flag, letter, text, owned, reference, optional, absent, duration);
        Err("failed".to_owned())
    }

    #[test]
    fn numbers_booleans_and_texts_are_typed() {
        let failure = failure(|| {
            let owned = "owned".to_owned();
            let _ = numbers(
                f64::NAN,
                0.5,
                3,
                u128::MAX,
                true,
                'x',
                "a",
                owned,
                &2.5,
                Some(1.5),
                None,
                Duration::from_secs(3),
            );
        });
        assert_eq!(
            failure.parameters.to_string(),
            concat!(
                r#"{"real":"NaN","single":0.5,"count":3,"wide":"340282366920938463463374607431768211455","flag":true,"#,
                r#""letter":"x","text":"a","owned":"owned","reference":2.5,"optional":1.5,"absent":null,"#,
                r#""duration":"3s"}"#
            )
        );
    }

    #[computation("Eq. 1")]
    #[allow(clippy::too_many_arguments)]
    fn structures(
        options: &Options,
        point: Point,
        pair: (f64, f64),
        grid: [f64; 3],
        nested: [[i32; 2]; 2],
        slice: &[f64],
        points: &[Point],
        maybe: Option<&Options>,
        map: &BTreeMap<String, f64>,
        opaque: &Opaque,
        rhs: impl Fn(f64) -> f64,
        jacobian: fn(f64) -> f64,
    ) -> Result<(), String> {
        let _ = (options, point.y, pair, grid, nested, slice, points, maybe, map, opaque, rhs(1.0), jacobian);
        Err("failed".to_owned())
    }

    #[test]
    fn references_and_copies_are_captured_completely() {
        let failure = failure(|| {
            let options = Options { rtol: 1e-9, method: "RK45" };
            let point = Point { x: 1.0, y: 2.0 };
            let map = BTreeMap::from([("mu".to_owned(), 40.0)]);
            let _ = structures(
                &options,
                point,
                (0.0, 10.0),
                [50.0, 100.0, 150.0],
                [[1, 2], [3, 4]],
                &[0.5, f64::INFINITY],
                &[point],
                Some(&options),
                &map,
                &Opaque,
                |x| x,
                |x| x,
            );
        });
        assert_eq!(
            failure.parameters.to_string(),
            concat!(
                r#"{"options":{"rtol":1e-9,"method":"RK45"},"point":{"x":1.0,"y":2.0},"pair":[0.0,10.0],"#,
                r#""grid":[50.0,100.0,150.0],"nested":[[1,2],[3,4]],"slice":[0.5,"Infinity"],"#,
                r#""points":[{"x":1.0,"y":2.0}],"maybe":{"rtol":1e-9,"method":"RK45"},"map":{"mu":40.0}}"#
            )
        );
    }

    #[computation("Eq. 1")]
    #[allow(clippy::too_many_arguments)]
    fn owned(
        mut grid: Vec<f64>,
        small: Vec<u32>,
        state: &mut [f64],
        queue: VecDeque<i64>,
        range: Range<f64>,
        inclusive: RangeInclusive<u32>,
        points: Vec<Point>,
        map: HashMap<String, f64>,
        maybe: Option<Vec<f64>>,
        options: Options,
        point: &mut Point,
        opaque: Opaque,
    ) -> Result<(), String> {
        grid.clear();
        state.fill(0.0);
        point.x = 7.0;
        let _ = (small, queue, range, inclusive, points, map, maybe, options, opaque);
        Err("failed".to_owned())
    }

    #[test]
    fn owned_and_mutable_arguments_are_summarised_on_entry() {
        let failure = failure(|| {
            let mut point = Point { x: 1.0, y: 2.0 };
            let _ = owned(
                (0..1000).map(f64::from).collect(),
                vec![1, 2, 3],
                &mut [1.5, 2.5],
                VecDeque::from([1, -1]),
                0.0..1.0,
                1..=5,
                vec![point; 3],
                HashMap::new(),
                Some(vec![0.5]),
                Options { rtol: 1e-9, method: "RK45" },
                &mut point,
                Opaque,
            );
        });
        assert_eq!(
            failure.parameters.to_string(),
            concat!(
                r#"{"grid":{"summary":"array","length":1000,"shape":[1000],"head":[0.0,1.0,2.0,3.0,4.0,5.0,6.0,7.0],"#,
                r#""tail":[992.0,993.0,994.0,995.0,996.0,997.0,998.0,999.0]},"small":[1,2,3],"state":[1.5,2.5],"#,
                r#""queue":[1,-1],"range":{"start":0.0,"end":1.0},"inclusive":{"start":1,"end":5},"#,
                r#""points":{"summary":"collection","length":3},"map":{"summary":"collection","length":0},"maybe":[0.5],"#,
                r#""options":"[not captured: the function may change this Options]","#,
                r#""point":"[not captured: the function may change this Point]"}"#
            )
        );
    }
}

mod moments {
    use super::*;

    /// Counts how often it is serialised.
    struct Counted(&'static AtomicU64);

    impl Serialize for Counted {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u64(self.0.fetch_add(1, Ordering::Relaxed))
        }
    }

    static COUNT: AtomicU64 = AtomicU64::new(0);

    #[computation("Eq. 1")]
    fn healthy(value: &Counted) -> Result<f64, String> {
        let _ = value;
        Ok(1.0)
    }

    #[computation("Eq. 1")]
    fn failing(value: &Counted) -> Result<f64, String> {
        let _ = value;
        error!("first");
        Err("second".to_owned())
    }

    #[test]
    fn nothing_is_serialised_before_a_failure_and_then_once() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let value = Counted(&COUNT);
            (0..10).for_each(|_| drop(healthy(&value)));
            assert_eq!(COUNT.load(Ordering::Relaxed), 0);
            failing(&value).unwrap_err();
            assert_eq!(COUNT.load(Ordering::Relaxed), 1);
        })
        .ok();
        let [first, second] = &run.failures()[..] else { panic!("{}", run.stderr) };
        assert_eq!(first.parameters.to_string(), r#"{"value":0}"#);
        assert_eq!(second.parameters, first.parameters);
    }

    #[computation("Eq. 1")]
    fn logged(n: u32, couplings: [f64; 3], t_range: (f64, f64), grid: &[f64], large: &[f64], options: &Options) {
        let _ = (n, couplings, t_range, grid, large, options);
    }

    #[test]
    fn the_log_line_of_a_success_has_the_small_arguments() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let options = Options { rtol: 1e-9, method: "RK45" };
            logged(7, [50.0, 100.0, 150.0], (0.0, f64::NAN), &[1.0], &[0.5; 1000], &options);
        })
        .ok();
        let parameters = &run.log()[0]["parameters"];
        assert_eq!(
            parameters.to_string(),
            r#"{"couplings":[50.0,100.0,150.0],"grid":[1.0],"n":7,"t_range":[0.0,"NaN"]}"#
        );
    }

    #[computation("Eq. 2")]
    fn inner(options: &Options) -> Result<(), std::fmt::Error> {
        let _ = options;
        Err(std::fmt::Error).record_failure()
    }

    #[computation("Eq. 1")]
    fn outer(options: &Options, limits: &[f64]) -> Result<(), std::fmt::Error> {
        let _ = (options, limits);
        inner(&Options { rtol: 0.5, method: "inner" })
    }

    #[test]
    fn a_failure_inside_has_the_arguments_of_the_calls_around_it() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            outer(&Options { rtol: 1e-9, method: "RK45" }, &[1.0]).unwrap_err();
        })
        .ok();
        let inner = run.failure_of("inner");
        assert_eq!(inner.parameters.to_string(), r#"{"options":{"rtol":0.5,"method":"inner"},"limits":[1.0]}"#);
        let outer = run.failure_of("outer");
        assert_eq!(outer.parameters.to_string(), r#"{"options":{"rtol":1e-9,"method":"RK45"},"limits":[1.0]}"#);
        assert_eq!(outer.context.caused_by, inner.context.id);
    }

    #[computation("Eq. 1")]
    fn with_workers(options: &Options) -> Result<(), String> {
        let _ = options;
        let span = tracing::Span::current();
        std::thread::scope(|scope| {
            scope.spawn(|| span.in_scope(|| error!("worker failed")));
        });
        Err("a worker failed".to_owned())
    }

    #[test]
    fn a_record_of_another_thread_gets_the_arguments_when_the_function_fails() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            with_workers(&Options { rtol: 1e-9, method: "RK45" }).unwrap_err();
        })
        .ok();
        let [worker, function] = &run.failures()[..] else { panic!("{}", run.stderr) };
        assert_eq!(worker.error_message, "worker failed");
        assert_eq!(worker.parameters.to_string(), r#"{"options":{"rtol":1e-9,"method":"RK45"}}"#);
        assert_eq!(function.parameters, worker.parameters);
    }

    #[computation("Eq. 1")]
    async fn later(options: &Options, values: Vec<f64>) -> Result<(), String> {
        tokio::task::yield_now().await;
        drop(values);
        error!("inside");
        tokio::task::yield_now().await;
        Err(format!("no {}", options.method))
    }

    #[test]
    fn an_asynchronous_function_keeps_its_arguments_across_awaits() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
            runtime.block_on(async {
                let task = tokio::spawn(async { later(&Options { rtol: 0.5, method: "BDF" }, vec![1.0, 2.0]).await });
                task.await.unwrap().unwrap_err();
            });
        })
        .ok();
        let failures = run.failures();
        assert_eq!(failures.len(), 2, "{}", run.stderr);
        for failure in failures {
            assert_eq!(failure.parameters.to_string(), r#"{"options":{"rtol":0.5,"method":"BDF"},"values":[1.0,2.0]}"#);
        }
    }

    /// A program that aborts on panics has no time to run code of the program.
    #[computation("Eq. 1")]
    fn aborts(n: u32, values: &[f64], options: &Options) -> f64 {
        struct Abort;
        impl Drop for Abort {
            fn drop(&mut self) {
                std::process::abort();
            }
        }
        let _abort = Abort;
        assert!(options.rtol > f64::from(n), "not started");
        values[0]
    }

    #[test]
    fn a_panic_that_aborts_has_the_arguments_without_code_of_the_program() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            aborts(3, &[1.0, 2.0], &Options { rtol: 0.5, method: "BDF" });
        });
        assert!(!run.status.success());
        assert_eq!(run.failure().parameters.to_string(), r#"{"n":3,"values":[1.0,2.0]}"#);
    }
}

mod hostile {
    use super::*;

    struct Panics;

    impl fmt::Debug for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no text")
        }
    }

    struct Fails;

    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no value"))
        }
    }

    /// Fails itself while it is read.
    struct Recursive;

    impl fmt::Debug for Recursive {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            error!(computation = "inner", theoretical_ref = "Eq. 2", "while formatting");
            let _ = nested(&Recursive2);
            f.write_str("Recursive")
        }
    }

    #[derive(Debug)]
    struct Recursive2;

    #[computation("Eq. 3")]
    fn nested(value: &Recursive2) -> Result<(), String> {
        Err(format!("{value:?}"))
    }

    #[computation("Eq. 1")]
    fn hostile(panics: &Panics, fails: &Fails, recursive: &Recursive, x: f64) -> Result<f64, String> {
        let _ = (panics, fails, recursive);
        Err(format!("failed at {x}"))
    }

    #[test]
    fn arguments_that_cannot_be_read_cost_only_themselves() {
        let failure = failure(|| drop(hostile(&Panics, &Fails, &Recursive, 1.5)));
        assert_eq!(
            failure.parameters.to_string(),
            concat!(
                r#"{"panics":"[not readable, it panicked: no text]","#,
                r#""fails":"[not readable, its Serialize failed: no value]","recursive":"Recursive","x":1.5}"#
            )
        );
    }

    #[test]
    fn arguments_that_panic_do_not_turn_a_panic_into_an_abort() {
        #[computation("Eq. 1")]
        fn panicking(panics: &Panics, x: f64) {
            let _ = panics;
            panic!("failed at {x}");
        }
        let failure = failure(|| drop(catch_unwind(|| panicking(&Panics, 1.5))));
        assert_eq!(failure.error_message, "failed at 1.5");
        assert_eq!(failure.parameters.to_string(), r#"{"x":1.5,"panics":"[not readable, it panicked: no text]"}"#);
    }

    #[computation("Eq. 1")]
    fn locked(state: &Mutex<f64>) -> Result<(), String> {
        let _guard = state.lock().unwrap();
        error!("failed with the lock");
        Err("failed".to_owned())
    }

    #[test]
    fn a_locked_mutex_does_not_block() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            locked(&Mutex::new(1.5)).unwrap_err();
        })
        .ok();
        assert_eq!(run.failures().len(), 2);
    }

    #[computation("Eq. 1")]
    fn secret(password: &[u8], api_key: &str, options: &BTreeMap<&str, &str>) -> Result<(), String> {
        let _ = (password, api_key, options);
        Err("failed".to_owned())
    }

    #[test]
    fn secrets_are_redacted() {
        let run: Run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let _ = secret(b"hunter2", "sk-12345678901234567890", &BTreeMap::from([("token", "abcdefgh12345678")]));
        })
        .ok();
        let text = run.failure().to_json() + &run.log().iter().map(ToString::to_string).collect::<String>();
        for secret in ["104,117", "sk-1234", "abcdefgh"] {
            assert!(!text.replace(' ', "").contains(secret), "{text}");
        }
    }
}

mod options {
    use super::*;

    #[computation("Eq. 1", skip(grid), fields(points = grid.len(), rtol = options.rtol, scale = 2.0 * scale))]
    fn chosen(grid: &[f64], options: &Options, scale: f64) -> Result<(), String> {
        let _ = (options, scale);
        Err("failed".to_owned())
    }

    #[test]
    fn fields_add_and_replace_parameters_and_skip_removes_them() {
        let failure = failure(|| drop(chosen(&[1.0; 5], &Options { rtol: 1e-9, method: "RK45" }, 2.0)));
        assert_eq!(
            failure.parameters.to_string(),
            r#"{"options":{"rtol":1e-9,"method":"RK45"},"points":5,"rtol":1e-9,"scale":4.0}"#
        );
    }

    #[computation("Eq. 1", skip_all)]
    fn skipped(x: f64) -> Result<(), String> {
        Err(format!("{x}"))
    }

    #[computation(fields(theoretical_ref = REFERENCE))]
    fn by_constant(x: f64) -> Result<(), String> {
        Err(format!("{x}"))
    }

    const REFERENCE: &str = "Eq. 7";

    #[computation]
    fn by_span_around(x: f64) -> Result<(), String> {
        Err(format!("{x}"))
    }

    #[computation("Eq. 1", parent = span, target = "solver", level = "warn")]
    fn with_parent(span: &tracing::Span, x: f64) -> Result<(), String> {
        Err(format!("{x}"))
    }

    #[test]
    fn references_parents_and_levels_are_those_of_the_attribute() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let _ = (skipped(1.0), by_constant(1.0));
            info_span!("sweep", theoretical_ref = "Eq. 9").in_scope(|| drop(by_span_around(1.0)));
            let span = info_span!("parent", run = 3);
            let _ = with_parent(&span, 1.0);
        })
        .ok();
        assert!(run.failure_of("skipped").parameters.is_empty());
        assert_eq!(run.failure_of("by_constant").theoretical_ref, "Eq. 7");
        assert_eq!(run.failure_of("by_span_around").theoretical_ref, "Eq. 9");
        let failure = run.failure_of("with_parent");
        assert_eq!(failure.parameters.to_string(), r#"{"x":1.0,"run":3}"#);
        assert_eq!((&*failure.context.spans[0].target, &*failure.context.spans[0].level), ("solver", "WARN"));
    }
}
