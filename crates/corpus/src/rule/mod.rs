//! Conditions on parameters, and rules that join them.

pub(crate) mod condition;
pub(crate) mod counts;
pub(crate) mod region;
