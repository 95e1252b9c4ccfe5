//! Computations that a panic unwinds, whichever thread raised it.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use crate::layer::capture::Capture;
use crate::layer::hook_state;
use crate::observe::attribution;
use crate::observe::attribution::Attribution;
use crate::observe::open_spans::{Computation, open_in_process};
use crate::observe::recent_panics;
use crate::observe::recent_panics::RecentPanic;
use crate::observe::report::ReportSite;
use crate::observe::span_path::{SpanKey, SpanPath};
use crate::observe::{backtrace, thread};
use crate::recorder::Recorder;
use crate::recorder::observation::{Observation, Trigger, Verdict};
use record::Location;

thread_local! {
    /// When the panic hook last ran on this thread.
    static LAST_PANIC: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Notes that the panic hook runs on this thread.
pub(super) fn mark_panic() {
    let _ = LAST_PANIC.try_with(|last| last.set(Some(Instant::now())));
}

/// Whether this thread has panicked before.
pub(super) fn has_panicked() -> bool {
    LAST_PANIC.try_with(Cell::get).ok().flatten().is_some()
}

/// Whether a destructor may have raised this panic while an earlier one, which has its record, unwinds the thread.
///
/// That cannot be told from a destructor that runs after the earlier panic was caught. So the panic waits: if it is the
/// latter, it unwinds the computation, which records it then.
pub(super) fn may_run_in_cleanup(panic: &RecentPanic) -> bool {
    if cfg!(panic = "abort") || !has_panicked() {
        return false;
    }
    let has_record = Capture::with_current(|capture, path, _| {
        let span_path = capture.span_path(&path);
        let computation = span_path.innermost()?;
        let state = computation.state()?;
        let recorded = state.recorded.as_ref().filter(|recorded| recorded.is_panic);
        recorded.map(|recorded| recorded.report.moment.is_of_this_thread())
    });
    has_record.flatten().unwrap_or(false) && panic.frames(usize::MAX).iter().any(|frame| is_destructor(&frame.function))
}

/// Whether a job of another computation may have raised this panic, which runs on top of this thread's computation
/// while that one waits for jobs of its own.
pub(super) fn may_belong_elsewhere(panic: &RecentPanic) -> bool {
    let are_others_open = |capture: &Capture, path: &[SpanKey]| {
        let span_path = capture.span_path(path);
        span_path.innermost().is_some() && !span_path.opened().were_alone(panic)
    };
    panic.trace.inner_job().is_some()
        && Capture::with_current(|capture, path, _| are_others_open(capture, &path)).unwrap_or(false)
}

/// Whether such a panic shows where it belongs: it ends with its job, goes on in the thread that waits for the job, and
/// unwinds the computation there, which records it then.
pub(super) fn will_show(panic: &RecentPanic) -> bool {
    !cfg!(panic = "abort") && !panic.trace.is_caught_in_job()
}

fn is_destructor(function: &str) -> bool {
    function.contains("drop_in_place") || function.contains("drop::Drop>::drop")
}

impl Capture {
    /// Records the panic that unwinds a computation, where no record accounts for it yet. Its span closes now.
    pub(super) fn record_unwinding(&self, span_path: &SpanPath, computation: &Computation, at: Location) {
        let found = attribution::of_unwinding(&span_path.opened());
        if !computation.may_unwind() || self.is_accounted_for(computation, found.as_ref()) {
            return;
        }
        if let Verdict::Recorded(id) = self.record(span_path, observation(found, at)) {
            self.recorder.announce_panic(id);
        }
    }

    /// Whether the panic that unwinds this computation has its record, or does not end it.
    fn is_accounted_for(&self, computation: &Computation, found: Option<&Attribution>) -> bool {
        let Some(latest) = Latest::of(computation, self.id) else {
            // A panic of this thread that was not in the computation only drops the last handle of its span.
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
            // It may have been caught, and another one may unwind the thread now.
            (true, false) => raised_before || found.known().is_none(),
            (false, true) => raised_before,
            (false, false) => false,
        }
    }
}

/// The latest failure of a computation, or inside it.
struct Latest {
    at: Instant,
    is_panic: bool,
    /// Whether this thread did nothing since.
    is_fresh: bool,
    job: Option<Arc<[usize]>>,
}

impl Latest {
    fn of(computation: &Computation, layer: u64) -> Option<Self> {
        let state = computation.state()?;
        let inner = state.inner.back().filter(|_| !state.recovered_since);
        let latest = state.recorded.iter().chain(inner).max_by_key(|recorded| recorded.at)?;
        let is_fresh = thread::Moment::now(layer).follows(latest.report.moment);
        Some(Latest { at: latest.at, is_panic: latest.is_panic, is_fresh, job: latest.job.clone() })
    }

    /// Whether it is a panic that ended with a job of rayon, on top of this thread's stack.
    fn is_of_other_job(&self) -> bool {
        self.job.as_deref().is_some_and(|job| backtrace::trace_with_jobs().inner_job() != Some(job))
    }
}

fn observation(found: Option<Attribution>, at: Location) -> Observation {
    let mut observation = Observation::new(Trigger::Panic, ReportSite::Close);
    let known = found.as_ref().and_then(Attribution::known).cloned();
    match known {
        Some(panic) => {
            observation.at = panic.at;
            observation.message = panic.message.clone();
            observation.location = panic.location.clone();
            observation.panic = Some(panic);
        }
        None => {
            observation.message = match hook_state::is_hook_installed() {
                true => "unwound by a panic raised elsewhere",
                false => "unwound by a panic; the panic hook of tracing-failure is not installed",
            }
            .to_owned();
            observation.location = at;
        }
    }
    observation.attribution = found;
    observation
}

/// Reports the panics that no computation can claim any more: none is open that was open when they were raised.
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

/// Remembers a panic. One that has to make room for it is reported.
pub(super) fn push_recent(panic: Arc<RecentPanic>, recorder: Option<&Recorder>) {
    let evicted = recent_panics::push(panic);
    if let (Some(evicted), Some(recorder)) = (evicted, recorder)
        && evicted.mark_reported()
    {
        recorder.report_unclaimed_panic(&evicted.location);
    }
}
