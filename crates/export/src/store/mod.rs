//! Places for the files of an export.

pub(crate) mod directory;
pub(crate) mod part_store;
