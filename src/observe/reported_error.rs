//! The typed error of the ERROR event that an annotated function emits. The event itself carries only its text.

use record::{Limits, Map};
use scoped_tls_hkt::scoped_thread_local;
use tracing::Metadata;

use crate::observe::error_chain::ErrorChain;

/// The name of the event by which an annotated function reports its failure.
pub(crate) const REPORT_NAME: &str = "computation failed";

/// The failure of an annotated function.
pub(crate) trait ReportedError {
    /// Returns the error and its sources.
    fn chain(&self, limits: &Limits) -> ErrorChain;

    /// Returns the facts that belong to the record's `context.event`.
    fn facts(&self, limits: &Limits) -> Map;
}

scoped_thread_local!(static REPORTED: for<'a> &'a (dyn ReportedError + 'a));

/// Calls `emit`, which emits the event of this error.
pub(crate) fn report<R>(error: &dyn ReportedError, emit: impl FnOnce() -> R) -> R {
    REPORTED.set(error, emit)
}

/// Returns the error that an event of this callsite reports, and its facts.
pub(crate) fn of_event(meta: &Metadata<'_>, limits: &Limits) -> Option<(ErrorChain, Map)> {
    let is_report = meta.name() == REPORT_NAME && REPORTED.is_set();
    is_report.then(|| REPORTED.with(|error| (error.chain(limits), error.facts(limits))))
}
