//! The outcome of a computation. A span that closes does not prove success, because an early return with `?`, a timeout
//! or a cancelled task closes it as well. The code has to state success.

use std::error::Error;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};

use crate::observe::panic_payload::catch_panic;

/// The span field that states the outcome if it is recorded late.
pub(crate) const OUTCOME: &str = "outcome";

/// The outcome of a computation, with its name in the runtime log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ComputationOutcome {
    Unknown,
    Ok,
    Failed,
    Cancelled,
    Panicked,
}

impl ComputationOutcome {
    pub(crate) fn name(self) -> &'static str {
        match self {
            ComputationOutcome::Unknown => "unknown",
            ComputationOutcome::Ok => "ok",
            ComputationOutcome::Failed => "failed",
            ComputationOutcome::Cancelled => "cancelled",
            ComputationOutcome::Panicked => "panicked",
        }
    }

    /// Returns an outcome that a program may state in the field `outcome`.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [ComputationOutcome::Ok, ComputationOutcome::Failed, ComputationOutcome::Cancelled]
            .into_iter()
            .find(|outcome| outcome.name() == name)
    }
}

/// The outcome that the program has stated for an open computation.
#[derive(Debug, Default)]
pub(crate) struct StatedOutcome(AtomicU8);

impl StatedOutcome {
    pub(crate) fn set(&self, outcome: ComputationOutcome) {
        self.0.store(outcome as u8, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> ComputationOutcome {
        let stated = self.0.load(Ordering::Relaxed);
        let outcomes = [ComputationOutcome::Ok, ComputationOutcome::Failed, ComputationOutcome::Cancelled];
        outcomes.into_iter().find(|outcome| *outcome as u8 == stated).unwrap_or(ComputationOutcome::Unknown)
    }
}

/// Returns true for the event by which `#[instrument(ret)]` reports a returned value.
#[inline]
pub(crate) fn is_return(meta: &Metadata<'_>) -> bool {
    let fields = meta.fields();
    fields.len() == 1 && fields.iter().next().is_some_and(|field| field.name() == "return")
}

/// Returns true if the returned value proves success. `Err(…)`, `None`, `false` and non-finite numbers do not.
pub(crate) fn returns_success(event: &Event<'_>) -> bool {
    let mut visitor = SuccessVisitor(false);
    event.record(&mut visitor);
    visitor.0
}

struct SuccessVisitor(bool);

impl SuccessVisitor {
    fn judge(&mut self, value: fmt::Arguments<'_>) {
        let mut start = TextStart::default();
        // Formatting stops as soon as the first bytes are known.
        let _ = catch_panic(|| start.write_fmt(value));
        let text = start.text();
        let is_negative =
            matches!(text, b"None" | b"false") || UNSUCCESSFUL_STARTS.iter().any(|start| text.starts_with(start));
        self.0 = !text.is_empty() && !is_negative;
    }
}

/// The beginnings of values that prove no success.
const UNSUCCESSFUL_STARTS: &[&[u8]] = &[b"Err(", b"NaN", b"inf", b"-inf"];

impl Visit for SuccessVisitor {
    fn record_f64(&mut self, _: &Field, value: f64) {
        self.0 = value.is_finite();
    }

    fn record_bool(&mut self, _: &Field, value: bool) {
        self.0 = value;
    }

    fn record_error(&mut self, _: &Field, _: &(dyn Error + 'static)) {
        self.0 = false;
    }

    fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
        self.judge(format_args!("{value:?}"));
    }
}

/// The first bytes of a text.
#[derive(Default)]
struct TextStart {
    bytes: [u8; 6],
    len: usize,
}

impl TextStart {
    fn text(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Write for TextStart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = &mut self.bytes[self.len..];
        let taken = free.len().min(text.len());
        free[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.len += taken;
        if self.len == self.bytes.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_success(value: impl fmt::Debug) -> bool {
        let mut visitor = SuccessVisitor(false);
        visitor.judge(format_args!("{value:?}"));
        visitor.0
    }

    #[test]
    fn a_returned_value_proves_success_unless_it_is_an_error() {
        assert!(is_success(1.5) && is_success([1, 2]) && is_success(()) && is_success(Some(3)));
        assert!(is_success(Ok::<_, ()>(1)) && is_success("None of them") && is_success("Err(1)"));
        assert!(!is_success(Err::<(), _>(1)) && !is_success(None::<u8>) && !is_success(false));
        assert!(!is_success(f64::NAN) && !is_success(f64::NEG_INFINITY));
    }

    #[test]
    fn a_panicking_value_proves_no_outcome() {
        struct Panics;
        impl fmt::Debug for Panics {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("no text");
            }
        }
        assert!(!is_success(Panics));
    }
}
