//! The risk that a run fails, and the success that is nearest to it.

pub(crate) mod estimate;
pub(crate) mod model;
pub(crate) mod nearest;

mod known_values;
mod membership;
mod query;
