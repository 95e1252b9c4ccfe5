//! The result of reading exported files.

use std::collections::BTreeSet;

use corpus::Corpus;

/// The runs of exported files.
///
/// ```
/// assert!(tracing_failure_export::ExportedRuns::default().corpus.tables().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct ExportedRuns {
    /// The runs that the options choose.
    pub corpus: Corpus,
    /// The names of other computations.
    pub other_computations: BTreeSet<String>,
}
