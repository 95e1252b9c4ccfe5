//! Rows of numbers in a lane: the clock, the path of the spans, the kinds of the values, and the values, one word each.

use std::fmt;

use tracing::Metadata;
use tracing::field::{Field, Visit};

use crate::observe::trail::lane::Row;
use crate::observe::trail::paths::PathWord;
use crate::observe::trail::retention::Retention;
use crate::observe::trail::want::Want;
use record::Value;

/// Words before the kinds: the clock and the path.
const HEADER: usize = 2;

/// Kinds of values, four bits each, in the words after the header. 0 is no value.
mod kind {
    pub(crate) const FLOAT: u64 = 1;
    pub(crate) const INT: u64 = 2;
    pub(crate) const UINT: u64 = 3;
    pub(crate) const BOOL: u64 = 4;
    pub(crate) const BITS: usize = 4;
    pub(crate) const PER_WORD: usize = 16;
}

/// The fields of a callsite that have a column, in the order of the callsite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    count: usize,
    /// True if the first field is the message, which has no column.
    after_message: bool,
}

impl Columns {
    pub(crate) fn of(meta: &Metadata<'_>) -> Self {
        let after_message = meta.fields().iter().next().is_some_and(|field| field.name() == "message");
        Columns { count: meta.fields().len() - usize::from(after_message), after_message }
    }

    #[inline]
    fn kind_words(self) -> usize {
        self.count.div_ceil(kind::PER_WORD)
    }

    /// Returns the ring that the series of a callsite needs.
    pub(crate) fn want(self, key: u64, is_own: bool, retention: Retention) -> Want {
        let tag = (self.count as u32) << 1 | u32::from(self.after_message);
        Want { key, stride: HEADER + self.kind_words() + self.count, tag, is_own, retention }
    }

    #[inline]
    fn from_tag(tag: u32) -> Self {
        Columns { count: tag as usize >> 1, after_message: tag & 1 == 1 }
    }

    /// Returns the names of the columns.
    pub(crate) fn names(self, meta: &'static Metadata<'static>) -> impl Iterator<Item = &'static str> {
        meta.fields().iter().skip(usize::from(self.after_message)).map(|field| field.name())
    }

    pub(crate) fn tick(row: &[u64]) -> u64 {
        row.first().copied().unwrap_or_default()
    }

    pub(crate) fn path(row: &[u64]) -> PathWord {
        PathWord::of(row.get(1).copied().unwrap_or_default())
    }

    /// Returns the value of a column in a row.
    pub(crate) fn value(self, row: &[u64], column: usize) -> Option<Value> {
        let kinds = row.get(HEADER + column / kind::PER_WORD)?;
        let bits = *row.get(HEADER + self.kind_words() + column)?;
        match kinds >> (column % kind::PER_WORD * kind::BITS) & 0xf {
            kind::FLOAT => Some(f64::from_bits(bits).into()),
            kind::INT => Some(bits.cast_signed().into()),
            kind::UINT => Some(bits.into()),
            kind::BOOL => Some((bits != 0).into()),
            _ => None,
        }
    }
}

/// Words of kinds that are collected in registers, enough for 32 columns. The kinds of further columns are written to
/// the row at once.
const COLLECTED: usize = 2;

/// Writes numbers into a row. It skips values that need formatting, so no code of the user runs.
#[derive(Debug)]
pub(crate) struct NumberVisitor<'a> {
    row: Row<'a>,
    columns: Columns,
    /// Index of the first value in the row.
    values: usize,
    kinds: [u64; COLLECTED],
    /// True if a column beyond the collected ones has a number.
    any_further: bool,
}

impl<'a> NumberVisitor<'a> {
    #[inline]
    pub(crate) fn new(row: Row<'a>, tag: u32) -> Self {
        let columns = Columns::from_tag(tag);
        // The memory was in use before, so every word of kinds must be written.
        for word in COLLECTED..columns.kind_words() {
            row.set(HEADER + word, 0);
        }
        let values = HEADER + columns.kind_words();
        NumberVisitor { row, columns, values, kinds: [0; COLLECTED], any_further: false }
    }

    #[inline]
    fn set(&mut self, field: &Field, kind: u64, bits: u64) {
        // A message has no column, even if it is a number.
        let Some(column) = field.index().checked_sub(usize::from(self.columns.after_message)) else { return };
        self.row.set(self.values + column, bits);
        let (word, kind) = (column / kind::PER_WORD, kind << (column % kind::PER_WORD * kind::BITS));
        match self.kinds.get_mut(word) {
            Some(kinds) => *kinds |= kind,
            None => {
                self.row.add_bits(HEADER + word, kind);
                self.any_further = true;
            }
        }
    }

    /// Finishes the row if it has a number. Returns false otherwise.
    #[inline]
    pub(crate) fn finish(self, tick: u64, path: PathWord) -> bool {
        let any = self.kinds != [0; COLLECTED] || self.any_further;
        if !any {
            self.row.abandon();
            return false;
        }
        self.row.set(0, tick);
        self.row.set(1, path.word());
        for (word, kinds) in (HEADER..self.values).zip(self.kinds) {
            self.row.set(word, kinds);
        }
        self.row.finish();
        true
    }
}

impl Visit for NumberVisitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, kind::FLOAT, value.to_bits());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, kind::INT, value.cast_unsigned());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, kind::UINT, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, kind::BOOL, value.into());
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        if let Ok(value) = i64::try_from(value) {
            self.record_i64(field, value);
        } else if let Ok(value) = u64::try_from(value) {
            self.record_u64(field, value);
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if let Ok(value) = u64::try_from(value) {
            self.record_u64(field, value);
        }
    }

    fn record_str(&mut self, _: &Field, _: &str) {}
    fn record_bytes(&mut self, _: &Field, _: &[u8]) {}
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Finds out whether an event has a number besides its message.
#[derive(Debug, Default)]
pub(crate) struct NumberFinder(pub(crate) bool);

impl NumberFinder {
    fn check(&mut self, field: &Field) {
        self.0 |= field.name() != "message";
    }
}

impl Visit for NumberFinder {
    fn record_f64(&mut self, field: &Field, _: f64) {
        self.check(field);
    }

    fn record_i64(&mut self, field: &Field, _: i64) {
        self.check(field);
    }

    fn record_u64(&mut self, field: &Field, _: u64) {
        self.check(field);
    }

    fn record_bool(&mut self, field: &Field, _: bool) {
        self.check(field);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        if i64::try_from(value).is_ok() || u64::try_from(value).is_ok() {
            self.check(field);
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if u64::try_from(value).is_ok() {
            self.check(field);
        }
    }

    fn record_str(&mut self, _: &Field, _: &str) {}
    fn record_bytes(&mut self, _: &Field, _: &[u8]) {}
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
