//! Catches panics in code of the program, and drops their payloads safely.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The message of a panic whose payload is no text.
///
/// ```
/// use tracing_failure_runtime::unwind::{OPAQUE_PAYLOAD, catch_panic};
///
/// assert_eq!(catch_panic(|| std::panic::panic_any(7)), Err::<(), _>(OPAQUE_PAYLOAD.to_owned()));
/// ```
pub const OPAQUE_PAYLOAD: &str = "a panic whose payload is not text";

/// Runs code of the program. Returns the message if it panics.
///
/// ```
/// use tracing_failure_runtime::unwind::catch_panic;
///
/// assert_eq!(catch_panic(|| 7), Ok(7));
/// assert_eq!(catch_panic(|| panic!("pivot {}", 3)), Err::<(), _>("pivot 3".to_owned()));
/// ```
#[inline]
pub fn catch_panic<R>(run: impl FnOnce() -> R) -> Result<R, String> {
    catch_panic_with(run, |payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| payload.downcast_ref::<&str>().copied()).map(str::to_owned)
    })
}

/// Runs code of the program with another function that reads the message from the payload.
///
/// ```
/// use tracing_failure_runtime::unwind::catch_panic_with;
///
/// let code = |payload: &(dyn std::any::Any + Send)| payload.downcast_ref::<i32>().map(|code| format!("code {code}"));
/// assert_eq!(catch_panic_with(|| std::panic::panic_any(7), code), Err::<(), _>("code 7".to_owned()));
/// ```
#[inline]
pub fn catch_panic_with<R>(
    run: impl FnOnce() -> R,
    message: impl FnOnce(&(dyn Any + Send)) -> Option<String>,
) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let message = message(&*payload);
        discard_payload(payload);
        message.unwrap_or_else(|| OPAQUE_PAYLOAD.to_owned())
    })
}

/// Drops the payload of a panic. If its destructor panics, the payload of that panic is leaked.
///
/// ```
/// let payload = std::panic::catch_unwind(|| panic!("pivot is zero")).unwrap_err();
/// tracing_failure_runtime::unwind::discard_payload(payload);
/// ```
pub fn discard_payload(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A payload that panics when it is dropped, and so does the payload of that panic.
    struct PanicOnDrop(u32);

    impl Drop for PanicOnDrop {
        fn drop(&mut self) {
            if self.0 > 0 {
                std::panic::panic_any(PanicOnDrop(self.0 - 1));
            }
        }
    }

    #[test]
    fn a_payload_that_panics_on_drop_is_caught() {
        assert_eq!(catch_panic(|| std::panic::panic_any(PanicOnDrop(3))), Err::<(), _>(OPAQUE_PAYLOAD.to_owned()));
    }
}
