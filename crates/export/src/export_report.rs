//! The summary of an export.

use serde::Serialize;

/// What an export has written for one computation.
///
/// ```
/// assert_eq!(tracing_failure_export::ComputationExport::default().runs, 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ComputationExport {
    /// The name of the computation.
    pub computation: String,
    /// Number of runs of the corpus.
    pub runs: usize,
    /// Number of further runs of existing parts, which the corpus does not contain any more.
    pub kept_runs: usize,
    /// Number of written parts with runs.
    pub parts: usize,
    /// Number of written parts with trails.
    pub trail_parts: usize,
    /// Number of bytes of all written parts.
    pub bytes: u64,
}

/// What an export has written.
///
/// ```
/// assert!(tracing_failure_export::ExportReport::default().computations.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExportReport {
    /// The address of the store.
    pub target: String,
    /// The name of the format.
    pub format: String,
    /// The computations, sorted by name.
    pub computations: Vec<ComputationExport>,
}

/// How much is written.
///
/// ```
/// use std::ops::ControlFlow;
/// use tracing_failure_export::ExportProgress;
///
/// let show = |progress: ExportProgress| {
///     eprint!("\r{} %", progress.done * 100 / progress.total.max(1));
///     ControlFlow::<()>::Continue(())
/// };
/// # let _ = show;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportProgress {
    /// Number of runs that are written.
    pub done: u64,
    /// Number of all runs.
    pub total: u64,
}
