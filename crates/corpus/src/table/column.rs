//! The values of one parameter in all runs.

use indexmap::IndexSet;

use region::Cell;

/// The values of one parameter in all runs of a computation, in the order of the runs.
///
/// A column may mix numbers, texts and booleans. A value takes 8 bytes; equal texts are stored once.
///
/// ```
/// use tracing_failure_corpus::{Cell, ValueColumn};
///
/// let mut method = ValueColumn::new("method");
/// method.extend_missing(2);
/// method.push(Cell::Text("RK45"));
/// assert_eq!((method.len(), method.cell(1), method.cell(2)), (3, Cell::Missing, Cell::Text("RK45")));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ValueColumn {
    name: String,
    words: Vec<u64>,
    texts: IndexSet<Box<str>>,
}

/// The bits of a cell that is not a number: a quiet NaN with this payload, which no computation produces. A NaN of the
/// program is stored as [`f64::NAN`].
const TAG: u64 = 0x7ffc_0000_0000_0000;
const TAG_MASK: u64 = 0xffff_0000_0000_0000;
const MISSING: u64 = TAG | 0x1_0000_0000;
const FALSE: u64 = TAG | 0x2_0000_0000;
const TRUE: u64 = TAG | 0x3_0000_0000;
/// The lowest 32 bits are the position of the text.
const TEXT: u64 = TAG | 0x4_0000_0000;

impl ValueColumn {
    /// Creates a column without values.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::ValueColumn::new("mu").is_empty());
    /// ```
    pub fn new(name: impl Into<String>) -> Self {
        ValueColumn { name: name.into(), ..ValueColumn::default() }
    }

    /// Returns the name of the parameter. The name of a nested value is its path: `opts.rtol`, `couplings[0]`.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::ValueColumn::new("opts.rtol").name(), "opts.rtol");
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of runs.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::ValueColumn::new("mu").len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Returns true if the column has no values.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::ValueColumn::new("mu").is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns the value of a run.
    ///
    /// # Panics
    ///
    /// If there is no such run.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, ValueColumn};
    ///
    /// let mut mu = ValueColumn::new("mu");
    /// mu.push(Cell::Bool(true));
    /// assert_eq!(mu.cell(0), Cell::Bool(true));
    /// ```
    #[inline]
    pub fn cell(&self, run: usize) -> Cell<'_> {
        let word = self.words[run];
        if word & TAG_MASK != TAG {
            return Cell::from(f64::from_bits(word));
        }
        match word {
            MISSING => Cell::Missing,
            FALSE => Cell::Bool(false),
            TRUE => Cell::Bool(true),
            word => Cell::Text(&self.texts[(word & 0xffff_ffff) as usize]),
        }
    }

    /// Returns all values in the order of the runs.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, ValueColumn};
    ///
    /// let mut mu = ValueColumn::new("mu");
    /// mu.push(Cell::Number(0.5));
    /// assert_eq!(mu.cells().collect::<Vec<_>>(), [Cell::Number(0.5)]);
    /// ```
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Cell<'_>> {
        (0..self.words.len()).map(|run| self.cell(run))
    }

    /// Appends the value of the next run.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, ValueColumn};
    ///
    /// let mut mu = ValueColumn::new("mu");
    /// mu.push(Cell::Number(0.5));
    /// assert_eq!(mu.len(), 1);
    /// ```
    #[inline]
    pub fn push(&mut self, cell: Cell<'_>) {
        let word = self.word(cell);
        self.words.push(word);
    }

    /// Replaces the value of a run, if there is one.
    pub(crate) fn set(&mut self, run: usize, cell: Cell<'_>) {
        let word = self.word(cell);
        if let Some(present) = self.words.get_mut(run) {
            *present = word;
        }
    }

    /// Removes the values of runs for which `keep` returns false.
    pub(crate) fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let mut run = 0;
        self.words.retain(|_| {
            run += 1;
            keep(run - 1)
        });
    }

    #[inline]
    fn word(&mut self, cell: Cell<'_>) -> u64 {
        match cell {
            Cell::Missing => MISSING,
            Cell::Number(number) | Cell::NotFinite(number) if number.is_nan() => f64::NAN.to_bits(),
            Cell::Number(number) | Cell::NotFinite(number) => number.to_bits(),
            Cell::Text(text) => self.text_word(text),
            Cell::Bool(false) => FALSE,
            Cell::Bool(true) => TRUE,
        }
    }

    fn text_word(&mut self, text: &str) -> u64 {
        let position = self.texts.get_index_of(text);
        let position = position.unwrap_or_else(|| self.texts.insert_full(text.into()).0);
        TEXT | u32::try_from(position).map_or(u64::from(u32::MAX), u64::from)
    }

    /// Appends missing values until the column has this number of values.
    ///
    /// ```
    /// let mut mu = tracing_failure_corpus::ValueColumn::new("mu");
    /// mu.extend_missing(3);
    /// assert_eq!(mu.len(), 3);
    /// ```
    pub fn extend_missing(&mut self, len: usize) {
        self.words.resize(len.max(self.words.len()), MISSING);
    }

    /// Appends all values of another column.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, ValueColumn};
    ///
    /// let (mut all, mut more) = (ValueColumn::new("method"), ValueColumn::new("method"));
    /// all.push(Cell::Text("RK45"));
    /// more.push(Cell::Text("BDF"));
    /// all.append(&more);
    /// assert_eq!(all.cell(1), Cell::Text("BDF"));
    /// ```
    pub fn append(&mut self, other: &ValueColumn) {
        let texts: Vec<u64> = other.texts.iter().map(|text| self.text_word(text)).collect();
        self.words.extend(other.words.iter().map(|&word| match word & !0xffff_ffff {
            TEXT => texts[(word & 0xffff_ffff) as usize],
            _ => word,
        }));
    }

    /// Returns the position of a text in [`texts`](Self::texts).
    pub(crate) fn text_position(&self, text: &str) -> Option<usize> {
        self.texts.get_index_of(text)
    }

    /// Returns the distinct texts in the order of their first appearance.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, ValueColumn};
    ///
    /// let mut method = ValueColumn::new("method");
    /// ["RK45", "BDF", "RK45"].into_iter().for_each(|text| method.push(Cell::Text(text)));
    /// assert_eq!(method.texts().collect::<Vec<_>>(), ["RK45", "BDF"]);
    /// ```
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_pattern_of_a_number_stays_a_number() {
        let mut column = ValueColumn::new("x");
        for bits in [MISSING, TRUE, FALSE, TEXT, TEXT | 7, u64::MAX, 0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0001] {
            column.push(f64::from_bits(bits).into());
        }
        assert!(column.cells().all(|cell| matches!(cell, Cell::NotFinite(x) if x.is_nan())));
        for x in [0.0, -0.0, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, f64::NEG_INFINITY] {
            column.push(x.into());
            assert_eq!(column.cell(column.len() - 1), Cell::from(x));
        }
    }

    #[test]
    fn appended_texts_keep_their_meaning() {
        let (mut a, mut b) = (ValueColumn::new("m"), ValueColumn::new("m"));
        ["x", "y"].into_iter().for_each(|text| a.push(Cell::Text(text)));
        for cell in [Cell::Text("z"), Cell::Missing, Cell::Text("y"), Cell::Bool(true), Cell::Number(2.0)] {
            b.push(cell);
        }
        a.append(&b);
        let cells: Vec<_> = a.cells().skip(2).collect();
        assert_eq!(cells, b.cells().collect::<Vec<_>>());
    }
}
