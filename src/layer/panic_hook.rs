//! Panics: recorded where they happen, before anything unwinds, and also where the program aborts on them.

use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use super::attribution::Attribution;
use super::recent_panics::RecentPanic;
use super::{Busy, Capture, Fate, Kind, Place, Seen, unwinding};
use crate::payload;
use record::Location;
use runtime::stderr;

/// Messages of the panics by which Rust ends a process whose unwinding has come to its end.
const NOT_UNWINDING: &[&str] = &["panic in a function that cannot unwind", "panic in a destructor during cleanup"];

static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// Where the hook is with this thread's panic.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hook {
    /// It does not run.
    Idle,
    /// It records the panic. A second hook of ours has nothing to add.
    Recording,
    /// The hook that was there before runs. The panic has this record.
    Previous(Option<Uuid>),
}

thread_local! {
    static HOOK: Cell<Hook> = const { Cell::new(Hook::Idle) };
    static REPORTED: RefCell<Option<Reported>> = const { RefCell::new(None) };
}

/// Records panics too, where the [`FailureLayer`](crate::FailureLayer) is in a stack of your own: puts a hook before the
/// panic hook that is installed, which is called as ever. [`init`](crate::init) does so by itself.
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
        stderr::say(format_args!(
            "tracing-failure: panic hook not installed: this thread is panicking. Call install_panic_hook() earlier."
        ));
        return;
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let outer = HOOK.replace(Hook::Recording);
        if outer != Hook::Idle {
            HOOK.set(outer);
            return before(info);
        }
        hook(info, &*before);
        HOOK.set(Hook::Idle);
    }));
    IS_INSTALLED.store(true, Ordering::Relaxed);
}

/// Whether this process has a panic hook of ours. Another one may have replaced it since.
pub(super) fn is_hook_installed() -> bool {
    IS_INSTALLED.load(Ordering::Relaxed)
}

fn hook(info: &PanicHookInfo<'_>, before: &dyn Fn(&PanicHookInfo<'_>)) {
    let Some(busy) = Busy::enter() else {
        // A value panicked while we were formatting it. That is caught, and costs that one value; where panics abort, it
        // is the end.
        if cfg!(panic = "abort") {
            before(info);
        }
        return;
    };
    let panic = read(info);
    let failure = if is_end_of_another(&panic) { None } else { record(&panic) };
    let recorder = Capture::here(|capture, _, _| Arc::clone(&capture.recorder));
    if let Some(recorder) = &recorder {
        recorder.flush();
    }
    drop(busy);
    HOOK.set(Hook::Previous(failure));
    before(info);
    let Some(recorder) = recorder else { return };
    match failure {
        Some(id) => recorder.announce_panic(id),
        None => unwinding::report_unclaimed(&recorder),
    }
}

/// The panic as it is remembered.
fn read(info: &PanicHookInfo<'_>) -> Arc<RecentPanic> {
    let text = payload::text_in_hook(info.payload());
    let is_text = text.is_some();
    let message = text.unwrap_or_else(|| match info.location() {
        // The place is all that tells such panics apart. `L` makes the line a name: fingerprints pass over numbers.
        Some(at) => format!("{}, raised at {}#L{}", runtime::panic::NOT_TEXT, at.file(), at.line()),
        None => runtime::panic::NOT_TEXT.to_owned(),
    });
    let location = info.location().map(Location::from).unwrap_or_default();
    Arc::new(RecentPanic::here(message, is_text, payload::address(info.payload()), location))
}

/// Whether Rust itself ends the process, because an earlier panic of this thread cannot unwind further.
fn is_end_of_another(panic: &RecentPanic) -> bool {
    let is_of_core = panic.location.file.as_deref().is_some_and(|file| file.ends_with("panicking.rs"));
    is_of_core && NOT_UNWINDING.contains(&&*panic.message) && unwinding::has_panicked()
}

/// Records the panic, if it belongs to a computation, and remembers it.
fn record(panic: &Arc<RecentPanic>) -> Option<Uuid> {
    let reported = REPORTED.try_with(|reported| reported.try_borrow_mut().ok()?.take()).ok().flatten();
    let may_belong_elsewhere = unwinding::may_belong_elsewhere(panic);
    let failure = match reported.filter(|reported| reported.is_about(panic)) {
        Some(reported) => Some(reported.failure),
        None if unwinding::may_run_in_cleanup(panic) => None,
        None if may_belong_elsewhere && unwinding::will_show(panic) => None,
        None => Capture::record_here(|_| seen(panic, may_belong_elsewhere)).and_then(Fate::failure),
    };
    if let Some(failure) = failure {
        panic.cover(failure);
    }
    unwinding::note_panic();
    Capture::here(|capture, _, _| unwinding::remember(Arc::clone(panic), Some(&capture.recorder)))
        .unwrap_or_else(|| unwinding::remember(Arc::clone(panic), None));
    failure
}

fn seen(panic: &Arc<RecentPanic>, may_belong_elsewhere: bool) -> Seen {
    let place = match (&panic.location.file, panic.location.line) {
        (Some(file), Some(line)) => Place::Line(file.clone(), line),
        _ => Place::Close,
    };
    let mut seen = Seen::new(Kind::Panic, place);
    seen.at = panic.at;
    seen.message = panic.message.clone();
    seen.location = panic.location.clone();
    seen.panic = Some(Arc::clone(panic));
    seen.attribution = may_belong_elsewhere.then(|| Attribution::unknown(Arc::clone(panic)));
    seen
}

/// What a panic hook of the program logs about a panic is no failure of its own. `None` where no such hook runs.
pub(super) fn fate_of_event_in_hook() -> Option<Fate> {
    match HOOK.try_with(Cell::get) {
        Ok(Hook::Previous(Some(failure))) => Some(Fate::Repeated(failure)),
        Ok(Hook::Previous(None)) => Some(Fate::NoComputation),
        _ => None,
    }
}

/// Whether a failure is seen while this thread is panicking: a panic hook that runs before ours may log it.
pub(super) fn may_be_in_hook(kind: Kind) -> bool {
    kind == Kind::Event && std::thread::panicking()
}

/// Notes such a failure, and all that it says.
pub(super) fn note_report(failure: Uuid, texts: Vec<String>) {
    let report = Reported { failure, texts };
    let _ = REPORTED.try_with(|reported| reported.try_borrow_mut().map(|mut reported| *reported = Some(report)));
}

/// A failure that a thread recorded while it was panicking.
struct Reported {
    failure: Uuid,
    texts: Vec<String>,
}

impl Reported {
    fn is_about(&self, panic: &RecentPanic) -> bool {
        let Location { file, line, .. } = &panic.location;
        let place = file.as_ref().zip(*line).map(|(file, line)| format!("{file}:{line}"));
        let mut marks = [Some(panic.message.clone()).filter(|_| panic.is_text), place].into_iter().flatten();
        marks.any(|mark| !mark.is_empty() && self.texts.iter().any(|text| text.contains(&mark)))
    }
}
