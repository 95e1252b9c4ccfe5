//! What a record says of the time before the failure.

#[path = "trail/between.rs"]
mod between;
#[path = "trail/space.rs"]
mod space;
mod support;
#[path = "trail/wide.rs"]
mod wide;

use std::fmt;
use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::time::Duration;

use support::{Counted, FORMATTED, in_child};
use tracing::{Instrument, Span, debug, error, field, info, info_span, trace, warn};
use tracing_failure::record::TrailEntry;
use tracing_failure::{Failure, StructuredLogger, Value, builder, init};

fn entry<'a>(failure: &'a Failure, message: &str) -> &'a TrailEntry {
    let found = failure.context.trail.iter().find(|entry| entry.message.as_deref() == Some(message));
    found.unwrap_or_else(|| panic!("no {message:?} in {:?}", failure.context.trail))
}

fn column(entry: &TrailEntry, name: &str) -> Vec<Value> {
    let column = entry.columns.get(name).and_then(Value::as_list);
    column.unwrap_or_else(|| panic!("no {name:?} in {entry:?}")).to_vec()
}

fn integers(entry: &TrailEntry, name: &str) -> Vec<i64> {
    let integer = |value: &Value| match value {
        Value::Int(n) => *n,
        other => panic!("{other:?} in {name:?}"),
    };
    column(entry, name).iter().map(integer).collect()
}

fn messages(failure: &Failure) -> Vec<&str> {
    failure.context.breadcrumbs.iter().map(|breadcrumb| breadcrumb.message.as_str()).collect()
}

fn solve(computation: &str) -> Span {
    info_span!("solve", computation, theoretical_ref = "Eq. 1.12")
}

#[test]
fn numbers_of_events_and_late_fields_are_unchanged() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let span = info_span!("solve", computation = "rg_flow", theoretical_ref = "§1", residual = field::Empty, n = 3);
        let _entered = span.enter();
        debug!(t = 0.5, steps = -3, cells = u64::MAX, ok = true, method = "RK45", "step accepted");
        span.record("residual", 0.25);
        debug!(t = f64::NAN, steps = 7, cells = 1_u64, ok = false, method = "RK45", "another place");
        span.record("residual", f64::INFINITY).record("n", 4);
        error!(t = 1.0, "step size underflow");
    });
    let failure = run.ok().failure();
    assert_eq!(failure.context.trail.len(), 3, "the failure itself is no part of what came before it");
    let accepted = entry(&failure, "step accepted");
    assert_eq!(accepted.columns.to_string(), r#"{"t":[0.5],"steps":[-3],"cells":[18446744073709551615],"ok":[true]}"#);
    assert_eq!((accepted.seen, accepted.dropped, accepted.head), (1, 0, None));
    assert_eq!(accepted.level, "DEBUG");
    let location = accepted.location.as_ref().unwrap();
    assert_eq!((location.file.as_deref(), location.target.as_deref()), (Some(file!()), Some("trail")));
    assert!(location.line.is_some());
    assert_eq!(column(entry(&failure, "another place"), "t"), [Value::Float(f64::NAN)]);
    let late = failure.context.trail.iter().find(|entry| entry.span.as_deref() == Some("solve")).unwrap();
    assert_eq!(late.message, None);
    let (zero, infinite) = (Value::Null, Value::Float(f64::INFINITY));
    assert_eq!(column(late, "residual"), [Value::Float(0.25), infinite, zero]);
    assert_eq!(column(late, "n"), [Value::Null, Value::Null, Value::Int(4)]);
}

