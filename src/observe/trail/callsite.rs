//! The description of a callsite in a record.

use std::borrow::Cow;

use record::Location;

/// A place in the program that reports values.
#[derive(Clone, Debug, Default)]
pub struct Callsite {
    /// The level, such as `DEBUG`.
    pub level: Cow<'static, str>,
    /// The name of the span whose late fields the values are.
    pub span: Option<Cow<'static, str>>,
    /// The message of its first event.
    pub message: Option<String>,
    /// The place in the source code.
    pub location: Location,
    /// The names of the columns.
    pub columns: Vec<Cow<'static, str>>,
    /// The number of values that have no column.
    pub omitted_columns: usize,
}
