//! The runs near a run.

mod rank_scale;
mod relevance;
mod run_space;

pub(crate) use rank_scale::{RankScale, distance};
pub(crate) use relevance::relevant_columns;
pub(crate) use run_space::RunSpace;