#[test]
fn the_beginning_and_the_end_of_a_long_run_are_kept() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _entered = solve("long").entered();
        (0..10_000).for_each(|step| debug!(step, "step"));
        (0..256).for_each(|step| debug!(step, "just fits"));
        (0..257).for_each(|step| debug!(step, "one too many"));
        error!("failed");
    });
    let failure = run.ok().failure();
    let long = entry(&failure, "step");
    let expected: Vec<i64> = (0..8).chain(9752..10_000).collect();
    assert_eq!(integers(long, "step"), expected);
    assert_eq!((long.seen, long.dropped, long.head), (10_000, 9744, Some(8)));
    assert_eq!(long.elapsed_s.len(), 256);
    assert!(long.elapsed_s.is_sorted());
    assert!(long.elapsed_s.iter().all(|seconds| (0.0..10.0).contains(seconds)), "{:?}", long.elapsed_s);
    assert_eq!(integers(entry(&failure, "just fits"), "step"), (0..256).collect::<Vec<_>>());
    let one_too_many = entry(&failure, "one too many");
    assert_eq!(integers(one_too_many, "step"), (0..8).chain(9..257).collect::<Vec<_>>());
    assert_eq!((one_too_many.dropped, one_too_many.head), (1, Some(8)));
}

#[test]
fn the_number_of_kept_rows_is_configurable() {
    for (first, last, expected) in [(2, 3, vec![0, 1, 97, 98, 99]), (0, 2, vec![98, 99]), (2, 0, vec![0, 1])] {
        let dir = tempfile::tempdir().unwrap();
        let (layer, _guard) = builder(dir.path()).trail(first, last).stderr_notice(false).layer().unwrap();
        use tracing_subscriber::prelude::*;
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let _entered = solve("chosen").entered();
            (0..100).for_each(|step| debug!(step, "step"));
            error!("failed");
        });
        let failure = &support::failures(&dir.path().join("failures"))[0];
        assert_eq!(integers(entry(failure, "step"), "step"), expected);
    }
}

#[test]
fn without_a_trail_unused_events_are_disabled() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("info").trail(0, 0).init().unwrap();
        assert!(!tracing::event_enabled!(tracing::Level::DEBUG));
        let _entered = solve("plain").entered();
        info!(step = 1, "step");
        warn!("a word");
        error!("failed");
    });
    let failure = run.ok().failure();
    assert!(failure.context.trail.is_empty() && failure.context.breadcrumbs.is_empty());
}

#[test]
fn events_more_detailed_than_the_level_are_disabled_unless_logged() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("info,chatty=trace").init().unwrap();
        assert!(tracing::event_enabled!(tracing::Level::DEBUG) && !tracing::event_enabled!(tracing::Level::TRACE));
        let _entered = solve("levels").entered();
        trace!(step = 1, "off");
        trace!(target: "chatty", step = 2, "logged");
        debug!(step = 3, "kept");
        error!("failed");
    });
    let run = run.ok();
    let failure = run.failure();
    let messages: Vec<_> = failure.context.trail.iter().map(|entry| entry.message.as_deref().unwrap()).collect();
    assert_eq!(messages, ["logged", "kept"]);
    let logged = run.log();
    let logged: Vec<&str> = logged.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(logged, ["logged", "failed", "computation closed"]);
}

#[test]
fn nested_computations_do_not_mix() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _outer = solve("outer").entered();
        debug!(step = 1, "outer");
        {
            let _helper = info_span!("helper").entered();
            debug!(step = 2, "outer's helper");
            let _inner = solve("inner").entered();
            debug!(step = 3, "inner");
            let _reference = info_span!("reference", theoretical_ref = "Eq. 2").entered();
            debug!(step = 4, "inner, by another equation");
            error!("inner failed");
        }
        debug!(step = 5, "outer again");
        error!("outer failed");
    });
    let run = run.ok();
    let of = |computation| {
        let failure = run.failure_of(computation);
        let messages = failure.context.trail.iter().map(|entry| entry.message.clone().unwrap());
        messages.collect::<Vec<_>>()
    };
    assert_eq!(of("inner"), ["inner", "inner, by another equation"]);
    assert_eq!(of("outer"), ["outer", "outer's helper", "outer again"]);
}

