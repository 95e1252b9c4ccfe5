//! What a panic throws.

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::panic::{catch_unwind, panic_any, resume_unwind};
use std::sync::Arc;

use serde::ser::{Serialize, Serializer};
use tracing::{error, info, info_span};
use tracing_failure::{ResultExt, Rule, StructuredLogger, builder, init};

use super::computation;
use super::support::in_child;

fn fail_by(name: &str, throw: impl FnOnce()) {
    let _ = catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _span = computation(name);
        throw();
    }));
}

#[test]
fn every_payload_with_a_text_is_read() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let io = || std::io::Error::other("disk is full");
        fail_by("text", || panic_any(Box::<str>::from("pivot is zero")));
        fail_by("shared", || panic_any(Arc::<str>::from("pivot is zero")));
        fail_by("cow", || panic_any(Cow::Borrowed("pivot is zero")));
        fail_by("io", || panic_any(io()));
        fail_by("boxed", || panic_any(Box::<dyn Error + Send + Sync>::from("no convergence")));
        fail_by("report", || panic_any(color_eyre::eyre::eyre!("no gap").wrap_err("no mass")));
        fail_by("number", || panic_any(7u8));
        fail_by("again", || panic_any(catch_unwind(|| panic!("caught before")).unwrap_err()));
    });
    let run = run.ok();
    for (computation, message) in [
        ("text", "pivot is zero"),
        ("shared", "pivot is zero"),
        ("cow", "pivot is zero"),
        ("io", "disk is full"),
        ("boxed", "no convergence"),
        ("report", "no mass: no gap"),
        ("number", "7"),
    ] {
        assert_eq!(run.failure_of(computation).error_message, message, "{computation}");
    }
    let again: Vec<_> = run.failures().into_iter().filter(|failure| failure.computation == "again").collect();
    assert!(again.iter().all(|failure| failure.error_message == "caught before"), "{again:?}");
}

#[test]
fn a_payload_without_text_is_recorded_with_its_location() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        fail_by("odd", || panic_any(()));
        fail_by("odd", || panic_any(vec![1.5]));
    });
    let failures = run.ok().failures();
    assert_eq!(failures.len(), 2);
    for failure in &failures {
        let expected = "a panic whose payload is not text, raised at tests/panics/payloads.rs#L";
        assert!(failure.error_message.starts_with(expected), "{}", failure.error_message);
    }
    assert_ne!(failures[0].context.fingerprint, failures[1].context.fingerprint);
}

/// An error whose text panics, with a payload that panics when it is dropped, and so on.
#[derive(Debug)]
struct Unreadable;

/// Panics as often when it is dropped.
struct PanicOnDrop(u32);

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        if self.0 > 0 {
            panic_any(PanicOnDrop(self.0 - 1));
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic_any(PanicOnDrop(2))
    }
}

impl Error for Unreadable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        panic_any(PanicOnDrop(2))
    }
}

struct UnreadableDebug;

impl fmt::Debug for UnreadableDebug {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic_any(PanicOnDrop(2))
    }
}

impl Serialize for UnreadableDebug {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic_any(PanicOnDrop(2))
    }
}

#[test]
fn a_payload_that_panics_on_drop_loses_only_one_value() {
    let run = in_child(|dir| {
        let _guard = builder(dir).rule(Rule::from_fn("panic on drop", |_| panic_any(PanicOnDrop(2)))).init().unwrap();
        let _span = computation("observable_mass");
        error!(value = ?UnreadableDebug, "by its Debug");
        error!(error = &Unreadable as &dyn Error, "by an error");
        fail_by("reported", || _ = Err::<(), _>(Unreadable).record_failure());
        let _ = info_span!("inner", value = ?UnreadableDebug).entered();
        fail_by("thrown", || panic_any(Box::<dyn Error + Send + Sync>::from(Unreadable)));
        let logger = StructuredLogger::new(dir.join("failures")).unwrap();
        logger.log_failure("logged", &Unreadable, &UnreadableDebug, "Eq. 2").unwrap();
    });
    let run = run.ok();
    assert_eq!(run.failures().len(), 5, "{}", run.stderr);
    let by_debug = &run.failures()[0];
    assert_eq!(
        by_debug.context.event.get("value").unwrap().as_str().unwrap().matches("[its Debug panicked").count(),
        1
    );
    assert!(run.failure_of("thrown").error_message.starts_with("a panic whose payload is not text"));
}

#[test]
fn a_callback_with_a_payload_that_panics_on_drop_is_harmless() {
    let run = in_child(|dir| {
        let failures = dir.join("failures");
        let guard = builder(dir).on_lost(|_, _| panic_any(PanicOnDrop(2))).init().unwrap();
        std::fs::remove_dir_all(&failures).unwrap();
        std::fs::write(&failures, "in the way").unwrap();
        let _span = computation("observable_mass");
        error!("in an event");
        let unwound = catch_unwind(|| panic!("in a panic"));
        assert!(unwound.is_err());
        assert_eq!(guard.stats().diverted, 2);
    });
    run.ok();
}

#[test]
fn a_payload_that_is_caught_and_reported_in_its_computation_is_one_failure() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let _span = computation("observable_mass");
        let caught = catch_unwind(|| panic!("pivot {} is zero", 3));
        info!("something else happens");
        caught.record_failure().unwrap_err();
        assert_eq!(guard.stats().repeated, 1);
    });
    assert_eq!(run.ok().failure().error_message, "pivot 3 is zero");
}

#[test]
fn a_payload_that_is_thrown_again_is_one_failure() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        fail_by("observable_mass", || {
            let payload: Box<dyn Any + Send> = catch_unwind(|| panic!("pivot is zero")).unwrap_err();
            resume_unwind(payload);
        });
    });
    assert_eq!(run.ok().failure().error_message, "pivot is zero");
}
