//! The names of parts and columns.

pub(crate) mod column_name;
pub(crate) mod part_name;