#[test]
fn computations_on_several_threads_do_not_mix() {
    let run = in_child(|dir| {
        let _guard = builder(dir).stderr_notice(false).init().unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for round in 0..50 {
                        let span = solve("one_of_many");
                        let _entered = span.enter();
                        for step in 0..20 {
                            debug!(thread, round, step, "step");
                        }
                        error!(thread, round, "failed");
                    }
                });
            }
        });
    });
    let failures = run.ok().failures();
    assert_eq!(failures.len(), 200);
    for failure in failures {
        let thread = failure.context.event.get("thread").unwrap().clone();
        let round = failure.context.event.get("round").unwrap().clone();
        let steps = entry(&failure, "step");
        assert_eq!(integers(steps, "step"), (0..20).collect::<Vec<_>>());
        assert_eq!(column(steps, "thread"), vec![thread; 20]);
        assert_eq!(column(steps, "round"), vec![round; 20]);
    }
}

#[test]
fn tasks_on_one_thread_do_not_mix() {
    let run = in_child(|dir| {
        let _guard = builder(dir).stderr_notice(false).init().unwrap();
        let work = |task: i64| async move {
            for step in 0..50 {
                debug!(task, step, "step");
                tokio::task::yield_now().await;
            }
            error!(task, "failed");
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let spawn = |task| tokio::spawn(work(task).instrument(solve("task")));
            for task in (0..10).map(spawn).collect::<Vec<_>>() {
                task.await.unwrap();
            }
        });
    });
    let failures = run.ok().failures();
    assert_eq!(failures.len(), 10);
    for failure in failures {
        let steps = entry(&failure, "step");
        assert_eq!(integers(steps, "step"), (0..50).collect::<Vec<_>>());
        assert_eq!(column(steps, "task"), vec![failure.context.event.get("task").unwrap().clone(); 50]);
    }
}

#[test]
fn work_spread_over_threads_is_gathered_in_order_of_time() {
    const THREADS: i64 = 3;
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = solve("sweep");
        let turns = Barrier::new(THREADS as usize);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (span, turns) = (&span, &turns);
                scope.spawn(move || {
                    let _entered = span.enter();
                    for turn in 0..100 * THREADS {
                        turns.wait();
                        if turn % THREADS == thread {
                            debug!(turn, thread, "turn");
                        }
                        turns.wait();
                    }
                });
            }
        });
        span.in_scope(|| error!("failed"));
    });
    let failure = run.ok().failure();
    let turns = entry(&failure, "turn");
    assert_eq!(integers(turns, "turn"), (0..8).chain(52..300).collect::<Vec<_>>());
    assert_eq!((turns.seen, turns.dropped, turns.head), (300, 44, Some(8)));
    assert!(turns.elapsed_s.is_sorted());
}

#[test]
fn numbers_of_finished_threads_are_kept() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let span = solve("sweep");
        for thread in 0..100 {
            let span = &span;
            std::thread::scope(|scope| {
                scope.spawn(move || span.in_scope(|| debug!(thread, "come and gone")));
            });
        }
        span.in_scope(|| error!("failed"));
    });
    let failure = run.ok().failure();
    assert_eq!(integers(entry(&failure, "come and gone"), "thread"), (0..100).collect::<Vec<_>>());
}

#[test]
fn the_last_messages_are_kept_beside_the_numbers() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _entered = solve("words").entered();
        for phase in 0..40 {
            info!("phase {phase} begins");
        }
        debug!("too detailed");
        warn!(method = "RK45", api_key = "0xdead", reason = %"unseen", "switching");
        info!(step = 1, "a number");
        info!("{}", "grüße ".repeat(100));
        error!("failed");
    });
    let run = run.ok();
    let failure = run.failure();
    let messages = messages(&failure);
    assert_eq!(messages.len(), 32);
    assert_eq!(messages[0], "phase 10 begins");
    assert_eq!(messages[29], "phase 39 begins");
    assert!(messages[30].starts_with("switching method=RK45 api_key=[redacted]"), "{}", messages[30]);
    assert!(
        messages[31].starts_with("grüße grüße") && messages[31].ends_with('…') && messages[31].len() < 240,
        "{}",
        messages[31]
    );
    let breadcrumbs = &failure.context.breadcrumbs;
    assert_eq!((&*breadcrumbs[29].level, &*breadcrumbs[30].level), ("INFO", "WARN"));
    assert_eq!(breadcrumbs[0].location.as_ref().unwrap().file.as_deref(), Some(file!()));
    assert!(breadcrumbs.is_sorted_by_key(|breadcrumb| breadcrumb.elapsed_s));
}

