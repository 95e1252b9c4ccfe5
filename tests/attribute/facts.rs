//! Records of calls that overlap, recover, repeat, or run on several threads: each has the arguments, the outcome and
//! the cause of its own call.

use std::error::Error;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use serde::Serialize;
use tracing::subscriber::with_default;
use tracing::{error, instrument};
use tracing_failure::{FailureLayer, ResultExt, computation, init, install_panic_hook};
use tracing_subscriber::prelude::*;
use tracing_subscriber::reload;

use crate::support::{Run, failures, in_child};

#[derive(Clone, Debug, Serialize)]
struct Options {
    rtol: f64,
}

#[derive(Debug, thiserror::Error)]
#[error("singular matrix")]
struct Singular;

fn outcomes(run: &Run) -> Vec<String> {
    let closed = run.log().into_iter().filter(|line| line["message"] == "computation closed");
    closed
        .map(|line| format!("{} {}", line["computation"].as_str().unwrap(), line["outcome"].as_str().unwrap()))
        .collect()
}

fn parameters(run: &Run) -> Vec<String> {
    run.failures().iter().map(|failure| failure.parameters.to_string()).collect()
}

mod panics {
    use super::*;

    #[computation("Eq. 1")]
    fn recovers(options: &Options) -> Result<f64, Singular> {
        let caught = catch_unwind(|| -> f64 { panic!("pivot is zero") });
        Ok(caught.unwrap_or(options.rtol))
    }

    #[test]
    fn a_caught_panic_is_recorded_with_all_arguments() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            recovers(&Options { rtol: 0.5 }).unwrap();
        })
        .ok();
        assert_eq!(parameters(&run), [r#"{"options":{"rtol":0.5}}"#]);
        assert_eq!(outcomes(&run), ["recovers failed"]);
        let latest = tracing_failure::Failure::from_path(run.dir().join("failures/latest.json")).unwrap();
        assert_eq!(latest.parameters.to_string(), r#"{"options":{"rtol":0.5}}"#);
    }

    #[computation("Eq. 2")]
    fn catches_inner(outer_options: &Options) -> f64 {
        let inner = AssertUnwindSafe(|| fails(&Options { rtol: 2.0 }));
        catch_unwind(inner).map_or(outer_options.rtol, |()| 0.0)
    }

    #[computation("Eq. 1")]
    fn fails(options: &Options) {
        panic!("failed at {}", options.rtol);
    }

    #[test]
    fn a_caught_inner_panic_has_the_arguments_of_both_calls() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            catches_inner(&Options { rtol: 1.0 });
        })
        .ok();
        assert_eq!(parameters(&run), [r#"{"options":{"rtol":2.0},"outer_options":{"rtol":1.0}}"#]);
        assert_eq!(outcomes(&run), ["fails failed", "catches_inner ok"]);
    }

    #[test]
    fn many_panics_on_many_threads_have_their_own_arguments() {
        const PANICS: u32 = 60;
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            std::panic::set_hook(Box::new(|_| ()));
            install_panic_hook();
            std::thread::scope(|scope| {
                for thread in 0..4 {
                    scope.spawn(move || {
                        for call in 0..PANICS {
                            let options = Options { rtol: f64::from(thread * PANICS + call) };
                            catch_unwind(|| fails(&options)).unwrap_err();
                        }
                    });
                }
            });
        })
        .ok();
        let failures = run.failures();
        assert_eq!(failures.len(), 4 * PANICS as usize);
        for failure in failures {
            let rtol = failure.error_message.strip_prefix("failed at ").unwrap();
            assert_eq!(failure.parameters.to_string(), format!(r#"{{"options":{{"rtol":{rtol}.0}}}}"#));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_record_that_is_gone_or_read_only_does_not_disturb_the_panic() {
        #[computation("Eq. 1")]
        fn removes(options: &Options, dir: &std::path::Path) {
            struct Remove<'a>(&'a std::path::Path);
            impl Drop for Remove<'_> {
                fn drop(&mut self) {
                    std::fs::remove_dir_all(self.0.join("failures")).unwrap();
                }
            }
            let _remove = Remove(dir);
            panic!("failed at {}", options.rtol);
        }
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let caught = catch_unwind(|| removes(&Options { rtol: 0.5 }, dir)).unwrap_err();
            assert_eq!(*caught.downcast::<String>().unwrap(), "failed at 0.5");
        })
        .ok();
        assert!(run.stderr.contains("arguments not added to "), "{}", run.stderr);
    }
}

mod errors {
    use super::*;

