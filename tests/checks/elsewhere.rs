//! A row of the trail from another source file.

pub(crate) fn step(iteration: u32) {
    tracing_failure::trail!(iteration);
}
