//! The figures of a report, each with a caption, a legend, and its numbers.

mod bars;
mod legend;
pub(crate) mod rate_bar;
pub(crate) mod region;
mod region_rates;
mod region_runs;
mod scatter;
pub(crate) mod timeline;
pub(crate) mod trail;
