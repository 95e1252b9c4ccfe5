//! The trail of a computation in Python: rows of values by callsite, and breadcrumbs.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::PyString;
use tracing_failure::internal::{Callsite, ValueTrail};
use tracing_failure::record::{Breadcrumb, TrailEntry};

use crate::breadcrumbs::{Breadcrumbs, Source};
use crate::caller::Caller;
use crate::row::Row;

/// The rows are in the library's trail, which decides what is kept. No Python code may run while one of the locks is
/// held: a thread that waits for a lock may hold the interpreter lock.
pub(crate) struct Trail {
    rows: ValueTrail,
    callsites: Mutex<Callsites>,
    breadcrumbs: Mutex<Breadcrumbs>,
}

/// The callsites for which the trail has room.
#[derive(Default)]
struct Callsites {
    known: Vec<KnownCallsite>,
    next: u64,
}

/// A callsite: an instruction of some code, and the names of the values.
struct KnownCallsite {
    key: u64,
    code: Py<PyAny>,
    instruction: i32,
    names: Vec<Py<PyString>>,
}

/// The result of registering a callsite.
enum Registered {
    /// Another thread was faster.
    Known(u64),
    New(u64),
    NoRoom,
}

impl Trail {
    pub(crate) fn new(head: usize, tail: usize) -> Self {
        Trail { rows: ValueTrail::new(head, tail), callsites: Mutex::default(), breadcrumbs: Mutex::default() }
    }

    /// Returns the key of a callsite that has room.
    pub(crate) fn key_of(&self, caller: &Caller<'_>, row: &Row<'_>) -> Option<u64> {
        let callsites = lock(&self.callsites);
        callsites.known.iter().find(|known| known.is_at(caller, &row.names)).map(|known| known.key)
    }

    /// Adds a row of a callsite that has room.
    pub(crate) fn add_row(&self, key: u64, row: Row<'_>) {
        self.rows.write(key, row.values, row.omitted);
    }

    /// Makes room for the rows of a new callsite. Returns its key, or `None` if there is no room.
    pub(crate) fn make_room(
        &self,
        caller: &Caller<'_>,
        row: &Row<'_>,
        message: Option<&str>,
        is_own: bool,
    ) -> Option<u64> {
        let (registered, dropped) = self.register(KnownCallsite::new(caller, row), is_own);
        // The destructor of a code object may run Python code.
        drop(dropped);
        match registered {
            Registered::Known(key) => Some(key),
            Registered::New(key) => {
                self.rows.describe(key, describe(caller, row, message));
                Some(key)
            }
            Registered::NoRoom => None,
        }
    }

    /// Registers a callsite. Returns the callsites to drop as well.
    fn register(&self, mut new: KnownCallsite, is_own: bool) -> (Registered, Vec<KnownCallsite>) {
        let mut callsites = lock(&self.callsites);
        if let Some(known) = callsites.known.iter().find(|known| known.is_same_as(&new)) {
            return (Registered::Known(known.key), vec![new]);
        }
        new.key = callsites.next_key();
        if !self.rows.make_room(new.key, new.names.len(), is_own) {
            return (Registered::NoRoom, vec![new]);
        }
        let key = new.key;
        callsites.known.push(new);
        let evicted = callsites.known.extract_if(.., |known| !self.rows.has_room(known.key)).collect();
        (Registered::New(key), evicted)
    }

    pub(crate) fn add_breadcrumb(&self, source: Source, breadcrumb: Breadcrumb) {
        if self.rows.keeps_any() {
            lock(&self.breadcrumbs).add(source, breadcrumb);
        }
    }

    pub(crate) fn keeps_any(&self) -> bool {
        self.rows.keeps_any()
    }

    /// Returns the entries of a record, for a computation that was opened at this time.
    pub(crate) fn entries(&self, opened: Instant) -> Vec<TrailEntry> {
        self.rows.entries(opened)
    }

    pub(crate) fn breadcrumbs(&self) -> Vec<Breadcrumb> {
        lock(&self.breadcrumbs).iter().cloned().collect()
    }
}

impl Callsites {
    /// Returns a new key. The trail requires multiples of 16.
    fn next_key(&mut self) -> u64 {
        self.next += 16;
        self.next
    }
}

impl KnownCallsite {
    fn new(caller: &Caller<'_>, row: &Row<'_>) -> Self {
        KnownCallsite {
            key: 0,
            code: caller.code.clone().unbind(),
            instruction: caller.instruction,
            names: row.names.iter().map(|name| name.clone().unbind()).collect(),
        }
    }

    fn is_at(&self, caller: &Caller<'_>, names: &[Bound<'_, PyString>]) -> bool {
        self.instruction == caller.instruction
            && caller.code.is(&self.code)
            && self.names.len() == names.len()
            && self.names.iter().zip(names).all(|(known, name)| name.is(known) || same(known.bind(name.py()), name))
    }

    fn is_same_as(&self, other: &KnownCallsite) -> bool {
        let same_names = self.names.len() == other.names.len()
            && self.names.iter().zip(&other.names).all(|(a, b)| a.as_ptr() == b.as_ptr());
        self.instruction == other.instruction && self.code.as_ptr() == other.code.as_ptr() && same_names
    }
}

fn describe(caller: &Caller<'_>, row: &Row<'_>, message: Option<&str>) -> Callsite {
    Callsite {
        level: "DEBUG".into(),
        message: message.map(ToOwned::to_owned),
        location: caller.location(),
        columns: row.names.iter().map(|name| name.to_string_lossy().into_owned().into()).collect(),
        ..Callsite::default()
    }
}

/// Compares names. Names of keyword arguments are one object each, unless they come out of a dict.
fn same(a: &Bound<'_, PyString>, b: &Bound<'_, PyString>) -> bool {
    a.to_string_lossy() == b.to_string_lossy()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
