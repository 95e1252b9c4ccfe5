//! The name of a branch. Git allows any bytes in it.

use std::ffi::{OsStr, OsString};
use std::fmt;

use crate::git::path_of;

/// Where the names of branches begin.
const HEADS: &str = "refs/heads/";

/// The short name of a branch, to the byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Branch(OsString);

impl Branch {
    pub(crate) fn new(name: impl Into<OsString>) -> Self {
        Branch(name.into())
    }

    /// The branch of this full name, as git prints it; `None` where it is another reference.
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

    /// The name as text, where it is text.
    pub(crate) fn as_str(&self) -> Option<&str> {
        self.0.to_str()
    }
}

/// For people: bytes that are no text are replaced.
impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_string_lossy().fmt(f)
    }
}

/// Parts of a word for git.
pub(crate) fn join<'a>(parts: impl IntoIterator<Item = &'a OsStr>) -> OsString {
    parts.into_iter().fold(OsString::new(), |mut joined, part| {
        joined.push(part);
        joined
    })
}
