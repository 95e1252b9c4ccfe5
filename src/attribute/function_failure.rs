//! The failure that a returned value states.

use std::fmt;

use record::{ErrorEntry, Limits, Map, Value};

use crate::attribute::exit_line::ExitLine;
use crate::observe::arguments::Capture;
use crate::observe::error_chain::ErrorChain;
use crate::observe::reported_error::ReportedError;

/// The failure of an annotated function. It displays the message of its error.
pub struct FunctionFailure<'a> {
    /// Reads the error. Most errors are only read if a layer or a subscriber needs them.
    read: Box<dyn Fn(&Limits) -> ErrorChain + 'a>,
    /// The returned value, if it is not an error.
    returned: Option<&'a dyn Capture>,
    /// The line of the exit of the function, 0 if it is unknown.
    line: u32,
}

impl<'a> FunctionFailure<'a> {
    /// Creates the failure of a returned error.
    pub(super) fn of_error(read: impl Fn(&Limits) -> ErrorChain + 'a) -> Self {
        FunctionFailure { read: Box::new(read), returned: None, line: 0 }
    }

    /// Creates the failure of a returned value that is no error.
    pub(super) fn of_value(error_type: &'static str, message: String) -> Self {
        Self::of_error(move |_| {
            let mut entry = ErrorEntry::new(message.clone());
            entry.type_name = Some(error_type.to_owned());
            ErrorChain { entries: vec![entry], ..ErrorChain::default() }
        })
    }

    /// Creates the failure of a function that returns `None`. It repeats an ERROR event directly before it.
    pub(super) fn of_none() -> Self {
        Self::of_error(|_| {
            let mut entry = ErrorEntry::new("the function returned None");
            entry.type_name = Some("NoResult".to_owned());
            ErrorChain { entries: vec![entry], is_bare: true, ..ErrorChain::default() }
        })
    }

    /// Adds the returned value to the record.
    #[must_use]
    pub(super) fn with_returned(self, value: &'a dyn Capture) -> Self {
        FunctionFailure { returned: Some(value), ..self }
    }
}

impl FunctionFailure<'_> {
    /// Sets the line at which the function ended.
    #[must_use]
    pub fn at(self, exit: &ExitLine) -> Self {
        FunctionFailure { line: exit.line(), ..self }
    }
}

impl ReportedError for FunctionFailure<'_> {
    fn chain(&self, limits: &Limits) -> ErrorChain {
        (self.read)(limits)
    }

    fn line(&self) -> Option<u32> {
        (self.line > 0).then_some(self.line)
    }

    fn facts(&self, limits: &Limits) -> Map {
        let returned = self.returned.and_then(|value| value.capture(limits));
        Map::from_iter(returned.map(|value: Value| ("returned", value)))
    }
}

impl fmt::Display for FunctionFailure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str((self.read)(&Limits::DEFAULT).message().unwrap_or("failed without a message"))
    }
}
