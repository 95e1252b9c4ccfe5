//! The run that a record describes.

use ::corpus::RunTable;
use record::Failure;

/// Returns the run of a failure; none if the table does not contain it.
pub(crate) fn failed_run(failure: &Failure, table: &RunTable) -> Option<usize> {
    let id = failure.context.id?;
    let is_this = |index: u32| table.failures().get(index as usize).is_some_and(|known| known.id == Some(id));
    table.runs().iter().position(|run| run.failure.is_some_and(is_this))
}
