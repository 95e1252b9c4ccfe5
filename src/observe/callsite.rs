//! What a callsite can contribute, decided once.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use record::Location;
use tracing::Metadata;

/// The field that names a computation.
pub(crate) const COMPUTATION: &str = "computation";
/// The field that names the equation it computes by.
pub(crate) const THEORETICAL_REF: &str = "theoretical_ref";

/// The fields of a span that are not parameters.
pub(crate) const RESERVED_IN_SPANS: &[&str] = &[COMPUTATION, THEORETICAL_REF];

/// Fields of an event that hold the error, the usual one first.
pub(crate) const ERROR_FIELDS: &[&str] =
    &["error", "err", "e", "cause", "exception", "source", "error.message", "exception.message"];

/// Fields of an event that name the type of the error.
pub(crate) const ERROR_TYPE_FIELDS: &[&str] = &["error_type", "error.type", "exception.type"];

/// The fields of an ERROR-level span that say why it closes.
pub(crate) const SPAN_ERROR_FIELDS: &[&str] = &["error", "err", "message"];

/// The message, and the fields of a record of the `log` crate that say where it comes from.
pub(crate) const LOG_FIELDS: &[&str] = &["message", "log.target", "log.module_path", "log.file", "log.line"];

/// The fields by which the bridge from the `log` crate describes a record.
pub(crate) const LOG_CRATE_FIELDS: &[&str] = &["log.target", "log.module_path", "log.file", "log.line"];

/// The place of a callsite in the source.
pub(crate) fn location(meta: &'static Metadata<'static>) -> Location {
    let mut location = Location::default();
    location.file = meta.file().map(Cow::Borrowed);
    location.line = meta.line();
    location.module = meta.module_path().map(Cow::Borrowed);
    location.target = Some(Cow::Borrowed(meta.target()));
    location
}

/// Whether this is a record of the `log` crate that `tracing-log` hands on. A user's own field may be called `log.file`.
pub(crate) fn is_log_record(meta: &Metadata<'_>) -> bool {
    meta.target() == "log" && meta.name() == "log event"
}

/// What the fields that a span declares make of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Role(usize);

impl Role {
    const NAMES_COMPUTATION: usize = 1;
    const NAMES_REFERENCE: usize = 2;
    const BITS: usize = 3;

    /// Whether it can name a computation.
    pub(crate) fn names_computation(self) -> bool {
        self.0 & Self::NAMES_COMPUTATION != 0
    }

    /// Whether it is a computation's span, or holds the reference of one.
    pub(crate) fn is_marked(self) -> bool {
        self.0 != 0
    }

    #[inline]
    pub(crate) fn of(meta: &'static Metadata<'static>) -> Self {
        let address = std::ptr::from_ref(meta).addr();
        let known = &KNOWN[(address >> 4) % KNOWN.len()];
        let entry = known.load(Ordering::Relaxed);
        if entry & !Self::BITS == address {
            return Role(entry & Self::BITS);
        }
        let declares = |name, bit| if meta.fields().field(name).is_some() { bit } else { 0 };
        let bits = declares(COMPUTATION, Self::NAMES_COMPUTATION) | declares(THEORETICAL_REF, Self::NAMES_REFERENCE);
        known.store(address | bits, Ordering::Relaxed);
        Role(bits)
    }
}

/// Callsites by address, their role in the two lowest bits, which alignment leaves free. A callsite that has to give
/// way to another is judged again.
static KNOWN: [AtomicUsize; 1024] = [const { AtomicUsize::new(0) }; 1024];

const _: () = assert!(align_of::<Metadata<'static>>() > Role::BITS);
