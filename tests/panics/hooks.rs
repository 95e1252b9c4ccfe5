//! Panic hooks of the program, beside ours.

use std::panic::{catch_unwind, set_hook, take_hook};

use tracing::error;
use tracing_failure::{builder, init};

use super::support::{Run, in_child};
use super::{ELSEWHERE, computation};

/// What `log-panics` logs.
fn log_panic(info: &std::panic::PanicHookInfo<'_>) {
    let text = info.payload().downcast_ref::<&str>().copied().unwrap_or("Box<dyn Any>");
    error!(target: "panic", "thread 'main' panicked at '{text}': {}", info.location().unwrap());
}

/// What `tracing-panic` logs.
fn trace_panic(info: &std::panic::PanicHookInfo<'_>) {
    let text = info.payload().downcast_ref::<&str>().copied();
    let location = info.location().map(ToString::to_string);
    error!(panic.payload = text, panic.location = location, "A panic occurred");
}

fn fail() {
    let _ = catch_unwind(|| {
        let _span = computation("observable_mass");
        panic!("no such level");
    });
}

/// Runs the program twice: a failure of before must not be taken for the next one.
fn assert_one_each(run: Run) -> Run {
    let run = run.ok();
    assert_eq!(run.failures().len(), 2, "{}", run.stderr);
    run
}

type Hook = fn(&std::panic::PanicHookInfo<'_>);

fn hook_below(hook: Hook) {
    let run = in_child(|dir| {
        set_hook(Box::new(hook));
        let guard = init(dir).unwrap();
        (0..2).for_each(|_| fail());
        assert_eq!(guard.stats().repeated, 2);
    });
    let run = assert_one_each(run);
    assert!(run.failures().iter().all(|failure| failure.error_message == "no such level"));
    let lines = run.log();
    let events = lines.iter().filter(|line| line["fields"].is_object() && line["failure_id"].is_string());
    assert!(events.count() >= 2, "{lines:?}");
}

fn hook_above(hook: Hook) {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let ours = take_hook();
        set_hook(Box::new(move |info| {
            hook(info);
            ours(info);
        }));
        (0..2).for_each(|_| fail());
    });
    assert_one_each(run);
}

#[test]
fn a_message_logged_by_an_earlier_hook_repeats_the_panic() {
    hook_below(log_panic);
}

#[test]
fn a_hook_below_that_logs_fields_repeats_the_panic() {
    hook_below(trace_panic);
}

#[test]
fn a_message_logged_by_a_later_hook_is_the_report_of_the_panic() {
    hook_above(log_panic);
}

#[test]
fn a_hook_above_that_logs_fields_is_the_report_of_the_panic() {
    hook_above(trace_panic);
}

#[test]
fn a_logging_hook_that_replaces_ours_reports_the_panic() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        set_hook(Box::new(log_panic));
        (0..2).for_each(|_| fail());
    });
    let run = assert_one_each(run);
    assert!(run.failures()[0].error_message.contains("no such level"));
}

#[test]
fn a_computation_that_unwinds_without_our_hook_has_failed() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        set_hook(Box::new(|_| ()));
        fail();
    });
    let run = run.ok();
    let failure = run.failure();
    assert_eq!((failure.error_type.as_str(), failure.error_message.as_str()), ("Panic", ELSEWHERE));
    assert!(run.log().iter().any(|line| line["outcome"] == "failed"));
}

#[test]
fn a_computation_that_unwinds_without_an_installed_hook_has_failed() {
    let run = in_child(|dir| {
        let _guard = builder(dir).panic_hook(false).init().unwrap();
        fail();
    });
    let failure = run.ok().failure();
    assert!(failure.error_message.contains("panic hook of tracing-failure is not installed"));
    assert_eq!(failure.context.location.unwrap().file.unwrap(), "tests/panics.rs");
}

#[test]
fn two_installed_hooks_write_one_record() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        tracing_failure::install_panic_hook();
        fail();
    });
    assert_eq!(run.ok().failure().error_message, "no such level");
}
