//! The role of a callsite, and the fields that have a meaning.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use record::Location;
use tracing::Metadata;

/// The field with the name of a computation.
pub(crate) const COMPUTATION: &str = "computation";
/// The field with the equation of a computation.
pub(crate) const THEORETICAL_REF: &str = "theoretical_ref";

/// Fields of a span that are no parameters.
pub(crate) const RESERVED_IN_SPANS: &[&str] = &[COMPUTATION, THEORETICAL_REF];

/// Fields of an event that may hold the error, by precedence.
pub(crate) const ERROR_FIELDS: &[&str] =
    &["error", "err", "e", "cause", "exception", "source", "error.message", "exception.message"];

/// Fields of an event that may name the type of the error.
pub(crate) const ERROR_TYPE_FIELDS: &[&str] = &["error_type", "error.type", "exception.type"];

/// Fields of an ERROR-level span that may hold the error.
pub(crate) const SPAN_ERROR_FIELDS: &[&str] = &["error", "err", "message"];

/// The message, and the fields with the source location of a `log` record.
pub(crate) const LOG_FIELDS: &[&str] = &["message", "log.target", "log.module_path", "log.file", "log.line"];

/// The fields that `tracing-log` adds to a `log` record.
pub(crate) const LOG_CRATE_FIELDS: &[&str] = &["log.target", "log.module_path", "log.file", "log.line"];

/// Returns the source location of a callsite.
pub(crate) fn location(meta: &'static Metadata<'static>) -> Location {
    let mut location = Location::default();
    location.file = meta.file().map(Cow::Borrowed);
    location.line = meta.line();
    location.module = meta.module_path().map(Cow::Borrowed);
    location.target = Some(Cow::Borrowed(meta.target()));
    location
}

/// Returns true if the first field is the message, which has no column in the trail.
pub(crate) fn begins_with_message(meta: &Metadata<'_>) -> bool {
    meta.fields().iter().next().is_some_and(|field| field.name() == "message")
}

/// Returns the names of the fields that have a column in the trail.
pub(crate) fn columns(meta: &'static Metadata<'static>) -> impl Iterator<Item = &'static str> {
    meta.fields().iter().skip(usize::from(begins_with_message(meta))).map(|field| field.name())
}

/// Returns true for a record of the `log` crate from `tracing-log`. A user's own field may also be called `log.file`.
pub(crate) fn is_log_record(meta: &Metadata<'_>) -> bool {
    meta.target() == "log" && meta.name() == "log event"
}

/// The role of a span, from the fields that it declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SpanRole(usize);

impl SpanRole {
    const NAMES_COMPUTATION: usize = 1;
    const NAMES_REFERENCE: usize = 2;
    const MASK: usize = 3;

    /// Returns true if the span can name a computation.
    pub(crate) fn names_computation(self) -> bool {
        self.0 & Self::NAMES_COMPUTATION != 0
    }

    /// Returns true if the span can name a computation or its reference.
    pub(crate) fn is_marked(self) -> bool {
        self.0 != 0
    }

    #[inline]
    pub(crate) fn of(meta: &'static Metadata<'static>) -> Self {
        let address = std::ptr::from_ref(meta).addr();
        let known = &ROLES[(address >> 4) % ROLES.len()];
        let entry = known.load(Ordering::Relaxed);
        if entry & !Self::MASK == address {
            return SpanRole(entry & Self::MASK);
        }
        let declares = |name, bit| if meta.fields().field(name).is_some() { bit } else { 0 };
        let bits = declares(COMPUTATION, Self::NAMES_COMPUTATION) | declares(THEORETICAL_REF, Self::NAMES_REFERENCE);
        known.store(address | bits, Ordering::Relaxed);
        SpanRole(bits)
    }
}

/// A cache of roles by the address of the callsite. The role is in the two lowest bits, which are 0 in an aligned
/// address. If a callsite is replaced, its role is determined again.
static ROLES: [AtomicUsize; 1024] = [const { AtomicUsize::new(0) }; 1024];

const _: () = assert!(align_of::<Metadata<'static>>() > SpanRole::MASK);
