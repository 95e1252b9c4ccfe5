//! Catches panics in code of the program.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The message of a panic whose payload is no text.
pub const NOT_TEXT: &str = "a panic whose payload is not text";

/// Runs code of the program. Returns the message if it panics.
///
/// ```
/// use tracing_failure_runtime::panic::caught;
///
/// assert_eq!(caught(|| 7), Ok(7));
/// assert_eq!(caught(|| panic!("pivot {}", 3)), Err::<(), _>("pivot 3".to_owned()));
/// ```
pub fn caught<R>(run: impl FnOnce() -> R) -> Result<R, String> {
    caught_with(run, |payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| payload.downcast_ref::<&str>().copied()).map(str::to_owned)
    })
}

/// Runs code of the program with another function that reads the message from the payload.
///
/// ```
/// use tracing_failure_runtime::panic::caught_with;
///
/// let code = |payload: &(dyn std::any::Any + Send)| payload.downcast_ref::<i32>().map(|code| format!("code {code}"));
/// assert_eq!(caught_with(|| std::panic::panic_any(7), code), Err::<(), _>("code 7".to_owned()));
/// ```
pub fn caught_with<R>(
    run: impl FnOnce() -> R,
    message: impl FnOnce(&(dyn Any + Send)) -> Option<String>,
) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let message = message(&*payload);
        discard(payload);
        message.unwrap_or_else(|| NOT_TEXT.to_owned())
    })
}

/// Drops the payload of a panic. If its destructor panics, the payload of that panic is leaked.
///
/// ```
/// let payload = std::panic::catch_unwind(|| panic!("pivot is zero")).unwrap_err();
/// tracing_failure_runtime::panic::discard(payload);
/// ```
pub fn discard(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A payload that panics when it is dropped, and so does the payload of that panic.
    struct Spiteful(u32);

    impl Drop for Spiteful {
        fn drop(&mut self) {
            if self.0 > 0 {
                std::panic::panic_any(Spiteful(self.0 - 1));
            }
        }
    }

    #[test]
    fn a_payload_that_panics_when_it_is_dropped_stays_caught() {
        assert_eq!(caught(|| std::panic::panic_any(Spiteful(3))), Err::<(), _>(NOT_TEXT.to_owned()));
    }
}
