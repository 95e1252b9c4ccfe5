//! The rows of one callsite from all lanes, and their entry in a record.

use std::borrow::Cow;
use std::ops::Range;

use record::internal::REDACTED;
use record::{TrailEntry, Value};

use crate::observe::trail::callsite::Callsite;
use crate::observe::trail::lane::Snapshot;
use crate::observe::trail::objects::Objects;
use crate::observe::trail::retention::Retention;
use crate::observe::trail::rows::Columns;

/// The rows of one entry, from all lanes.
#[derive(Debug, Default)]
pub(super) struct Series {
    pub(super) in_app: bool,
    seen: u64,
    /// The number of rows before the gap.
    head: usize,
    pub(super) rows: Vec<Row>,
    /// The words of all rows.
    words: Vec<u64>,
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) tick: u64,
    /// True if the row belongs to the head of its lane's ring.
    is_early: bool,
    /// The path of the spans, if the lane still has it.
    pub(super) path: Option<usize>,
    words: Range<usize>,
}

impl Series {
    pub(super) fn add(&mut self, snapshot: &Snapshot, path_of: impl Fn(&[u64]) -> Option<usize>) {
        self.in_app = snapshot.shape.in_app;
        self.seen += snapshot.total;
        for (number, words) in snapshot.rows() {
            let start = self.words.len();
            self.words.extend_from_slice(words);
            let (tick, is_early) = (Columns::tick(words), number < snapshot.shape.head as u64);
            self.rows.push(Row { tick, is_early, path: path_of(words), words: start..self.words.len() });
        }
    }

    pub(super) fn append(&mut self, other: Series) {
        let start = self.words.len();
        self.words.extend(other.words);
        self.seen += other.seen;
        let moved = |row: Row| Row { words: start + row.words.start..start + row.words.end, ..row };
        self.rows.extend(other.rows.into_iter().map(moved));
    }

    /// Returns the path of the rows if all of them have the same one.
    pub(super) fn only_path(&self) -> Option<usize> {
        let path = self.rows.first()?.path;
        if self.rows.iter().all(|row| row.path == path) { path } else { None }
    }

    /// Sorts the rows of all lanes by time, and keeps the head and the tail.
    pub(super) fn keep(mut self, retention: Retention) -> Self {
        self.rows.sort_by_key(|row| row.tick);
        self.head = self.rows.iter().take(retention.head).take_while(|row| row.is_early).count();
        let excess = (self.rows.len() - self.head).saturating_sub(retention.tail);
        self.rows.drain(self.head..self.head + excess);
        self
    }

    pub(super) fn words_of(&self, row: &Row) -> &[u64] {
        &self.words[row.words.clone()]
    }

    fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.rows.iter().map(|row| self.words_of(row))
    }

    /// Returns the entry of a record. `hides` returns true for a column whose numbers are secrets.
    pub(super) fn entry(
        &self,
        callsite: Callsite,
        objects: &Objects,
        seconds: impl Fn(u64) -> f64,
        hides: impl Fn(&Cow<'static, str>) -> bool,
    ) -> TrailEntry {
        let mut entry = TrailEntry::default();
        entry.message = callsite.message.filter(|message| !message.is_empty());
        entry.span = callsite.span;
        entry.level = callsite.level;
        entry.location = Some(callsite.location);
        entry.seen = self.seen;
        entry.dropped = self.seen.saturating_sub(self.rows.len() as u64);
        entry.head = (entry.dropped > 0).then_some(self.head);
        entry.elapsed_s = self.rows.iter().map(|row| seconds(row.tick)).collect();
        entry.omitted_columns = callsite.omitted_columns;
        let columns = Columns::new(callsite.columns.len(), false);
        for (column, name) in callsite.columns.into_iter().enumerate() {
            let values: Vec<Option<Value>> = self.rows().map(|row| columns.value(row, column, objects)).collect();
            if values.iter().all(Option::is_none) {
                continue;
            }
            let hidden = hides(&name);
            let values = || Value::List(values.into_iter().map(Option::unwrap_or_default).collect());
            entry.columns.insert(name, if hidden { REDACTED.into() } else { values() });
        }
        entry
    }
}

/// Sorts entries by their first rows.
pub(super) fn sort(entries: &mut [TrailEntry]) {
    let first = |entry: &TrailEntry| entry.elapsed_s.first().copied().unwrap_or(f64::INFINITY);
    entries.sort_by(|a, b| first(a).total_cmp(&first(b)));
}

/// Returns an entry that counts the rows without a ring.
pub(super) fn unplaced(rows: u64) -> Option<TrailEntry> {
    if rows == 0 {
        return None;
    }
    let mut entry = TrailEntry::default();
    entry.message = Some("more callsites than a trail has room for".to_owned());
    entry.seen = rows;
    entry.dropped = rows;
    Some(entry)
}