#[test]
fn values_are_not_formatted_for_the_trail() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("healthy").entered();
        for step in 0..10 {
            debug!(step, state = ?Counted, "numbers");
            info!(state = ?Counted, "words");
            debug!(state = ?Counted, "neither");
        }
        assert_eq!(FORMATTED.load(Ordering::Relaxed), 0);
        error!("failed");
    });
    let failure = run.ok().failure();
    assert_eq!(failure.context.trail.len(), 1);
    assert_eq!(messages(&failure), ["words"; 10]);
}

struct Talkative;

impl fmt::Display for Talkative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug!(step = 1, "from within");
        info!("from within");
        f.write_str("talkative")
    }
}

struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no words")
    }
}

#[test]
fn messages_that_log_or_panic_cost_only_themselves() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("messages").entered();
        info!("{Talkative}");
        info!("{Broken}");
        debug!(step = 1, "{Talkative} numbers");
        debug!(step = 2, "{Broken}");
        error!("failed");
    });
    let failure = run.ok().failure();
    assert_eq!(messages(&failure), ["talkative", "[its Debug panicked: no words]"]);
    let steps: Vec<_> = failure.context.trail.iter().map(|entry| integers(entry, "step")).collect();
    assert_eq!(steps, [[1], [2]]);
    assert_eq!(failure.context.trail[0].message.as_deref(), Some("talkative numbers"));
}

#[test]
fn odd_fields_are_no_trouble() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("odd").entered();
        debug!(message = 5, x = 1.0);
        debug!(message = 6);
        info!(message = 7);
        debug!(x = None::<f64>, y = Some(2), z = i128::MAX, "options");
        debug!(x = 1, x = 2, "twice");
        debug!(
            a = 1,
            b = 2.0,
            c = true,
            d = 4,
            e = 5,
            f = 6,
            g = 7,
            h = 8,
            i = 9,
            j = 10,
            k = 11,
            l = 12,
            m = 13,
            n = 14,
            o = 15,
            p = 16,
            q = 17.5,
            r = false,
            "many"
        );
        [Some(3), None].into_iter().for_each(|x| info!(x, "sometimes"));
        error!("failed");
    });
    let failure = run.ok().failure();
    let columns: Vec<String> = failure.context.trail.iter().map(|entry| entry.columns.to_string()).collect();
    assert_eq!(columns[0], r#"{"x":[1.0]}"#);
    assert_eq!(columns[1], r#"{"y":[2]}"#);
    assert_eq!(columns[2], r#"{"x":[2]}"#);
    assert!(columns[3].starts_with(r#"{"a":[1],"b":[2.0],"c":[true],"d":[4]"#), "{}", columns[3]);
    assert!(columns[3].ends_with(r#""o":[15],"p":[16],"q":[17.5],"r":[false]}"#), "{}", columns[3]);
    assert_eq!((columns[4].as_str(), columns.len()), (r#"{"x":[3]}"#, 5));
    assert_eq!(messages(&failure), ["", "sometimes"]);
}

#[test]
fn varying_messages_are_recorded_without_their_numbers() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _entered = solve("varying").entered();
        for step in 0..3 {
            debug!(step, "stage 2 of SU(3)");
            debug!(step, "step {step}: residual {:e} in {} of SU(3)", 0.5, "newton");
        }
        error!("failed");
    });
    let failure = run.ok().failure();
    let messages: Vec<_> = failure.context.trail.iter().map(|entry| entry.message.as_deref().unwrap()).collect();
    assert_eq!(messages, ["stage 2 of SU(3)", "step …: residual … in newton of SU(3)"]);
}

#[test]
fn records_of_the_log_crate_are_breadcrumbs() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        tracing_log::LogTracer::init().unwrap();
        let _entered = solve("old code").entered();
        log::info!(target: "old_solver", "step {} accepted", 3);
        error!("failed");
    });
    let failure = run.ok().failure();
    assert_eq!((messages(&failure), failure.context.trail.len()), (vec!["step 3 accepted"], 0));
}

#[test]
fn records_of_the_log_crate_name_their_place() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        tracing_log::LogTracer::init().unwrap();
        let _entered = solve("old code").entered();
        log::info!(target: "old_solver", "first");
        (0..2).for_each(|_| log::warn!("second"));
        error!("failed");
    });
    let failure = run.ok().failure();
    let places: Vec<_> = failure.context.breadcrumbs.iter().map(|crumb| crumb.location.clone().unwrap()).collect();
    let targets: Vec<_> = places.iter().map(|place| place.target.as_deref().unwrap()).collect();
    assert_eq!(targets, ["old_solver", module_path!(), module_path!()]);
    assert!(places.iter().all(|place| place.file.as_deref() == Some(file!())), "{places:?}");
    assert!(places.iter().all(|place| place.module.as_deref() == Some(module_path!())), "{places:?}");
    assert_eq!(places[1].line.unwrap(), places[0].line.unwrap() + 1);
    assert_eq!(places[1], places[2]);
}

