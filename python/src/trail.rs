//! The trail of a computation in Python: rows of values by callsite, and breadcrumbs.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::PyString;
use tracing_failure::internal::{Callsite, ValueTrail};
use tracing_failure::record::{Breadcrumb, TrailEntry};

use crate::breadcrumbs::{Breadcrumbs, Source};
use crate::caller::Caller;
use crate::row::Row;

/// The rows are in the library's trail, which decides which of them stay. No Python code may run while a thread has one
/// of the locks, because another thread may wait for that lock with the interpreter lock.
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
    columns: Vec<String>,
}

impl Trail {
    pub(crate) fn new(head: usize, tail: usize) -> Self {
        Trail { rows: ValueTrail::new(head, tail), callsites: Mutex::default(), breadcrumbs: Mutex::default() }
    }

    /// Returns the key of a callsite that has room.
    pub(crate) fn key_of(&self, caller: &Caller<'_>, row: &Row<'_>) -> Option<u64> {
        // Names of keyword arguments are one object each, unless they come out of a dict.
        if let Some(key) = self.find(|known| known.is_at(caller) && known.has_names(&row.names)) {
            return Some(key);
        }
        // Encoding a name may start the garbage collector, which runs destructors. Therefore nothing is locked here.
        let columns = row.columns();
        self.find(|known| known.is_at(caller) && known.columns == columns)
    }

    fn find(&self, condition: impl Fn(&KnownCallsite) -> bool) -> Option<u64> {
        lock(&self.callsites).known.iter().find(|known| condition(known)).map(|known| known.key)
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
        in_app: bool,
    ) -> Option<u64> {
        if !self.rows.admits(in_app) {
            return None;
        }
        let new = KnownCallsite::new(caller, row);
        let description = describe(caller, &new.columns, message);
        let (key, dropped) = self.register(new, description, in_app);
        // The destructor of a code object may run Python code.
        drop(dropped);
        key
    }

    /// Registers a callsite, unless another thread was faster. Returns its key if there is room for it, and the
    /// callsites to drop.
    fn register(
        &self,
        mut new: KnownCallsite,
        description: Callsite,
        in_app: bool,
    ) -> (Option<u64>, Vec<KnownCallsite>) {
        let mut callsites = lock(&self.callsites);
        if let Some(known) = callsites.known.iter().find(|known| known.is_same_as(&new)) {
            return (Some(known.key), vec![new]);
        }
        let key = callsites.next_key();
        if !self.rows.make_room(key, new.columns.len(), in_app) {
            return (None, vec![new]);
        }
        self.rows.describe(key, description);
        new.key = key;
        callsites.known.push(new);
        let evicted = callsites.known.extract_if(.., |known| !self.rows.has_room(known.key)).collect();
        (Some(key), evicted)
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

    /// The rows.
    pub(crate) fn rows(&self) -> &ValueTrail {
        &self.rows
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
            columns: row.columns().into_iter().map(Cow::into_owned).collect(),
        }
    }

    fn is_at(&self, caller: &Caller<'_>) -> bool {
        self.instruction == caller.instruction && caller.code.is(&self.code)
    }

    /// Returns true if the names are the same objects.
    fn has_names(&self, names: &[Bound<'_, PyString>]) -> bool {
        self.names.len() == names.len() && self.names.iter().zip(names).all(|(known, name)| name.is(known))
    }

    fn is_same_as(&self, other: &KnownCallsite) -> bool {
        self.instruction == other.instruction && self.code.is(&other.code) && self.columns == other.columns
    }
}

fn describe(caller: &Caller<'_>, columns: &[String], message: Option<&str>) -> Callsite {
    Callsite {
        level: "DEBUG".into(),
        message: message.map(ToOwned::to_owned),
        location: caller.location(),
        columns: columns.iter().map(|column| column.clone().into()).collect(),
        ..Callsite::default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
