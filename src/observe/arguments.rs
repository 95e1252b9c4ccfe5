//! The arguments of the annotated functions that this thread is in.
//!
//! The frames borrow from the functions, so a healthy call stores a pointer and nothing else. The arguments are read
//! when a computation fails.

use record::internal::ValueRoom;
use record::{Limits, Value};
use scoped_tls_hkt::scoped_thread_local;
use tracing::Metadata;

use crate::observe::panic_payload::catch_panic;
use crate::observe::parameter_names;
use text::shorten;

/// An argument that can be read when a computation fails.
pub trait Capture {
    /// Returns the value, or `None` if the argument has no representation or is a field of the span.
    fn capture(&self, limits: &Limits) -> Option<Value>;

    /// Returns the value if it fits into the room. Reading it stops where the room ends.
    fn capture_into(&self, limits: &Limits, room: ValueRoom) -> Result<Option<Value>, NoRoom> {
        let _ = room;
        Ok(self.capture(limits))
    }

    /// Returns true if reading runs code of the program, which must not run inside a panic hook.
    fn runs_program_code(&self) -> bool {
        false
    }

    /// Returns true if there is nothing to capture.
    fn is_empty(&self) -> bool {
        false
    }

    /// Returns true for plain data that is small enough for the log line of a successful call.
    fn is_small(&self) -> bool {
        false
    }
}

/// A closing line has no room for the value of an argument, or the value cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

/// A value of an argument.
#[derive(Clone, Debug)]
pub(crate) struct ReadArgument {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    /// True if the closing line of the computation contains the value, and not only a record.
    pub(crate) is_in_closing_line: bool,
}

/// An argument of an annotated function.
#[derive(Clone, Copy)]
pub struct CallArgument<'a> {
    /// `None` if the entries of the value are parameters of their own.
    name: Option<&'static str>,
    value: &'a dyn Capture,
}

impl<'a> CallArgument<'a> {
    /// Creates an argument of this name.
    pub fn new(name: &'static str, value: &'a dyn Capture) -> Self {
        CallArgument { name: Some(name), value }
    }

    /// Returns true if there is nothing to capture.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    pub(crate) fn is_small(&self) -> bool {
        self.value.is_small()
    }

    pub(crate) fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// Creates an argument whose entries are parameters of their own, if it has any.
    pub(crate) fn of_entries(value: &'a dyn Capture) -> Self {
        CallArgument { name: None, value }
    }

    /// Returns true if reading runs code of the program.
    pub(crate) fn runs_program_code(&self) -> bool {
        self.value.runs_program_code()
    }

    /// Reads the argument. A panic of the program's code becomes the value.
    pub(crate) fn read(&self, limits: &Limits, is_in_closing_line: bool) -> Vec<ReadArgument> {
        let panicked = |panic: String| format!("[not readable, it panicked: {}]", shorten(&panic, limits.text));
        let value = catch_panic(|| self.value.capture(limits)).unwrap_or_else(|panic| Some(panicked(panic).into()));
        let argument = |name, value| ReadArgument { name, value, is_in_closing_line };
        match (value, self.name) {
            (None, _) | (Some(Value::Null), None) => Vec::new(),
            (Some(value), Some(name)) => vec![argument(name, value)],
            (Some(Value::Map(entries)), None) => {
                parameter_names::name_entries(entries).into_iter().map(|(name, value)| argument(name, value)).collect()
            }
            (Some(value), None) => vec![argument("value", value)],
        }
    }

    /// Reads the argument for a closing line, and takes its room.
    pub(crate) fn read_into(&self, limits: &Limits, room: &mut ValueRoom) -> Result<Option<ReadArgument>, NoRoom> {
        let name = self.name.ok_or(NoRoom)?;
        match catch_panic(|| self.value.capture_into(limits, *room)).unwrap_or(Err(NoRoom))? {
            Some(value) if !room.take_entry(name, &value) => Err(NoRoom),
            value => Ok(value.map(|value| ReadArgument { name, value, is_in_closing_line: true })),
        }
    }
}

/// A call of an annotated function, with the id and the callsite of its span.
#[derive(Clone, Copy)]
pub(crate) struct CallFrame<'a> {
    pub(crate) span: u64,
    pub(crate) meta: &'static Metadata<'static>,
    arguments: &'a [CallArgument<'a>],
    outer: Option<&'a CallFrame<'a>>,
}

impl<'a> CallFrame<'a> {
    /// Returns the arguments, in a panic hook only those that need no code of the program.
    pub(crate) fn arguments(&self, in_hook: bool) -> impl Iterator<Item = &'a CallArgument<'a>> {
        self.arguments.iter().filter(move |argument| !in_hook || !argument.value.runs_program_code())
    }
}

scoped_thread_local!(static FRAMES: for<'a> &'a CallFrame<'a>);

/// Calls `body` inside a frame with these arguments.
#[inline]
pub(crate) fn in_frame<R>(
    span: u64,
    meta: &'static Metadata<'static>,
    arguments: &[CallArgument<'_>],
    body: impl FnOnce(&CallFrame<'_>) -> R,
) -> R {
    with_innermost(|outer| {
        let frame = CallFrame { span, meta, arguments, outer };
        FRAMES.set(&frame, || body(&frame))
    })
}

#[inline]
fn with_innermost<R>(look: impl FnOnce(Option<&CallFrame<'_>>) -> R) -> R {
    if FRAMES.is_set() { FRAMES.with(|frame| look(Some(frame))) } else { look(None) }
}

/// Calls `look` with each frame of this thread, innermost first.
pub(crate) fn for_each_frame(mut look: impl FnMut(&CallFrame<'_>)) {
    with_innermost(|innermost| {
        std::iter::successors(innermost, |frame| frame.outer).for_each(&mut look);
    });
}