#[test]
fn a_field_that_is_called_log_target_is_no_target() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("new code").entered();
        (0..40).for_each(|_| info!(log.target = "hyper", "mine"));
        (0..40).for_each(|_| info!(target: "hyper", "theirs"));
        error!("failed");
    });
    let failure = run.ok().failure();
    assert!(messages(&failure).contains(&"mine log.target=hyper"), "{:?}", messages(&failure));
}

#[test]
fn fields_with_the_name_of_a_log_field_are_kept() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("new code").entered();
        info!(log.file = "grid.h5", log.target = "t", "read");
        info!(log.line = 7, "line of the grid");
        error!("failed");
    });
    let failure = run.ok().failure();
    assert_eq!(messages(&failure), ["read log.file=grid.h5 log.target=t"]);
    assert_eq!(failure.context.breadcrumbs[0].location.as_ref().unwrap().target.as_deref(), Some(module_path!()));
    assert_eq!(entry(&failure, "line of the grid").columns.to_string(), r#"{"log.line":[7]}"#);
}

#[test]
fn secrets_are_no_columns() {
    let run = in_child(|dir| {
        let _guard = builder(dir).redact("patient").init().unwrap();
        let _entered = solve("secrets").entered();
        debug!(patient = 17, dose = 2.5, "given");
        error!("failed");
    });
    let failure = run.ok().failure();
    assert_eq!(entry(&failure, "given").columns.to_string(), r#"{"patient":"[redacted]","dose":[2.5]}"#);
}

#[test]
fn panics_and_calls_have_the_trail_of_their_computation() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let logger: StructuredLogger = guard.logger();
        let span = solve("called");
        span.in_scope(|| {
            debug!(step = 1, "before the call");
            let call = |computation: &str| {
                let error = std::io::Error::other("no convergence");
                logger.log_failure(computation, &error, &(), "Eq. 1.12").unwrap();
            };
            call("called");
            call("another");
        });
        let _ = std::panic::catch_unwind(|| {
            let _entered = solve("panicked").entered();
            debug!(step = 2, "before the panic");
            panic!("out of range");
        });
    });
    let run = run.ok();
    assert_eq!(integers(entry(&run.failure_of("called"), "before the call"), "step"), [1]);
    assert_eq!(integers(entry(&run.failure_of("panicked"), "before the panic"), "step"), [2]);
    assert!(run.failure_of("another").context.trail.is_empty(), "it is not the computation around");
}

#[test]
fn an_explicit_parent_owns_the_numbers() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let right = solve("right");
        let _wrong = solve("wrong").entered();
        debug!(parent: &right, step = 1, "of the right one");
        debug!(parent: None, step = 2, "of nobody");
        error!(parent: &right, "failed");
        error!("failed as well");
    });
    let run = run.ok();
    assert_eq!(run.failure_of("right").context.trail.len(), 1);
    assert!(run.failure_of("wrong").context.trail.is_empty());
}