    #[computation("Eq. 1")]
    fn reports_itself(n: u32) -> Result<u32, Singular> {
        Err(Singular).record_failure()
    }

    #[instrument(err)]
    fn instrumented() -> Result<(), Singular> {
        Err(Singular)
    }

    #[computation("Eq. 1")]
    fn around_instrumented() -> Result<(), Singular> {
        instrumented()
    }

    #[instrument(err)]
    fn instrumented_around() -> Result<(), Singular> {
        around_instrumented()
    }

    #[test]
    fn an_error_that_is_reported_on_its_way_up_is_one_record() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            reports_itself(1).unwrap_err();
            instrumented_around().unwrap_err();
        })
        .ok();
        let names: Vec<_> = run.failures().into_iter().map(|failure| failure.computation).collect();
        assert_eq!(names, ["reports_itself", "around_instrumented"], "{}", run.stderr);
        assert_eq!(run.failures()[0].error_type, "Singular");
        assert_eq!(run.failures()[0].context.frames[0].function, "attribute::facts::errors::reports_itself");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("step failed")]
    struct Step(#[from] Singular);

    #[derive(Debug, thiserror::Error)]
    #[error("flow failed")]
    struct Flow(#[from] Step);

    #[computation("Eq. 1")]
    fn factor(n: u32) -> Result<(), Singular> {
        Err(Singular)
    }

    #[computation("Eq. 2")]
    fn step(n: u32) -> Result<(), Step> {
        Ok(factor(n + 1)?)
    }

    #[computation("Eq. 3")]
    fn flow(n: u32) -> Result<(), Flow> {
        Ok(step(n + 1)?)
    }

    #[test]
    fn converted_errors_name_the_failure_below() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            flow(1).unwrap_err();
        })
        .ok();
        let [factor, step, flow] = &run.failures()[..] else { panic!("{}", run.stderr) };
        assert_eq!((&*factor.error_type, &*step.error_type, &*flow.error_type), ("Singular", "Step", "Flow"));
        assert_eq!((step.context.caused_by, flow.context.caused_by), (factor.context.id, step.context.id));
        assert_eq!(flow.parameters.to_string(), r#"{"n":1}"#);
        assert_eq!(flow.context.errors.len(), 3);
    }

    #[computation("Eq. 2")]
    fn retries(attempts: u32) -> Result<(), Singular> {
        let mut last = Ok(());
        for attempt in 0..attempts {
            last = factor(attempt);
        }
        last
    }

    #[test]
    fn each_attempt_has_its_own_record() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            retries(3).unwrap_err();
        })
        .ok();
        let failures = run.failures();
        assert_eq!(
            parameters(&run),
            [r#"{"n":0,"attempts":3}"#, r#"{"n":1,"attempts":3}"#, r#"{"n":2,"attempts":3}"#, r#"{"attempts":3}"#]
        );
        assert_eq!(failures[3].context.caused_by, failures[2].context.id);
    }

    #[computation("Eq. 1")]
    fn recursive(level: u32, options: &Options) -> Result<f64, Singular> {
        match level {
            0 => Err(Singular),
            // Recovers from the error of level 0.
            1 => Ok(recursive(0, options).unwrap_or(1.0)),
            // Fails itself.
            2 => recursive(1, options).and(Err(Singular)),
            _ => recursive(level - 1, options),
        }
    }

    #[test]
    fn a_recursive_function_that_recovers_and_fails_again_has_two_records() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            recursive(4, &Options { rtol: 0.5 }).unwrap_err();
        })
        .ok();
        assert_eq!(
            parameters(&run),
            [r#"{"level":0,"options":{"rtol":0.5}}"#, r#"{"level":2,"options":{"rtol":0.5}}"#]
        );
        let expected = [0, 1, 2, 3, 4].map(|level| if level == 1 { "recursive ok" } else { "recursive failed" });
        assert_eq!(outcomes(&run), expected);
    }

    #[computation("Eq. 1")]
    fn sequential(level: u32) -> Result<f64, Singular> {
        if level == 0 {
            return Err(Singular);
        }
        // Two independent branches.
        let first = sequential(level - 1);
        let second = sequential(level - 1);
        first.and(second)
    }

    #[test]
    fn each_branch_of_a_recursion_has_its_own_record() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            sequential(2).unwrap_err();
        })
        .ok();
        let leaves = run.failures().iter().filter(|failure| failure.parameters.get("level") == Some(&0.into())).count();
        assert_eq!(leaves, 4, "{:?}", parameters(&run));
    }

    #[computation("Eq. 1", level = "error")]
    fn of_error_level(n: u32) -> Result<u32, Singular> {
        if n == 0 { Err(Singular) } else { Ok(n) }
    }

    #[test]
    fn a_function_of_error_level_fails_only_with_an_error() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let _ = (of_error_level(1), of_error_level(0));
        })
        .ok();
        assert_eq!(outcomes(&run), ["of_error_level ok", "of_error_level failed"]);
        assert_eq!(run.failure().error_type, "Singular");
    }

    #[computation("Eq. 1")]
    fn names(outcome: &str, error: f64, message: &str, reason: &str, error_type: &str) -> Result<(), Singular> {
        Err(Singular)
    }

    #[test]
    fn arguments_are_parameters_whatever_their_names() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let _ = names("ok", 0.5, "m", "r", "t");
        })
        .ok();
        assert_eq!(parameters(&run), [r#"{"outcome":"ok","error":0.5,"message":"m","reason":"r","error_type":"t"}"#]);
        assert_eq!(run.failure().error_type, "Singular");
        assert_eq!(outcomes(&run), ["names failed"]);
    }
}

