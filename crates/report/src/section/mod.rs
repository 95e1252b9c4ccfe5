//! The sections of a report.

pub(crate) mod budget;
pub(crate) mod commits;
pub(crate) mod computations;
pub(crate) mod environments;
pub(crate) mod glance;
pub(crate) mod groups;
pub(crate) mod overview;
pub(crate) mod regions;
pub(crate) mod suggestions;
