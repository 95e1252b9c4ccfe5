//! Reads the payload of a panic as text, and drops it safely.
//!
//! A payload is a value of the program. Its `Display` and its `Drop` may panic.

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::observe::thread::Busy;
use record::internal::DebugSink;
use record::{Limits, Value};
use runtime::{lock, unwind};

/// Maximum depth of nested payloads. `panic_any(payload)` wraps a caught payload.
const MAX_DEPTH: usize = 8;

type Payload = dyn Any + Send;
type SharedError = dyn Error + Send + Sync;

/// The content of a payload.
enum Content<'a> {
    /// Text, or a value of a type in the standard library.
    Text(Cow<'a, str>),
    /// An error, whose `Display` is code of the program.
    Error(&'a SharedError),
    /// An error that only one thread may use at a time.
    UnsharedError(&'a (dyn Error + Send + 'static)),
    Opaque,
}

/// Runs code of the program. A panic becomes the text of its payload.
#[inline]
pub(crate) fn catch_panic<R>(run: impl FnOnce() -> R) -> Result<R, String> {
    unwind::catch_panic_with(run, text)
}

/// Returns the text of a caught payload, if it has one.
pub(crate) fn text(payload: &Payload) -> Option<String> {
    match content(payload, MAX_DEPTH) {
        Content::Text(text) => Some(text.into_owned()),
        Content::Error(error) => text_of_error(error),
        Content::UnsharedError(error) => text_of_error(error),
        Content::Opaque => None,
    }
}

/// Returns the text of a payload inside a panic hook. Code of the program runs on another thread, because a second
/// panic on this thread would abort the process.
pub(crate) fn text_in_hook(payload: &Payload) -> Option<String> {
    match content(payload, MAX_DEPTH) {
        Content::Text(text) => Some(text.into_owned()),
        Content::Error(error) => text_by_another_thread(error),
        // No other thread may use the error now. The code that catches the payload can still report it.
        Content::UnsharedError(_) | Content::Opaque => None,
    }
}

/// Returns the address of a payload's text, which distinguishes payloads with equal texts; 0 for other types.
pub(crate) fn address(payload: &Payload) -> usize {
    if let Some(nested) = payload.downcast_ref::<Box<Payload>>() {
        return address(&**nested);
    }
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.filter(|text| !text.is_empty()).map_or(0, |text| text.as_ptr().addr())
}

fn text_by_another_thread(error: &SharedError) -> Option<String> {
    std::thread::scope(|scope| {
        let thread = lock::thread("failure-payload").stack_size(2 << 20).spawn_scoped(scope, || {
            let _busy = Busy::enter();
            text_of_error(error)
        })?;
        match thread.join() {
            Ok(text) => Ok(text),
            Err(payload) => {
                std::mem::forget(payload);
                Ok::<_, std::io::Error>(None)
            }
        }
    })
    .unwrap_or_default()
}

