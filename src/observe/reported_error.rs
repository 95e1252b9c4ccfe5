//! The typed error of the ERROR event that an annotated function emits. The event itself carries only its text.

use record::{Limits, Map};
use scoped_tls_hkt::scoped_thread_local;
use tracing::Metadata;

use crate::observe::error_chain::ErrorChain;

/// The name of the event by which an annotated function reports its failure.
pub const REPORT_NAME: &str = "computation failed";

/// The failure of an annotated function.
pub(crate) trait ReportedError {
    /// Returns the error and its sources.
    fn chain(&self, limits: &Limits) -> ErrorChain;

    /// Returns the line at which the function ended.
    fn line(&self) -> Option<u32>;

    /// Returns the facts that belong to the record's `context.event`.
    fn facts(&self, limits: &Limits) -> Map;
}

scoped_thread_local!(static REPORTED: for<'a> &'a (dyn ReportedError + 'a));

/// Calls `emit`, which emits the event of this error.
pub(crate) fn report<R>(error: &dyn ReportedError, emit: impl FnOnce() -> R) -> R {
    REPORTED.set(error, emit)
}

/// The content of a reported error.
pub(crate) struct ErrorContent {
    pub(crate) chain: ErrorChain,
    pub(crate) line: Option<u32>,
    pub(crate) facts: Map,
}

/// Returns the error that an event of this callsite reports.
pub(crate) fn of_event(meta: &Metadata<'_>, limits: &Limits) -> Option<ErrorContent> {
    let is_report = meta.name() == REPORT_NAME && REPORTED.is_set();
    let content = |error: &dyn ReportedError| ErrorContent {
        chain: error.chain(limits),
        line: error.line(),
        facts: error.facts(limits),
    };
    is_report.then(|| REPORTED.with(|error| content(error)))
}
