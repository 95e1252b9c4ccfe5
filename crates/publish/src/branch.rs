//! The name of a branch. Git does not require it to be UTF-8.

use std::ffi::{OsStr, OsString};
use std::fmt;

use crate::git::path_of;

/// The prefix of the full name of a branch.
const HEADS: &str = "refs/heads/";

/// The short name of a branch, byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Branch(OsString);

impl Branch {
    pub(crate) fn new(name: impl Into<OsString>) -> Self {
        Branch(name.into())
    }

    /// Returns the branch with this full name, or `None` if the name is that of another reference.
    pub(crate) fn from_full_name(name: &[u8]) -> Option<Self> {
        name.strip_prefix(HEADS.as_bytes()).map(|name| Branch(path_of(name).into_os_string()))
    }

    /// `refs/heads/…`
    pub(crate) fn full_name(&self) -> OsString {
        join([OsStr::new(HEADS), &self.0])
    }

    pub(crate) fn name(&self) -> &OsStr {
        &self.0
    }

    /// The name, if it is UTF-8.
    pub(crate) fn as_str(&self) -> Option<&str> {
        self.0.to_str()
    }
}

/// Replaces bytes that are not UTF-8.
impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_string_lossy().fmt(f)
    }
}

/// Concatenates the parts of an argument.
pub(crate) fn join<'a>(parts: impl IntoIterator<Item = &'a OsStr>) -> OsString {
    parts.into_iter().fold(OsString::new(), |mut joined, part| {
        joined.push(part);
        joined
    })
}
