//! The cases whose first suggestion an analyst would not give.

/// Their names, and why not.
pub const MISSED: &[(&str, &str)] = &[];
