//! The runs near a run.

mod metric;
mod rank_scale;
mod relevance;
mod run_space;

pub(crate) use metric::weighted_columns;
pub(crate) use rank_scale::{RankScale, distance};
pub(crate) use relevance::is_any_relevant;
pub(crate) use run_space::RunSpace;
