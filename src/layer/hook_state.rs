//! The state of the panic hook on this thread, and the failure that another hook logged about the panic.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};

use record::Location;
use uuid::Uuid;

use crate::observe::recent_panics::RecentPanic;
use crate::recorder::observation::{Trigger, Verdict};

static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// The state of the panic hook on this thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    /// No panic is being handled.
    Idle,
    /// The hook records the panic. A second `tracing-failure` hook does nothing.
    Recording,
    /// The previous hook of the program runs. The id is that of the panic's record.
    Previous(Option<Uuid>),
}

thread_local! {
    static HOOK: Cell<Hook> = const { Cell::new(Hook::Idle) };
    static REPORT: RefCell<Option<HookReport>> = const { RefCell::new(None) };
}

/// Changes the state and returns the previous one.
pub(super) fn enter(state: Hook) -> Hook {
    HOOK.replace(state)
}

/// Marks the hook as installed.
pub(super) fn mark_installed() {
    IS_INSTALLED.store(true, Ordering::Relaxed);
}

/// Takes the failure that this thread recorded while it was panicking.
pub(super) fn take_report() -> Option<HookReport> {
    REPORT.try_with(|slot| slot.try_borrow_mut().ok()?.take()).ok().flatten()
}

/// Returns true if this process has installed the panic hook. The program may have replaced it since.
pub(super) fn is_hook_installed() -> bool {
    IS_INSTALLED.load(Ordering::Relaxed)
}

/// Returns true while the hook records a panic. Code of the program must not run then, because another panic on this
/// thread would abort the process.
pub(super) fn is_recording() -> bool {
    HOOK.try_with(|hook| hook.get() == Hook::Recording).unwrap_or(true)
}

/// Returns the verdict for an event that the program's own panic hook logs: it belongs to the panic and is no failure
/// of its own. Returns `None` if no such hook runs.
pub(super) fn verdict_in_hook() -> Option<Verdict> {
    match HOOK.try_with(Cell::get) {
        Ok(Hook::Previous(Some(failure))) => Some(Verdict::Repeated(failure)),
        Ok(Hook::Previous(None)) => Some(Verdict::NoComputation),
        _ => None,
    }
}

/// Returns true if this failure may come from a panic hook that runs before this one and logs the panic.
pub(super) fn may_be_in_hook(trigger: Trigger) -> bool {
    trigger == Trigger::Event && std::thread::panicking()
}

/// Keeps the failure and its texts for the panic hook.
pub(super) fn set_report(failure: Uuid, texts: Vec<String>) {
    let report = HookReport { failure, texts };
    let _ = REPORT.try_with(|slot| slot.try_borrow_mut().map(|mut slot| *slot = Some(report)));
}

/// A failure that a thread recorded while it was panicking.
pub(super) struct HookReport {
    pub(super) failure: Uuid,
    texts: Vec<String>,
}

impl HookReport {
    /// Returns true if the texts contain the message or the location of the panic.
    pub(super) fn is_about(&self, panic: &RecentPanic) -> bool {
        let Location { file, line, .. } = &panic.location;
        let place = file.as_ref().zip(*line).map(|(file, line)| format!("{file}:{line}"));
        let message = panic.is_text.then(|| panic.message.clone());
        let mut marks = [message, place].into_iter().flatten();
        marks.any(|mark| !mark.is_empty() && self.texts.iter().any(|text| text.contains(&mark)))
    }
}
