//! The source location of a check.

use std::borrow::Cow;

use record::Location;

/// The text before the location.
const PREFIX: &str = "checked at ";

/// The source location of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckSite {
    /// The source file.
    pub file: &'static str,
    /// The line in the file.
    pub line: u32,
    /// The module.
    pub module: &'static str,
}

impl CheckSite {
    pub(crate) fn location(self) -> Location {
        let mut location = Location::default();
        location.file = Some(Cow::Borrowed(self.file));
        location.line = Some(self.line);
        location.module = Some(Cow::Borrowed(self.module));
        location.target = Some(Cow::Borrowed(self.module));
        location
    }
}

impl std::fmt::Display for CheckSite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{PREFIX}{}:{}", self.file, self.line)
    }
}

/// Reads the location from the text of a [`CheckSite`], as a report of nested errors contains it.
pub(crate) fn parse_location(text: &str) -> Option<Location> {
    let (file, line) = text.strip_prefix(PREFIX)?.rsplit_once(':')?;
    let mut location = Location::default();
    location.file = Some(Cow::Owned(file.to_owned()));
    location.line = Some(line.parse().ok()?);
    Some(location)
}
