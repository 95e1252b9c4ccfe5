//! Rows of values in a lane: the clock, the path of the spans, the kinds of the values, and the values, one word each.

use crate::observe::trail::breadcrumbs;
use crate::observe::trail::lane::OpenRow;
use crate::observe::trail::objects::Objects;
use crate::observe::trail::paths::PathWord;
use crate::observe::trail::retention::Retention;
use crate::observe::trail::ring_request::RingRequest;
use record::Value;

/// Words before the kinds: the clock and the path.
const HEADER_WORDS: usize = 2;

/// Bits of a kind. The kinds of a row are in the words after the header.
const KIND_BITS: usize = 4;
/// Number of kinds in a word.
const KINDS_PER_WORD: usize = 16;

/// The kind of a value. A column without a value has 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Kind {
    Float = 1,
    Int = 2,
    UInt = 3,
    Bool = 4,
    /// A value that is known to be null.
    Null = 5,
    /// A value that does not fit into a word. The word has its number in [`Objects`].
    Object = 6,
}

impl Kind {
    fn of(bits: u64) -> Option<Self> {
        let kinds = [Kind::Float, Kind::Int, Kind::UInt, Kind::Bool, Kind::Null, Kind::Object];
        kinds.into_iter().find(|kind| *kind as u64 == bits)
    }
}

/// The columns of a callsite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    count: usize,
    /// True if the first field of the callsite has no column.
    skips_first: bool,
}

impl Columns {
    pub(crate) fn new(count: usize, skips_first: bool) -> Self {
        Columns { count, skips_first }
    }

    #[inline]
    fn kind_words(self) -> usize {
        self.count.div_ceil(KINDS_PER_WORD)
    }

    /// Returns the ring that the series of a callsite needs.
    pub(crate) fn request(self, key: u64, in_app: bool, retention: Retention) -> RingRequest {
        let tag = (self.count as u32) << 1 | u32::from(self.skips_first);
        RingRequest {
            key,
            stride: HEADER_WORDS + self.kind_words() + self.count,
            tag,
            in_app,
            retention,
            texts: breadcrumbs::SHARE,
        }
    }

    #[inline]
    pub(crate) fn from_tag(tag: u32) -> Self {
        Columns { count: tag as usize >> 1, skips_first: tag & 1 == 1 }
    }

    pub(crate) fn tick(row: &[u64]) -> u64 {
        row.first().copied().unwrap_or_default()
    }

    pub(crate) fn path(row: &[u64]) -> PathWord {
        PathWord::of(row.get(1).copied().unwrap_or_default())
    }

    /// Returns the value of a column in a row.
    pub(crate) fn value(self, row: &[u64], column: usize, objects: &Objects) -> Option<Value> {
        let (kind, bits) = self.cell(row, column)?;
        match kind {
            Kind::Float => Some(f64::from_bits(bits).into()),
            Kind::Int => Some(bits.cast_signed().into()),
            Kind::UInt => Some(bits.into()),
            Kind::Bool => Some((bits != 0).into()),
            Kind::Null => Some(Value::Null),
            Kind::Object => objects.get(bits).cloned(),
        }
    }

    /// Returns the numbers of the objects to which a row refers.
    pub(crate) fn objects(self, row: &[u64]) -> impl Iterator<Item = u64> {
        let cells = (0..self.count).filter_map(move |column| self.cell(row, column));
        cells.filter(|(kind, _)| *kind == Kind::Object).map(|(_, number)| number)
    }

    fn cell(self, row: &[u64], column: usize) -> Option<(Kind, u64)> {
        let kinds = row.get(HEADER_WORDS + column / KINDS_PER_WORD)?;
        let bits = *row.get(HEADER_WORDS + self.kind_words() + column)?;
        Some((Kind::of(kinds >> (column % KINDS_PER_WORD * KIND_BITS) & 0xf)?, bits))
    }
}

/// Words of kinds that are collected in registers, enough for 32 columns. The kinds of further columns are written to
/// the row at once.
const COLLECTED_KIND_WORDS: usize = 2;

/// Writes numbers into a row.
#[derive(Debug)]
pub(crate) struct RowWriter<'a> {
    row: OpenRow<'a>,
    columns: Columns,
    /// Index of the first value in the row.
    values: usize,
    kinds: [u64; COLLECTED_KIND_WORDS],
    /// True if a column beyond the collected ones has a number.
    any_further: bool,
}

impl<'a> RowWriter<'a> {
    #[inline]
    pub(crate) fn new(row: OpenRow<'a>, tag: u32) -> Self {
        let columns = Columns::from_tag(tag);
        // The memory was in use before, so every word of kinds must be written.
        for word in COLLECTED_KIND_WORDS..columns.kind_words() {
            row.set(HEADER_WORDS + word, 0);
        }
        let values = HEADER_WORDS + columns.kind_words();
        RowWriter { row, columns, values, kinds: [0; COLLECTED_KIND_WORDS], any_further: false }
    }

    /// Writes a number into the column of a field. Does nothing if the field has no column.
    #[inline]
    pub(crate) fn set(&mut self, field: usize, kind: Kind, bits: u64) {
        let Some(column) = field.checked_sub(usize::from(self.columns.skips_first)) else { return };
        self.row.set(self.values + column, bits);
        let (word, kind) = (column / KINDS_PER_WORD, (kind as u64) << (column % KINDS_PER_WORD * KIND_BITS));
        match self.kinds.get_mut(word) {
            Some(kinds) => *kinds |= kind,
            None => {
                self.row.add_bits(HEADER_WORDS + word, kind);
                self.any_further = true;
            }
        }
    }

    /// Finishes the row if it has a number. Returns false otherwise.
    #[inline]
    pub(crate) fn finish(self, tick: u64, path: PathWord) -> bool {
        let any = self.kinds != [0; COLLECTED_KIND_WORDS] || self.any_further;
        if !any {
            self.row.abandon();
            return false;
        }
        self.row.set(0, tick);
        self.row.set(1, path.word());
        for (word, kinds) in (HEADER_WORDS..self.values).zip(self.kinds) {
            self.row.set(word, kinds);
        }
        self.row.finish();
        true
    }
}