#[test]
fn a_later_failure_shows_earlier_failures_of_its_computation() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _entered = solve("twice").entered();
        error!(step = 1, "first");
        error!("second");
        error!(step = 3, "third");
    });
    let failures = run.ok().failures();
    assert!(failures[0].context.trail.is_empty());
    assert_eq!(integers(entry(&failures[2], "first"), "step"), [1]);
    assert_eq!(messages(&failures[2]), ["second"]);
}

#[test]
fn numbers_are_found_in_spans_deeper_than_a_thread_remembers() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _entered = solve("deep").entered();
        let spans: Vec<_> = (0..200).map(|depth| info_span!("level", depth).entered()).collect();
        debug!(step = 1, "at the bottom");
        spans.into_iter().rev().for_each(drop);
        debug!(step = 2, "at the top");
        error!("failed");
    });
    let failure = run.ok().failure();
    assert_eq!(integers(entry(&failure, "at the bottom"), "step"), [1]);
    assert_eq!(integers(entry(&failure, "at the top"), "step"), [2]);
}

#[test]
fn many_long_series_share_the_space_equally() {
    macro_rules! callsites {
        ($($name:literal)*) => { $(for step in 0..300 { debug!(step, a = 0.5, b = 0.5, $name); })* };
    }
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _entered = solve("crowded").entered();
        callsites! {
            "0" "1" "2" "3" "4" "5" "6" "7" "8" "9" "10" "11" "12" "13" "14" "15" "16" "17" "18" "19"
            "20" "21" "22" "23" "24" "25" "26" "27" "28" "29" "30" "31" "32" "33" "34" "35" "36" "37" "38" "39"
        }
        info!("said at last");
        error!("failed");
    });
    let failure = run.ok().failure();
    let total: u64 = failure.context.trail.iter().map(|entry| entry.seen).sum();
    assert_eq!(total, 40 * 300);
    for entry in &failure.context.trail {
        assert_eq!(entry.seen, entry.dropped + entry.elapsed_s.len() as u64);
        if let Some(head) = entry.head
            && !entry.elapsed_s.is_empty()
        {
            let steps = integers(entry, "step");
            let (before, after) = steps.split_at(head);
            assert_eq!(before, (0..head as i64).collect::<Vec<_>>(), "{entry:?}");
            assert!(after.is_sorted() && after[0] > head as i64 && after.ends_with(&[299]), "{entry:?}");
        }
    }
    for name in 0..40 {
        let steps = integers(entry(&failure, &name.to_string()), "step");
        assert!((20..60).contains(&steps.len()), "{name}: {steps:?}");
        assert!(steps.starts_with(&[0, 1, 2]) && steps.ends_with(&[297, 298, 299]), "{name}: {steps:?}");
    }
    assert_eq!(messages(&failure), ["said at last"]);
}

#[test]
fn long_waits_show_in_the_elapsed_seconds() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _entered = solve("slow").entered();
        for step in 0..2 {
            std::thread::sleep(Duration::from_millis(50));
            debug!(step, "step");
        }
        error!("failed");
    });
    let failure = run.ok().failure();
    let seconds = &entry(&failure, "step").elapsed_s;
    assert!(seconds[0] >= 0.05 && seconds[1] - seconds[0] >= 0.049, "{seconds:?}");
    assert!(seconds[1] <= failure.context.elapsed_s.unwrap(), "{seconds:?}");
}

#[test]
fn all_seconds_of_a_record_count_from_the_same_moment() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _entered = solve("often").entered();
        std::thread::sleep(Duration::from_millis(20));
        let _reference = info_span!("reference", theoretical_ref = "Eq. 2").entered();
        for step in 0..20 {
            error!(step, "failed again");
        }
    });
    for failure in run.ok().failures() {
        let elapsed = failure.context.elapsed_s.unwrap();
        assert!(elapsed >= 0.02, "{elapsed}");
        let last = failure.context.trail.first().and_then(|entry| entry.elapsed_s.last().copied());
        assert!(last.unwrap_or(0.0) <= elapsed, "{last:?} {elapsed}");
    }
}

