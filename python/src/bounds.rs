//! Limits of the traversal of an object: steps, nesting, time, and how often a shared object is visited.
//!
//! A traversal also runs the handlers of pending signals. Ctrl-C therefore ends it, however large the object is.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use tracing_failure::record::Limits;

use crate::signals::keep_signal;

/// Steps of an object that Python code converts, and of an entry of a dict.
pub(crate) const STEPS_PER_OBJECT: usize = 64;

/// Maximum entries of a dict or an array. Larger ones are summarised.
pub(crate) const MAX_ENTRIES: usize = Limits::DEFAULT.array;
/// Entries of a summary at each end of an array.
pub(crate) const SUMMARY_ENDS: usize = 8;

/// Steps between two checks for signals and for the time.
const CHECK_INTERVAL: usize = 1 << 14;
/// The time after which no more code of the user is called.
const CONVERSION_TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum repeated visits of containers of containers. Without this limit, 40 dicts that hold the next one three times
/// make 3^40 visits.
const MAX_REPEATS: usize = 256;

pub(crate) struct Bounds<'py> {
    py: Python<'py>,
    /// The work that is left: an entry of a list is a step, and so is a byte of a text.
    steps: Cell<usize>,
    unchecked: Cell<usize>,
    deadline: Option<Instant>,
    is_exceeded: Cell<bool>,
    /// Maximum nesting.
    pub(crate) depth: usize,
    /// Maximum entries of a dict.
    pub(crate) entries: usize,
    /// Maximum bytes of a dict's key.
    pub(crate) key: usize,
    /// Whether data may be read that is not in memory.
    pub(crate) may_read: bool,
    /// Containers that were visited so far.
    containers: Cell<usize>,
    repeats: Cell<usize>,
    /// Containers of containers that were visited, by address. The reference keeps the address from being reused.
    visited: RefCell<HashMap<usize, Py<PyAny>>>,
}

/// A visit of a container that has begun.
pub(crate) struct Visit {
    containers_before: usize,
}

impl<'py> Bounds<'py> {
    /// For a value: half a second of work, fewer levels than the library's own limit, and as many entries.
    pub(crate) fn for_value(py: Python<'py>) -> Self {
        Bounds {
            py,
            steps: Cell::new(1 << 22),
            unchecked: Cell::new(0),
            deadline: Some(Instant::now() + CONVERSION_TIMEOUT),
            is_exceeded: Cell::new(false),
            depth: 24,
            entries: MAX_ENTRIES,
            key: 4096,
            may_read: true,
            containers: Cell::new(0),
            repeats: Cell::new(MAX_REPEATS),
            visited: RefCell::default(),
        }
    }

    /// For a value of a computation that has not failed: nothing is loaded for it.
    pub(crate) fn for_value_in_memory(py: Python<'py>) -> Self {
        Bounds { may_read: false, ..Bounds::for_value(py) }
    }

    /// For a whole record: nothing is cut. A record that exceeds these bounds is refused.
    pub(crate) fn for_record(py: Python<'py>) -> Self {
        Bounds {
            steps: Cell::new(1 << 26),
            deadline: None,
            depth: 127,
            entries: usize::MAX,
            key: usize::MAX,
            repeats: Cell::new(1 << 14),
            ..Bounds::for_value(py)
        }
    }

    pub(crate) fn steps_left(&self) -> usize {
        self.steps.get()
    }

    /// Returns true if the traversal had to leave something out.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.is_exceeded.get()
    }

    /// Takes steps from what is left; returns false if too few are left.
    pub(crate) fn pay(&self, steps: usize) -> bool {
        let Some(left) = self.steps.get().checked_sub(steps) else {
            self.is_exceeded.set(true);
            return false;
        };
        self.steps.set(left);
        self.unchecked.set(self.unchecked.get() + steps);
        self.unchecked.get() < CHECK_INTERVAL || self.check()
    }

    /// Takes the steps of a call of user code; returns false if too few steps or no time are left.
    pub(crate) fn pay_for_code(&self) -> bool {
        self.pay(STEPS_PER_OBJECT) && self.is_in_time()
    }

    fn check(&self) -> bool {
        self.unchecked.set(0);
        match self.py.check_signals() {
            Ok(()) => self.is_in_time(),
            Err(error) => {
                keep_signal(error);
                self.stop()
            }
        }
    }

    fn is_in_time(&self) -> bool {
        self.deadline.is_none_or(|deadline| Instant::now() < deadline) || self.stop()
    }

    fn stop(&self) -> bool {
        self.steps.set(0);
        self.is_exceeded.set(true);
        false
    }

    /// Begins the visit of a container, unless it was visited too often.
    pub(crate) fn visit(&self, container: &Bound<'py, PyAny>) -> Option<Visit> {
        let visit = Visit { containers_before: self.containers.get() };
        if self.visited.borrow().contains_key(&container.as_ptr().addr()) {
            let Some(left) = self.repeats.get().checked_sub(1) else {
                self.is_exceeded.set(true);
                return None;
            };
            self.repeats.set(left);
        }
        self.containers.set(visit.containers_before + 1);
        Some(visit)
    }

    /// Ends the visit of a container that lies in another one.
    pub(crate) fn leave(&self, container: &Bound<'py, PyAny>, visit: &Visit) {
        let holds_containers = self.containers.get() > visit.containers_before + 1;
        if holds_containers {
            self.visited.borrow_mut().insert(container.as_ptr().addr(), container.clone().unbind());
        }
    }
}