mod subscribers {
    use super::*;

    #[computation("Eq. 1")]
    fn solve(depth: u32, options: &Options, inner: Option<&dyn Fn()>) -> Result<(), Singular> {
        if let Some(inner) = inner {
            inner();
        }
        Err(Singular)
    }

    #[test]
    fn two_subscribers_with_equal_span_ids_get_their_own_arguments() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let stack =
            |dir: &tempfile::TempDir| tracing_subscriber::registry().with(FailureLayer::new(dir.path()).unwrap());
        let within = stack(&second);
        let within = tracing::Dispatch::new(within);
        with_default(stack(&first), || {
            let inner = || {
                tracing::dispatcher::with_default(&within, || {
                    let _ = solve(2, &Options { rtol: 2.0 }, None);
                });
            };
            let _ = solve(1, &Options { rtol: 1.0 }, Some(&inner));
        });
        for (dir, n) in [(&first, 1), (&second, 2)] {
            let all = failures(dir.path());
            let parameters: Vec<_> = all.iter().map(|failure| failure.parameters.to_string()).collect();
            assert_eq!(parameters, [format!(r#"{{"depth":{n},"options":{{"rtol":{n}.0}}}}"#)]);
        }
    }

    #[test]
    fn several_layers_of_one_stack_get_the_arguments() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (hidden, _handle) = reload::Layer::new(FailureLayer::new(first.path()).unwrap());
        let stack = tracing_subscriber::registry().with(hidden).with(FailureLayer::new(second.path()).unwrap());
        with_default(stack, || {
            let _ = solve(1, &Options { rtol: 1.0 }, None);
        });
        for dir in [&first, &second] {
            let [failure] = &failures(dir.path())[..] else { panic!("{:?}", dir.path()) };
            assert_eq!(failure.parameters.to_string(), r#"{"depth":1,"options":{"rtol":1.0}}"#);
            assert_eq!(failure.error_type, "Singular");
        }
    }

    #[test]
    fn a_subscriber_that_changes_during_the_call_disturbs_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let stack = tracing_subscriber::registry().with(FailureLayer::new(dir.path()).unwrap());
        let replace = || std::mem::forget(tracing::subscriber::set_default(tracing_subscriber::registry()));
        with_default(stack, || {
            let _ = solve(1, &Options { rtol: 1.0 }, Some(&replace));
        });
        assert!(failures(dir.path()).len() <= 1);
    }

    #[test]
    fn without_a_subscriber_and_without_an_enabled_span_functions_run_as_usual() {
        solve(1, &Options { rtol: 1.0 }, None).unwrap_err();
        let dir = tempfile::tempdir().unwrap();
        let layer = FailureLayer::new(dir.path()).unwrap();
        let stack = tracing_subscriber::registry().with(tracing_subscriber::filter::LevelFilter::ERROR).with(layer);
        with_default(stack, || solve(1, &Options { rtol: 1.0 }, None).unwrap_err());
        // Without a span, the record has the error and no parameters.
        let [failure] = &failures(dir.path())[..] else { panic!("one record") };
        assert!(failure.parameters.is_empty());
    }
}

mod threads {
    use super::*;

    #[computation("Eq. 1")]
    fn tolerant(options: &Options) -> f64 {
        let span = tracing::Span::current();
        std::thread::scope(|scope| {
            scope.spawn(|| span.in_scope(|| error!("worker failed")));
        });
        options.rtol
    }

