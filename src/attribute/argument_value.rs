//! Selects at compile time how an argument is captured.
//!
//! The macro calls `(&&&&&&&&&&&ArgumentValue(&argument)).keep_argument()`. Method resolution takes the first of these
//! traits whose bounds the type of the argument satisfies. Each trait is implemented for one reference less than the
//! one before.

use std::any::type_name;
use std::fmt::{self, Debug, Write};

use record::internal::{DebugSink, ValueRoom, read_debug};
use record::{Limits, Value};
use serde::Serialize;

use crate::attribute::plain_data::PlainData;
use crate::attribute::span_value::SpanValue;
use crate::attribute::summary::{Collection, Copied, Length, Summarize, of_collection};
use crate::observe::arguments::{Capture, NoRoom};

/// An argument on entry.
pub struct ArgumentValue<'a, T>(pub &'a T);

/// An argument without a value to capture: it is a field of the span, or it has no representation.
#[derive(Clone, Copy)]
pub struct NoValue;

impl Capture for NoValue {
    fn capture(&self, _: &Limits) -> Option<Value> {
        None
    }

    #[inline]
    fn is_empty(&self) -> bool {
        true
    }
}

/// An argument that is a field of the span, unless it is `None`.
#[derive(Clone, Copy)]
pub struct FieldValue {
    is_none: bool,
}

impl Capture for FieldValue {
    fn capture(&self, _: &Limits) -> Option<Value> {
        self.is_none.then_some(Value::Null)
    }

    #[inline]
    fn is_empty(&self) -> bool {
        !self.is_none
    }

    fn is_small(&self) -> bool {
        true
    }
}

/// A handle, whose `Debug` describes no parameter of a computation.
pub trait Handle {}

impl Handle for tracing::Span {}
impl Handle for tracing::Dispatch {}
impl<H: Handle> Handle for &H {}
impl<H: Handle> Handle for &mut H {}
impl<H: Handle> Handle for Option<H> {}

/// A copy that is read through `Serialize`.
#[derive(Clone, Copy)]
pub struct Serializable<T>(T);

impl<T: Serialize> Capture for Serializable<T> {
    fn capture(&self, limits: &Limits) -> Option<Value> {
        let value = Value::from_serialize_within(&self.0, limits);
        Some(value.unwrap_or_else(|error| format!("[not readable, its Serialize failed: {error}]").into()))
    }

    fn capture_into(&self, limits: &Limits, room: ValueRoom) -> Result<Option<Value>, NoRoom> {
        Value::from_serialize_into(&self.0, limits, room).map(Some).map_err(|_| NoRoom)
    }

    fn runs_program_code(&self) -> bool {
        true
    }
}

/// A copy that is read through `Serialize`, unless a lock in it is held. Its `Serialize` would wait for the lock, which
/// the failing function may hold itself; its `Debug` does not wait.
#[derive(Clone, Copy)]
pub struct Lockable<T>(T);

impl<T: Serialize + Debug> Capture for Lockable<T> {
    fn capture(&self, limits: &Limits) -> Option<Value> {
        // A value with more text than this is read through `Serialize`.
        if find_held_lock(&self.0, MAX_SEARCHED_BYTES).unwrap_or(false) {
            Debuggable(&self.0).capture(limits)
        } else {
            Serializable(&self.0).capture(limits)
        }
    }

    fn capture_into(&self, limits: &Limits, room: ValueRoom) -> Result<Option<Value>, NoRoom> {
        match find_held_lock(&self.0, DEBUG_RATIO * room.bytes) {
            Some(true) => Debuggable(&self.0).capture_into(limits, room),
            Some(false) => Serializable(&self.0).capture_into(limits, room),
            None => Err(NoRoom),
        }
    }

    fn runs_program_code(&self) -> bool {
        true
    }
}

/// A copy that is read through `Debug`.
#[derive(Clone, Copy)]
pub struct Debuggable<T>(T);

impl<T> Debuggable<T> {
    fn value_of(&self, text: &str, limits: &Limits) -> Value {
        // `None` of an enum of the program is a name, not a missing value.
        if text == "None" && !type_name::<T>().trim_start_matches('&').starts_with("core::option::Option<") {
            return "None".into();
        }
        read_debug(text, limits)
    }
}

impl<T: Debug> Capture for Debuggable<T> {
    fn capture(&self, limits: &Limits) -> Option<Value> {
        let mut text = String::new();
        let mut sink = DebugSink::new(&mut text, limits);
        let result = write!(sink, "{:?}", self.0);
        let summary = sink.finish();
        if result.is_err() && summary.is_none() {
            return Some("[not readable, its Debug failed]".into());
        }
        Some(summary.unwrap_or_else(|| self.value_of(&text, limits)))
    }