/// Returns the messages of an error and its sources, each once.
fn text_of_error(error: &(dyn Error + 'static)) -> Option<String> {
    let limits = Limits::default();
    let mut text = message(error, &limits)?;
    let mut next = catch_panic(|| error.source()).ok().flatten();
    for _ in 0..limits.errors {
        let Some(source) = next else { break };
        if let Some(words) = message(source, &limits).filter(|words| !text.contains(words)) {
            text.extend([": ", &words]);
        }
        next = catch_panic(|| source.source()).ok().flatten();
    }
    Some(text)
}

/// Returns the message of an error within the limit.
fn message(error: &(dyn Error + 'static), limits: &Limits) -> Option<String> {
    use std::fmt::Write;

    let mut text = String::new();
    // If a payload panics here, it is leaked, because another payload may be being read.
    let summary = catch_unwind(AssertUnwindSafe(|| {
        let mut sink = DebugSink::new(&mut text, limits);
        let _ = write!(sink, "{error}");
        sink.finish()
    }));
    match summary {
        Ok(None) => Some(text),
        Ok(Some(Value::String(shortened))) => Some(shortened),
        Ok(Some(summary)) => Some(summary.to_string()),
        Err(payload) => {
            std::mem::forget(payload);
            None
        }
    }
}

/// Determines the type of a payload.
fn content(payload: &Payload, depth: usize) -> Content<'_> {
    macro_rules! text {
        ($($of:ty),* $(,)?) => {
            $(if let Some(text) = payload.downcast_ref::<$of>() {
                return Content::Text(Cow::Borrowed(text));
            })*
        };
    }
    macro_rules! formatted {
        ($($of:ty),* $(,)?) => {
            $(if let Some(value) = payload.downcast_ref::<$of>() {
                return Content::Text(Cow::Owned(value.to_string()));
            })*
        };
    }
    text!(&'static str, String, Box<str>, Arc<str>, Cow<'static, str>, Box<String>, Arc<String>, &'static String);
    if let Some(nested) = payload.downcast_ref::<Box<Payload>>()
        && depth > 0
    {
        return content(&**nested, depth - 1);
    }
    if let Some(nested) = payload.downcast_ref::<Box<dyn Any + Send + Sync>>()
        && depth > 0
    {
        return content(&**nested, depth - 1);
    }
    formatted!(bool, char, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64);
    formatted!(
        std::fmt::Error,
        std::io::ErrorKind,
        std::num::ParseFloatError,
        std::num::ParseIntError,
        std::num::TryFromIntError,
        std::str::ParseBoolError,
        std::str::Utf8Error,
        std::string::FromUtf8Error,
        std::array::TryFromSliceError,
        std::time::SystemTimeError,
        std::env::VarError,
        std::net::AddrParseError,
        std::sync::mpsc::RecvError,
        std::sync::mpsc::RecvTimeoutError,
        serde_json::Error,
        Value,
    );
    error_in(payload)
}

/// Reads a payload that is an error.
fn error_in(payload: &Payload) -> Content<'_> {
    if let Some(error) = payload.downcast_ref::<std::io::Error>() {
        return Content::Error(error);
    }
    if let Some(error) = payload.downcast_ref::<Box<SharedError>>() {
        return Content::Error(&**error);
    }
    if let Some(error) = payload.downcast_ref::<Arc<SharedError>>() {
        return Content::Error(&**error);
    }
    #[cfg(feature = "color-eyre")]
    if let Some(report) = payload.downcast_ref::<color_eyre::eyre::Report>() {
        let error: &SharedError = report.as_ref();
        return Content::Error(error);
    }
    match payload.downcast_ref::<Box<dyn Error + Send>>() {
        Some(error) => Content::UnsharedError(&**error),
        None => Content::Opaque,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    struct PanicOnDrop;

    impl Drop for PanicOnDrop {
        fn drop(&mut self) {
            panic!("the payload was dropped")
        }
    }

    #[derive(Debug)]
    struct Unreadable;

    impl fmt::Display for Unreadable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            std::panic::panic_any(PanicOnDrop)
        }
    }

    impl Error for Unreadable {}

    fn read(payload: impl Any + Send) -> Option<String> {
        let boxed: Box<Payload> = Box::new(payload);
        assert_eq!(text(&*boxed), text_in_hook(&*boxed));
        text(&*boxed)
    }

    #[test]
    fn every_payload_that_holds_text_is_read() {
        let thrown = || std::io::Error::other("pivot is zero");
        let texts = [
            read("pivot is zero"),
            read("pivot is zero".to_owned()),
            read(Box::<str>::from("pivot is zero")),
            read(Arc::<str>::from("pivot is zero")),
            read(Arc::new("pivot is zero".to_owned())),
            read(Cow::Borrowed("pivot is zero")),
            read(thrown()),
            read(Box::<SharedError>::from("pivot is zero")),
            read(Arc::<SharedError>::from(Box::<SharedError>::from(thrown()))),
            read(Box::new(Box::new("pivot is zero") as Box<Payload>) as Box<Payload>),
        ];
        for (index, text) in texts.into_iter().enumerate() {
            assert_eq!(text.as_deref(), Some("pivot is zero"), "{index}");
        }
        assert_eq!(read(-7i16).as_deref(), Some("-7"));
        assert_eq!(read(0.5f64).as_deref(), Some("0.5"));
        assert_eq!(read("x".parse::<f64>().unwrap_err()).as_deref(), Some("invalid float literal"));
        assert_eq!(read(()), None);
        assert_eq!(read(Box::<SharedError>::from(Unreadable)), None);
    }

    #[test]
    fn an_error_that_cannot_be_shared_is_read_where_it_was_caught() {
        let payload: Box<Payload> = Box::new(Box::new(Plain) as Box<dyn Error + Send>);
        assert_eq!(text(&*payload).as_deref(), Some("plain"));
        assert_eq!(text_in_hook(&*payload), None);
    }

    #[derive(Debug)]
    struct Plain;

    impl fmt::Display for Plain {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("plain")
        }
    }

    impl Error for Plain {}

    #[test]
    fn payloads_inside_payloads_without_end_are_not_text() {
        let wrap = |payload: Box<Payload>, _| -> Box<Payload> { Box::new(payload) };
        assert_eq!(text(&*(0..100).fold(Box::new("deep") as Box<Payload>, wrap)), None);
    }

    #[test]
    fn a_caught_panic_is_its_text() {
        assert_eq!(catch_panic(|| panic!("pivot {}", 3)), Err::<(), _>("pivot 3".to_owned()));
        assert_eq!(catch_panic(|| 7), Ok(7));
    }
}