/// A thread that takes a step in each span that it is given, and fails there if it is told to.
struct Worker {
    spans: std::sync::mpsc::Sender<(Span, bool)>,
    done: std::sync::mpsc::Receiver<()>,
}

impl Worker {
    fn start() -> Self {
        let (spans, receiver) = std::sync::mpsc::channel::<(Span, bool)>();
        let (say_done, done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for (span, fails) in receiver {
                span.in_scope(|| {
                    debug!(fails, "step");
                    if fails {
                        error!("failed");
                    }
                });
                drop(span);
                say_done.send(()).unwrap();
            }
        });
        Worker { spans, done }
    }

    fn step(&self, span: &Span, fails: bool) {
        self.spans.send((span.clone(), fails)).unwrap();
        self.done.recv().unwrap();
    }
}

/// Ids of spans are used again: the registry counts some thousand generations of a place.
#[test]
fn a_span_with_a_reused_id_has_a_separate_trail() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let worker = Worker::start();
        let first = solve("first");
        worker.step(&first, false);
        let id = first.id();
        // The last handle is dropped here, where the place is used again.
        drop(first);
        let again = (0..100_000).map(|_| solve("second")).find(|span| span.id() == id);
        worker.step(&again.expect("the id comes again"), true);
    });
    let failure = run.ok().failure();
    assert_eq!(column(entry(&failure, "step"), "fails"), [Value::Bool(true)]);
}

/// Memory is used again as well: that of a computation whose span is followed outlives the span.
#[test]
fn a_computation_that_replaces_an_earlier_one_has_a_separate_trail() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").stderr_notice(false).init().unwrap();
        let worker = Worker::start();
        for _ in 0..50 {
            let first = solve("first");
            worker.step(&first, false);
            let follower = info_span!("follower", n = 1);
            follower.follows_from(&first);
            drop(first);
            drop(follower);
            worker.step(&solve("second"), true);
        }
    });
    let failures = run.ok().failures();
    assert_eq!(failures.len(), 50);
    for failure in failures {
        assert_eq!(column(entry(&failure, "step"), "fails"), [Value::Bool(true)]);
    }
}

#[test]
fn adjacent_and_nested_layers_have_separate_trails() {
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::prelude::*;
    let dir = tempfile::tempdir().unwrap();
    let quiet = |name: &str| builder(dir.path().join(name)).without_log().stderr_notice(false);
    let both = tracing_subscriber::registry()
        .with(quiet("all").layer().unwrap().0)
        .with(quiet("coarse").layer().unwrap().0.with_filter(LevelFilter::INFO));
    let inner = tracing::Dispatch::new(tracing_subscriber::registry().with(quiet("inner").layer().unwrap().0));
    tracing::subscriber::with_default(both, || {
        let _solve = solve("solve").entered();
        let _detail = tracing::debug_span!("detail", computation = "detail", theoretical_ref = "§2").entered();
        for step in 0..3 {
            debug!(step, "fine");
            info!(step, "coarse");
            tracing::dispatcher::with_default(&inner, || {
                let _entered = solve("other").entered();
                debug!(step, "elsewhere");
                error!("failed elsewhere");
            });
        }
        error!("failed");
    });
    let of = |name: &str| {
        let failures = support::failures(&dir.path().join(name).join("failures"));
        let summary = |failure: &Failure| {
            let entries = failure.context.trail.iter();
            let entries = entries.map(|entry| format!("{}{}", entry.message.as_deref().unwrap(), entry.columns));
            format!("{}: {}", failure.computation, entries.collect::<Vec<_>>().join(" "))
        };
        failures.iter().map(summary).collect::<Vec<_>>()
    };
    assert_eq!(of("all"), [r#"detail: fine{"step":[0,1,2]} coarse{"step":[0,1,2]}"#]);
    assert_eq!(of("coarse"), [r#"solve: coarse{"step":[0,1,2]}"#], "it does not see the detail");
    let elsewhere = |step| format!(r#"other: elsewhere{{"step":[{step}]}}"#);
    assert_eq!(of("inner"), [elsewhere(0), elsewhere(1), elsewhere(2)]);
}
