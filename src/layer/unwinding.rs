//! Records computations that a panic unwinds, whichever thread raised it.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use crate::layer::hook_state;
use crate::layer::layer_core::LayerCore;
use crate::observe::attribution;
use crate::observe::attribution::Attribution;
use crate::observe::open_spans::{Computation, open_in_process};
use crate::observe::recent_panics;
use crate::observe::recent_panics::RecentPanic;
use crate::observe::report::ReportSite;
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
    /// Records the panic that unwinds a computation, unless a record accounts for it. The span of the computation is
    /// closing.
    pub(super) fn record_unwinding(&self, span_path: &SpanPath, computation: &Computation, at: Location) {
        let found = attribution::of_unwinding(&span_path.opening_times());
        if !computation.may_unwind() || self.is_accounted_for(computation, found.as_ref()) {
            return;
        }
        if let Verdict::Recorded(id) = self.record(span_path, observe(found, at)) {
            self.recorder.announce_panic(id);
        }
    }

    /// Returns true if the panic has a record, or does not end this computation.
    fn is_accounted_for(&self, computation: &Computation, found: Option<&Attribution>) -> bool {
        let Some(latest) = LatestFailure::of(computation, self.id) else {
            // A panic outside of the computation only drops the last handle of its span.
            let last_panic = LAST_PANIC.try_with(Cell::get).ok().flatten();
            let has_panicked = last_panic.is_some_and(|last| last >= computation.opened());
            return found.is_none() && has_panicked && recent_panics::last_may_unwind_to_here();
        };
        if latest.is_of_other_job() {
            return false;
        }
        let Some(found) = found else { return latest.is_panic || latest.is_fresh };
        let raised_before = found.panics.iter().all(|panic| panic.raised_at <= latest.at);
        let is_deferred = found.panics.iter().any(|panic| panic.thread_number == thread::number());
        match (latest.is_panic, latest.is_fresh) {
            (true, true) => raised_before || !is_deferred,
            // The latest panic may have been caught, and another one may unwind the thread now.
            (true, false) => raised_before || found.cause().is_none(),
            (false, true) => raised_before,
            (false, false) => false,
        }
    }
}

/// The latest failure of a computation or inside it.
struct LatestFailure {
    at: Instant,
    is_panic: bool,
    /// True if this thread has done nothing since.
    is_fresh: bool,
    job: Option<Arc<[usize]>>,
}

impl LatestFailure {
    fn of(computation: &Computation, layer: u64) -> Option<Self> {
        let state = computation.state()?;
        let inner = if state.has_recovered { None } else { state.inner_failures.back() };
        let latest = state.latest.iter().chain(inner).max_by_key(|recorded| recorded.at)?;
        let is_fresh = thread::Moment::now(layer).follows(latest.report.moment);
        Some(LatestFailure { at: latest.at, is_panic: latest.is_panic, is_fresh, job: latest.job.clone() })
    }

    /// Returns true if the failure is a panic that ended with a rayon job on top of this thread's stack.
    fn is_of_other_job(&self) -> bool {
        self.job.as_deref().is_some_and(|job| backtrace::trace_with_jobs().inner_job() != Some(job))
    }
}

fn observe(found: Option<Attribution>, at: Location) -> Observation {
    let mut observation = Observation::new(Trigger::Panic, ReportSite::Close);
    let known = found.as_ref().and_then(Attribution::cause).cloned();
    match known {
        Some(panic) => {
            observation.at = panic.at;
            observation.message = panic.message.clone();
            observation.location = panic.location.clone();
            observation.panic = Some(panic);
        }
        None => {
            let message = if hook_state::is_hook_installed() {
                "unwound by a panic raised elsewhere"
            } else {
                "unwound by a panic; the panic hook of tracing-failure is not installed"
            };
            observation.message = message.to_owned();
            observation.location = at;
        }
    }
    observation.attribution = found;
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