    fn capture_into(&self, limits: &Limits, room: ValueRoom) -> Result<Option<Value>, NoRoom> {
        let mut limits = limits.clone();
        (limits.text, limits.scan) = (limits.text.min(room.bytes), room.bytes);
        let mut text = String::new();
        let mut sink = DebugSink::new(&mut text, &limits);
        let result = write!(sink, "{:?}", self.0);
        if sink.finish().is_some() || result.is_err() {
            return Err(NoRoom);
        }
        Ok(Some(self.value_of(&text, &limits)))
    }

    fn runs_program_code(&self) -> bool {
        true
    }
}

/// The text by which the `Debug` of a mutex, a lock or a cell states that it is held.
const HELD: [&str; 2] = ["<locked>", "<borrowed>"];

/// Maximum number of bytes of `Debug` text that are searched for a lock that is held.
const MAX_SEARCHED_BYTES: usize = 1 << 20;

/// Maximum length of the `Debug` text of a value, compared to that of its JSON.
const DEBUG_RATIO: usize = 4;

/// Returns true if the `Debug` text of a value shows that a lock in it is held, and `None` if the text is too long.
fn find_held_lock(value: &impl Debug, max_bytes: usize) -> Option<bool> {
    let mut search = LockSearch { bytes_left: max_bytes, is_found: false };
    let result = write!(search, "{value:?}");
    (search.is_found || result.is_ok()).then_some(search.is_found)
}

/// Searches the text that is written to it. The standard library writes the state of a lock in one piece.
struct LockSearch {
    bytes_left: usize,
    is_found: bool,
}

impl Write for LockSearch {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.is_found |= HELD.contains(&text);
        let left = self.bytes_left.checked_sub(text.len()).filter(|_| !self.is_found);
        self.bytes_left = left.ok_or(fmt::Error)?;
        Ok(())
    }
}

/// A value of this type that the function owns or changes, and that has no summary.
#[derive(Clone, Copy)]
pub struct Unread(&'static str);

impl Capture for Unread {
    fn capture(&self, _: &Limits) -> Option<Value> {
        Some(format!("[not captured: the function may change this {}]", without_paths(self.0)).into())
    }

    fn capture_into(&self, _: &Limits, _: ValueRoom) -> Result<Option<Value>, NoRoom> {
        Err(NoRoom)
    }
}

/// Returns the name of a type without the paths in it: `Vec<Point>`.
fn without_paths(type_name: &str) -> String {
    let mut name = String::new();
    for part in type_name.trim_start_matches("&mut ").split_inclusive("::") {
        if let Some(path) = part.strip_suffix("::") {
            // Only the text after the last character that is no part of a path belongs to the path.
            name.push_str(path.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_'));
        } else {
            name.push_str(part);
        }
    }
    name
}

/// Declares the traits in order of precedence.
macro_rules! select {
    ($($selector:ident: [$($reference:tt)*] <$($bound:path),*> -> $captured:ty = |$value:ident| $captured_value:expr;)*) => {$(
        pub trait $selector<T> {
            type Captured;
            fn keep_argument(&self) -> Self::Captured;
        }

        impl<T: $($bound +)*> $selector<T> for $($reference)* ArgumentValue<'_, T> {
            type Captured = $captured;

            #[inline]
            fn keep_argument(&self) -> $captured {
                let $value = self.0;
                $captured_value
            }
        }
    )*};
}

select! {
    KeepHandle: [&&&&&&&&&&] <Handle> -> NoValue = |_value| NoValue;
    KeepSpanField: [&&&&&&&&&] <SpanValue> -> FieldValue = |value| FieldValue { is_none: value.is_none() };
    KeepPlainData: [&&&&&&&&] <Copy, PlainData> -> Copied<T> = |value| Copied(*value);
    KeepSummary: [&&&&&&&] <Summarize> -> T::Summary = |value| value.summarize();
    KeepLockable: [&&&&&&] <Copy, Serialize, Debug> -> Lockable<T> = |value| Lockable(*value);
    KeepSerialize: [&&&&&] <Copy, Serialize> -> Serializable<T> = |value| Serializable(*value);
    KeepDebug: [&&&&] <Copy, Debug> -> Debuggable<T> = |value| Debuggable(*value);
    KeepCollection: [&&&] <Collection> -> Length = |value| of_collection(value);
    KeepUnreadSerialize: [&&] <Serialize> -> Unread = |_value| Unread(type_name::<T>());
    KeepUnreadDebug: [&] <Debug> -> Unread = |_value| Unread(type_name::<T>());
    KeepNothing: [] <> -> NoValue = |_value| NoValue;
}