    #[test]
    fn a_record_of_a_worker_gets_the_arguments_if_the_function_succeeds() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            tolerant(&Options { rtol: 0.5 });
        })
        .ok();
        assert_eq!(parameters(&run), [r#"{"options":{"rtol":0.5}}"#]);
        assert_eq!(outcomes(&run), ["tolerant failed"]);
    }

    #[computation("Eq. 1")]
    fn on_thread(n: u32, options: &Options, barrier: &std::sync::Barrier) -> Result<(), Singular> {
        barrier.wait();
        Err(Singular)
    }

    #[test]
    fn calls_of_one_function_on_two_threads_have_their_own_arguments() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let barrier = std::sync::Barrier::new(2);
            std::thread::scope(|scope| {
                for n in 0..2 {
                    let barrier = &barrier;
                    scope.spawn(move || on_thread(n, &Options { rtol: f64::from(n) }, barrier).unwrap_err());
                }
            });
        })
        .ok();
        let mut all = parameters(&run);
        all.iter_mut().for_each(|text| text.truncate(30));
        all.sort();
        assert_eq!(
            all,
            [r#"{"n":0,"options":{"rtol":0.0}"#, r#"{"n":1,"options":{"rtol":1.0}"#]
                .map(|text| text[..29].to_owned() + &all[0][29..])
        );
    }

    struct Nothing;

    impl Wake for Nothing {
        fn wake(self: Arc<Self>) {}
    }

    #[computation("Eq. 1")]
    async fn later(n: u32, options: Options) -> Result<u32, Singular> {
        for _ in 0..n {
            tokio::task::yield_now().await;
        }
        error!("inside");
        tokio::task::yield_now().await;
        let _ = options;
        Err(Singular)
    }

    #[test]
    fn a_future_that_moves_between_threads_keeps_its_call() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let mut futures: Vec<_> = (0..3).map(|n| Box::pin(later(n, Options { rtol: f64::from(n) }))).collect();
            let mut done = [false; 3];
            while done.contains(&false) {
                for (future, done) in futures.iter_mut().zip(&mut done).filter(|(_, done)| !**done) {
                    let poll = || future.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Nothing))));
                    let polled = std::thread::scope(|scope| scope.spawn(poll).join().unwrap());
                    *done = polled.is_ready();
                }
            }
        })
        .ok();
        let mut all = parameters(&run);
        all.sort();
        let expected =
            |n: u32| format!(r#"{{"n":{n},"options":"[not captured: the function may change this Options]"}}"#);
        assert_eq!(all, [0, 0, 1, 1, 2, 2].map(expected));
        assert_eq!(outcomes(&run), ["later failed"; 3]);
    }

    #[computation("Eq. 1")]
    async fn waits(n: u32) -> u32 {
        for _ in 0..n {
            tokio::task::yield_now().await;
        }
        n
    }

    #[test]
    fn the_losers_of_a_select_are_cancelled() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    _ = waits(0) => (),
                    _ = waits(100) => (),
                    _ = waits(200) => (),
                    else => (),
                }
            });
        })
        .ok();
        let mut all = outcomes(&run);
        all.sort();
        assert!(all.contains(&"waits ok".to_owned()), "{all:?}");
        assert!(all.iter().all(|outcome| outcome == "waits ok" || outcome == "waits cancelled"), "{all:?}");
        assert!(run.failures().is_empty());
    }

    #[test]
    fn a_future_that_is_dropped_by_a_panic_is_cancelled() {
        let run = in_child(|dir| {
            let _guard = init(dir).unwrap();
            let poll = || {
                let mut future = pin!(waits(5));
                let waker = Waker::from(Arc::new(Nothing));
                assert_eq!(future.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
                panic!("elsewhere");
            };
            catch_unwind(poll).unwrap_err();
        })
        .ok();
        assert_eq!(outcomes(&run), ["waits cancelled"]);
        assert!(run.failures().is_empty(), "{:?}", parameters(&run));
    }
}

#[computation("Eq. 1")]
fn changed(mut x: f64, values: &mut Vec<f64>, mut grid: [f64; 2]) -> Result<(), Box<dyn Error>> {
    x += 1.0;
    values[0] += x;
    grid[0] = x;
    let x = "shadowed";
    Err(format!("{x} {grid:?}").into())
}

#[test]
fn arguments_have_their_values_on_entry() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        changed(1.0, &mut vec![2.0], [3.0, 4.0]).unwrap_err();
    })
    .ok();
    assert_eq!(parameters(&run), [r#"{"x":1.0,"values":[2.0],"grid":[3.0,4.0]}"#]);
}
