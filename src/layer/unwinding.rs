//! Records computations that a panic unwinds, whichever thread raised it.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use crate::layer::hook_state;
use crate::layer::layer_core::LayerCore;
use crate::layer::recording::adopt_failure;
use crate::observe::attribution;
use crate::observe::attribution::Attribution;
use crate::observe::open_computations::open_in_process;
use crate::observe::open_spans::Computation;
use crate::observe::recent_panics;
use crate::observe::recent_panics::RecentPanic;
use crate::observe::report::{RecordedFailure, ReportSite};
use crate::observe::span_path::SpanPath;
use crate::observe::{backtrace, thread};
use crate::recorder::Recorder;
use crate::recorder::observation::{Observation, Trigger, Verdict};
use record::Location;

thread_local! {
    /// The time at which the panic hook last ran on this thread.
    static LAST_PANIC: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Stores the time of a panic on this thread.
pub(super) fn mark_panic() {
    let _ = LAST_PANIC.try_with(|last| last.set(Some(Instant::now())));
}

/// Returns true if this thread has panicked before.
pub(super) fn has_panicked() -> bool {
    LAST_PANIC.try_with(Cell::get).ok().flatten().is_some()
}

/// Returns true if a destructor may have raised this panic while an earlier, recorded panic unwinds the thread.
///
/// The same stack occurs if the earlier panic was caught and the destructor runs afterwards. The record is therefore
/// delayed: in the second case the panic unwinds the computation, and `record_unwinding` records it.
pub(super) fn may_run_in_cleanup(panic: &RecentPanic) -> bool {
    if cfg!(panic = "abort") || !has_panicked() {
        return false;
    }
    let has_record = LayerCore::with_current(|core, path, _| {
        let span_path = core.span_path(&path);
        let computation = span_path.innermost()?;
        let state = computation.state()?;
        let recorded = state.latest.as_ref().filter(|recorded| recorded.is_panic);
        recorded.map(|recorded| recorded.report.moment.is_of_this_thread())
    });
    has_record.flatten().unwrap_or(false) && panic.frames(usize::MAX).iter().any(|frame| is_destructor(&frame.function))
}

/// Returns true if the panic may belong to a job of another computation. Rayon runs such jobs on this thread while the
/// thread's own computation waits for its jobs.
pub(super) fn may_belong_elsewhere(panic: &RecentPanic) -> bool {
    if panic.trace.inner_job().is_none() {
        return false;
    }
    let are_others_open = LayerCore::with_current(|core, path, _| {
        let span_path = core.span_path(&path);
        span_path.innermost().is_some() && !span_path.opening_times().is_alone_at(panic)
    });
    are_others_open.unwrap_or(false)
}

/// Returns true if the panic will unwind the computation to which it belongs. It leaves its job, continues in the
/// thread that waits for the job, and is recorded there.
pub(super) fn will_unwind_computation(panic: &RecentPanic) -> bool {
    !cfg!(panic = "abort") && !panic.trace.is_caught_in_job()
}

fn is_destructor(function: &str) -> bool {
    function.contains("drop_in_place") || function.contains("drop::Drop>::drop")
}

impl LayerCore {
    /// Records the panic that unwinds a computation, unless a record of the computation accounts for it. The span of
    /// the computation is closing.
    pub(super) fn record_unwinding(&self, span_path: &SpanPath, computation: &Computation, at: Location) {
        if !computation.may_unwind() {
            return;
        }
        let found = attribution::of_unwinding(&span_path.opening_times());
        match self.find_account(computation, found.as_ref()) {
            Account::Missing => {
                if let Verdict::Recorded(id) = self.record(span_path, observe(found, at)) {
                    self.recorder.announce_panic(id);
                }
            }
            Account::Complete => {}
            Account::Inner(inner) if computation.is_named() => {
                self.record_outer(span_path, &inner, observe_outer(computation, &inner, found, at));
            }
            Account::Inner(_) => {}
        }
    }

    /// Records that the panic of an inner computation unwinds this one, too. A recursive function is one failure.
    fn record_outer(&self, span_path: &SpanPath, inner: &RecordedFailure, observation: Observation) {
        let Some(name) = span_path.computation() else { return };
        if *inner.computation == *name {
            adopt_failure(span_path, &name, inner.id, &observation.report(span_path, self.id));
        } else if span_path.theoretical_ref().is_some() || !self.recorder.reference_required {
            self.record(span_path, observation);
        }
    }

    /// Finds the record of the panic that unwinds a computation.
    fn find_account(&self, computation: &Computation, found: Option<&Attribution>) -> Account {
        let Some(latest) = LatestFailure::of(computation, self.id) else {
            // A panic outside of the computation only drops the last handle of its span.
            let last_panic = LAST_PANIC.try_with(Cell::get).ok().flatten();
            let has_panicked = last_panic.is_some_and(|last| last >= computation.opened());
            let is_outside = found.is_none() && has_panicked && recent_panics::last_may_unwind_to_here();
            return if is_outside { Account::Complete } else { Account::Missing };
        };
        match latest.accounts_for(found) {
            false => Account::Missing,
            true if latest.is_inner && !is_superseded(&latest.recorded) => Account::Inner(latest.recorded),
            true => Account::Complete,
        }
    }
}

/// The record of the panic that unwinds a computation.
enum Account {
    /// The panic has no record.
    Missing,
    /// The computation has a record of the panic, or the panic does not end the computation.
    Complete,
    /// An inner computation has a record of the panic.
    Inner(RecordedFailure),
}

/// The latest failure of a computation or inside it.
struct LatestFailure {
    recorded: RecordedFailure,
    is_inner: bool,
    /// True if this thread has done nothing since.
    is_fresh: bool,
}

impl LatestFailure {
    fn of(computation: &Computation, layer: u64) -> Option<Self> {
        let state = computation.state()?;
        let inner = if state.has_recovered { None } else { state.inner_failures.back() };
        let failures = inner.map(|inner| (inner, true)).into_iter().chain(state.latest.iter().map(|own| (own, false)));
        let (recorded, is_inner) = failures.max_by_key(|(recorded, _)| recorded.at)?;
        let is_fresh = thread::Moment::now(layer).follows(recorded.report.moment);
        Some(LatestFailure { recorded: recorded.clone(), is_inner, is_fresh })
    }

    /// Returns true if the failure is the end of the computation. Of the panics that were found, it is none, or the
    /// latest.
    fn accounts_for(&self, found: Option<&Attribution>) -> bool {
        if self.is_of_other_job() {
            return false;
        }
        let is_panic = self.recorded.is_panic;
        let Some(found) = found else { return is_panic || self.is_fresh };
        let raised_before = are_raised_before(found, &self.recorded);
        let is_deferred = found.panics.iter().any(|panic| panic.thread_number == thread::number());
        match (is_panic, self.is_fresh) {
            (true, true) => raised_before || !is_deferred,
            // The latest panic may have been caught, and another one may unwind the thread now.
            (true, false) => raised_before || found.cause().is_none(),
            (false, true) => raised_before,
            (false, false) => false,
        }
    }

    /// Returns true if the failure is a panic that ended with a rayon job, and did not leave the job to unwind the
    /// computation.
    fn is_of_other_job(&self) -> bool {
        let Some(job) = self.recorded.job.as_deref() else { return false };
        if self.is_inner {
            // The job may belong to another computation.
            return backtrace::trace_with_jobs().inner_job() != Some(job);
        }
        self.recorded.panic.as_ref().is_none_or(|panic| panic.trace.is_caught_in_job())
    }
}

fn are_raised_before(found: &Attribution, recorded: &RecordedFailure) -> bool {
    found.panics.iter().all(|panic| panic.raised_at <= recorded.at)
}

/// Returns true if a later panic of this thread may unwind it, which another computation has recorded.
fn is_superseded(recorded: &RecordedFailure) -> bool {
    recent_panics::last_of_this_thread().is_some_and(|last| {
        let is_of_other = last.record().is_some_and(|record| record != recorded.id);
        is_of_other && last.raised_at > recorded.at && last.may_unwind_to_here()
    })
}

/// Returns the panic of an inner failure, if it is certain that it unwinds the computation.
fn known_panic(
    computation: &Computation,
    inner: &RecordedFailure,
    found: Option<&Attribution>,
) -> Option<Arc<RecentPanic>> {
    let is_certain = if inner.is_of_this_thread() {
        found.is_none_or(|found| are_raised_before(found, inner))
    } else {
        let is_sole = |sole: &RecordedFailure| sole.shares_panic(inner);
        found.is_none() && computation.state()?.sole_panic_of_other_threads().is_some_and(is_sole)
    };
    if is_certain { inner.panic.clone().or_else(|| recent_panics::of_record(inner.id)) } else { None }
}

fn observe(found: Option<Attribution>, at: Location) -> Observation {
    let mut observation = match found.as_ref().and_then(Attribution::cause).cloned() {
        Some(panic) => Observation { at: panic.at, ..observe_panic(panic) },
        None => observe_unknown(at),
    };
    observation.attribution = found;
    observation
}

/// Describes the panic of an inner failure that unwinds the computation around it.
fn observe_outer(
    computation: &Computation,
    inner: &RecordedFailure,
    found: Option<Attribution>,
    at: Location,
) -> Observation {
    let mut observation = match known_panic(computation, inner, found.as_ref()) {
        Some(panic) => observe_panic(panic),
        None => Observation { attribution: found.map(Attribution::into_candidates), ..observe_unknown(at) },
    };
    observation.unwound_failure = Some(inner.id);
    observation
}

fn observe_panic(panic: Arc<RecentPanic>) -> Observation {
    let mut observation = Observation::new(Trigger::Panic, ReportSite::Close);
    observation.message = panic.message.clone();
    observation.location = panic.location.clone();
    observation.panic = Some(panic);
    observation
}

/// Describes a panic whose message is not known.
fn observe_unknown(at: Location) -> Observation {
    let mut observation = Observation::new(Trigger::Panic, ReportSite::Close);
    let message = if hook_state::is_hook_installed() {
        "unwound by a panic raised elsewhere"
    } else {
        "unwound by a panic; the panic hook of tracing-failure is not installed"
    };
    observation.message = message.to_owned();
    observation.location = at;
    observation
}

/// Reports the panics that no computation can claim: no computation is open any more.
pub(super) fn report_unclaimed(recorder: &Recorder) {
    if open_in_process() > 0 {
        return;
    }
    for panic in recent_panics::all() {
        if panic.mark_reported() {
            recorder.report_unclaimed_panic(&panic.location);
        }
    }
}

/// Adds a panic to the recent panics, and reports the panic that it evicts.
pub(super) fn push_recent(panic: Arc<RecentPanic>, recorder: Option<&Recorder>) {
    let evicted = recent_panics::push(panic);
    if let (Some(evicted), Some(recorder)) = (evicted, recorder)
        && evicted.mark_reported()
    {
        recorder.report_unclaimed_panic(&evicted.location);
    }
}
