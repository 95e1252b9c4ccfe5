//! Parts of charts: scales, axes, and marks as SVG.
//!
//! Positions are fractions of the width and height, so that a chart has any width and its text keeps its size.

pub(crate) mod coordinate;
pub(crate) mod frame;
pub(crate) mod marks;
pub(crate) mod scale;
pub(crate) mod thinning;
pub(crate) mod time_axis;
