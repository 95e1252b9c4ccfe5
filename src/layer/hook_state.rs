//! What the panic hook of this thread is doing, and the failure that a hook of the program logged.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};

use record::Location;
use uuid::Uuid;

use crate::observe::recent_panics::RecentPanic;
use crate::recorder::observation::{Trigger, Verdict};

static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// Where the hook is with this thread's panic.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    /// It does not run.
    Idle,
    /// It records the panic. A second hook of ours has nothing to add.
    Recording,
    /// The hook that was there before runs. The panic has this record.
    Previous(Option<Uuid>),
}

thread_local! {
    static HOOK: Cell<Hook> = const { Cell::new(Hook::Idle) };
    static REPORT: RefCell<Option<HookReport>> = const { RefCell::new(None) };
}

/// Changes the state of this thread's hook, and returns the one before.
pub(super) fn enter(state: Hook) -> Hook {
    HOOK.replace(state)
}

/// Notes that the hook is installed.
pub(super) fn mark_installed() {
    IS_INSTALLED.store(true, Ordering::Relaxed);
}

/// The failure that this thread recorded while it was panicking.
pub(super) fn take_report() -> Option<HookReport> {
    REPORT.try_with(|slot| slot.try_borrow_mut().ok()?.take()).ok().flatten()
}

/// Whether this process has a panic hook of ours. Another one may have replaced it since.
pub(super) fn is_hook_installed() -> bool {
    IS_INSTALLED.load(Ordering::Relaxed)
}

/// What a panic hook of the program logs about a panic is no failure of its own. `None` where no such hook runs.
pub(super) fn verdict_in_hook() -> Option<Verdict> {
    match HOOK.try_with(Cell::get) {
        Ok(Hook::Previous(Some(failure))) => Some(Verdict::Repeated(failure)),
        Ok(Hook::Previous(None)) => Some(Verdict::NoComputation),
        _ => None,
    }
}

/// Whether a failure is seen while this thread is panicking: a panic hook that runs before ours may log it.
pub(super) fn may_be_in_hook(trigger: Trigger) -> bool {
    trigger == Trigger::Event && std::thread::panicking()
}

/// Notes such a failure, and all that it says.
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
    pub(super) fn is_about(&self, panic: &RecentPanic) -> bool {
        let Location { file, line, .. } = &panic.location;
        let place = file.as_ref().zip(*line).map(|(file, line)| format!("{file}:{line}"));
        let mut marks = [Some(panic.message.clone()).filter(|_| panic.is_text), place].into_iter().flatten();
        marks.any(|mark| !mark.is_empty() && self.texts.iter().any(|text| text.contains(&mark)))
    }
}
