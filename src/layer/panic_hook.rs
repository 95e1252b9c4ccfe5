//! The panic hook. It records a panic before the stack unwinds, and also if the program aborts on panics.

use std::panic::PanicHookInfo;
use std::sync::Arc;

use uuid::Uuid;

use crate::layer::hook_state::{self, Hook};
use crate::layer::layer_core::LayerCore;
use crate::layer::unwinding;
use crate::observe::attribution::Attribution;
use crate::observe::panic_payload;
use crate::observe::recent_panics::RecentPanic;
use crate::observe::report::ReportSite;
use crate::observe::thread::Busy;
use crate::recorder::observation::{Observation, Trigger, Verdict};
use record::Location;
use runtime::stderr;
use runtime::stderr::HiddenStatus;

/// Messages of the panics by which Rust ends a process that cannot unwind further.
const CANNOT_UNWIND_MESSAGES: &[&str] =
    &["panic in a function that cannot unwind", "panic in a destructor during cleanup"];

/// Installs a panic hook that records panics, for programs that put the [`FailureLayer`](crate::FailureLayer) into
/// their own stack. The hook runs before the panic hook that is installed already. [`init`](crate::init) calls this
/// function.
///
/// ```
/// use tracing_subscriber::prelude::*;
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-hook-{}", std::process::id()));
/// let (failures, _guard) = tracing_failure::builder(&dir).layer()?;
/// tracing::subscriber::set_global_default(tracing_subscriber::registry().with(failures))?;
/// tracing_failure::install_panic_hook();
///
/// let _ = std::panic::catch_unwind(|| {
///     let _span = tracing::info_span!("solve", computation = "observable_mass", theoretical_ref = "§2.3").entered();
///     panic!("no such level");
/// });
/// let failure = tracing_failure::Failure::from_path(dir.join("failures/latest.json"))?;
/// assert_eq!(failure.error_type, "Panic");
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn install_panic_hook() {
    if std::thread::panicking() {
        stderr::print(format_args!(
            "tracing-failure: panic hook not installed: this thread is panicking. Call install_panic_hook() earlier."
        ));
        return;
    }
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let outer = hook_state::enter(Hook::Recording);
        if outer != Hook::Idle {
            hook_state::enter(outer);
            return previous(info);
        }
        run_hook(info, &*previous);
        hook_state::enter(Hook::Idle);
    }));
    hook_state::mark_installed();
}

fn run_hook(info: &PanicHookInfo<'_>, previous: &dyn Fn(&PanicHookInfo<'_>)) {
    let Some(busy) = Busy::enter() else {
        // A value panicked while it was being formatted. The panic is caught and costs only this value. If panics
        // abort, the program ends here.
        if cfg!(panic = "abort") {
            previous(info);
        }
        return;
    };
    let panic = read(info);
    let failure = if is_abort_after_panic(&panic) { None } else { record(&panic) };
    let recorder = LayerCore::with_current(|core, _, _| Arc::clone(&core.recorder));
    if let Some(recorder) = &recorder {
        recorder.flush();
    }
    drop(busy);
    hook_state::enter(Hook::Previous(failure));
    let hidden = HiddenStatus::new();
    previous(info);
    drop(hidden);
    let Some(recorder) = recorder else { return };
    match failure {
        Some(id) => recorder.announce_panic(id),
        None => unwinding::report_unclaimed(&recorder),
    }
}

/// Describes the panic.
fn read(info: &PanicHookInfo<'_>) -> Arc<RecentPanic> {
    let text = panic_payload::text_in_hook(info.payload());
    let is_text = text.is_some();
    let message = text.unwrap_or_else(|| match info.location() {
        // Only the location distinguishes such panics. The `L` keeps the line number in the fingerprint, which ignores
        // plain numbers.
        Some(at) => format!("{}, raised at {}#L{}", runtime::unwind::OPAQUE_PAYLOAD, at.file(), at.line()),
        None => runtime::unwind::OPAQUE_PAYLOAD.to_owned(),
    });
    let location = info.location().map(Location::from).unwrap_or_default();
    Arc::new(RecentPanic::here(message, is_text, panic_payload::address(info.payload()), location))
}

/// Returns true if Rust ends the process because an earlier panic of this thread cannot unwind further.
fn is_abort_after_panic(panic: &RecentPanic) -> bool {
    let is_of_core = panic.location.file.as_deref().is_some_and(|file| file.ends_with("panicking.rs"));
    is_of_core && CANNOT_UNWIND_MESSAGES.contains(&&*panic.message) && unwinding::has_panicked()
}

/// Records the panic if it belongs to a computation, and adds it to the recent panics.
fn record(panic: &Arc<RecentPanic>) -> Option<Uuid> {
    let report = hook_state::take_report();
    let may_belong_elsewhere = unwinding::may_belong_elsewhere(panic);
    let failure = match report.filter(|report| report.is_about(panic)) {
        Some(report) => Some(report.failure),
        None if unwinding::may_run_in_cleanup(panic) => None,
        None if may_belong_elsewhere && unwinding::will_unwind_computation(panic) => None,
        None => LayerCore::record_current(|_| observe(panic, may_belong_elsewhere)).and_then(Verdict::failure),
    };
    if let Some(failure) = failure {
        panic.cover(failure);
    }
    unwinding::mark_panic();
    LayerCore::with_current(|core, _, _| unwinding::push_recent(Arc::clone(panic), Some(&core.recorder)))
        .unwrap_or_else(|| unwinding::push_recent(Arc::clone(panic), None));
    failure
}

fn observe(panic: &Arc<RecentPanic>, may_belong_elsewhere: bool) -> Observation {
    let place = match (&panic.location.file, panic.location.line) {
        (Some(file), Some(line)) => ReportSite::Line(file.clone(), line),
        _ => ReportSite::Close,
    };
    let mut observation = Observation::new(Trigger::Panic, place);
    observation.at = panic.at;
    observation.message = panic.message.clone();
    observation.location = panic.location.clone();
    observation.panic = Some(Arc::clone(panic));
    observation.attribution = may_belong_elsewhere.then(|| Attribution::unknown(Arc::clone(panic)));
    observation
}
