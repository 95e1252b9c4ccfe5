//! The fields of one line of a log, before its table is known.

use region::Cell;

/// Maximum number of entries of an array that become parameters.
pub(super) const MAX_ARRAY_ENTRIES: usize = 64;

/// A text of a line: a part of the line itself, or of the buffer of its fields.
#[derive(Clone, Copy, Debug)]
pub(super) enum LineText<'a> {
    Line(&'a str),
    Buffer(usize, usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum LineCell<'a> {
    Missing,
    Number(f64),
    Bool(bool),
    Text(LineText<'a>),
}

/// The keys of a line whose values are texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextKey {
    Timestamp,
    Message,
    Computation,
    TheoreticalRef,
    Outcome,
    SessionId,
    FailureId,
    Host,
    JobId,
    Version,
    GitCommit,
    Package,
}

impl TextKey {
    pub(super) const ALL: [TextKey; 12] = [
        TextKey::Timestamp,
        TextKey::Message,
        TextKey::Computation,
        TextKey::TheoreticalRef,
        TextKey::Outcome,
        TextKey::SessionId,
        TextKey::FailureId,
        TextKey::Host,
        TextKey::JobId,
        TextKey::Version,
        TextKey::GitCommit,
        TextKey::Package,
    ];
}

/// The keys of a line that the reader knows.
#[derive(Clone, Copy, Debug)]
pub(super) enum LineKey {
    Text(TextKey),
    Duration,
    Rank,
    Entries(EntryList),
    Other,
}

/// A list of flattened values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryList {
    Parameters,
    Digests,
}

impl LineKey {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "timestamp" => LineKey::Text(TextKey::Timestamp),
            "message" => LineKey::Text(TextKey::Message),
            "computation" => LineKey::Text(TextKey::Computation),
            "theoretical_ref" => LineKey::Text(TextKey::TheoreticalRef),
            "parameters" => LineKey::Entries(EntryList::Parameters),
            "outcome" => LineKey::Text(TextKey::Outcome),
            "duration_s" => LineKey::Duration,
            "session_id" => LineKey::Text(TextKey::SessionId),
            "failure_id" => LineKey::Text(TextKey::FailureId),
            "trail" => LineKey::Entries(EntryList::Digests),
            "host" => LineKey::Text(TextKey::Host),
            "rank" => LineKey::Rank,
            "job_id" => LineKey::Text(TextKey::JobId),
            "version" => LineKey::Text(TextKey::Version),
            "git_commit" => LineKey::Text(TextKey::GitCommit),
            "package" => LineKey::Text(TextKey::Package),
            _ => LineKey::Other,
        }
    }
}

/// The fields of one line. The same memory serves all lines of a chunk.
#[derive(Debug, Default)]
pub(super) struct LineFields<'a> {
    texts: [Option<LineText<'a>>; TextKey::ALL.len()],
    pub(super) duration_s: Option<f64>,
    pub(super) rank: Option<f64>,
    parameters: Vec<(LineText<'a>, LineCell<'a>)>,
    digests: Vec<(LineText<'a>, LineCell<'a>)>,
    /// True if entries of a long array are absent.
    pub(super) omits_entries: bool,
    /// The names of nested values, and texts that are not a part of the line.
    buffer: String,
    /// The path of the nested value that is being read.
    pub(super) path: String,
}

impl<'a> LineFields<'a> {
    pub(super) fn clear(&mut self) {
        self.texts = [None; TextKey::ALL.len()];
        (self.duration_s, self.rank, self.omits_entries) = (None, None, false);
        self.parameters.clear();
        self.digests.clear();
        self.buffer.clear();
    }

    pub(super) fn text(&self, key: TextKey) -> Option<&str> {
        self.texts[key as usize].map(|text| self.resolve(text))
    }

    fn resolve<'b>(&'b self, text: LineText<'a>) -> &'b str {
        match text {
            LineText::Line(text) => text,
            LineText::Buffer(start, end) => self.buffer.get(start..end).unwrap_or_default(),
        }
    }

    #[inline]
    pub(super) fn set_text(&mut self, key: TextKey, text: Option<LineText<'a>>) {
        self.texts[key as usize] = text;
    }

    /// Copies a text into the buffer.
    pub(super) fn buffered(&mut self, text: &str) -> LineText<'a> {
        let start = self.buffer.len();
        self.buffer.push_str(text);
        LineText::Buffer(start, self.buffer.len())
    }

    #[inline]
    pub(super) fn push(&mut self, list: EntryList, name: LineText<'a>, cell: LineCell<'a>) {
        match list {
            EntryList::Parameters => self.parameters.push((name, cell)),
            EntryList::Digests => self.digests.push((name, cell)),
        }
    }

    /// Appends a value under the present path.
    pub(super) fn push_nested(&mut self, list: EntryList, cell: LineCell<'a>) {
        let start = self.buffer.len();
        self.buffer.push_str(&self.path);
        self.push(list, LineText::Buffer(start, self.buffer.len()), cell);
    }

    pub(super) fn clear_entries(&mut self, list: EntryList) {
        match list {
            EntryList::Parameters => self.parameters.clear(),
            EntryList::Digests => self.digests.clear(),
        }
    }

    /// Returns the names and values of a list.
    pub(super) fn entries(&self, list: EntryList) -> impl ExactSizeIterator<Item = (&str, Cell<'_>)> {
        let entries = match list {
            EntryList::Parameters => &self.parameters,
            EntryList::Digests => &self.digests,
        };
        entries.iter().map(|&(name, cell)| {
            let cell = match cell {
                LineCell::Missing => Cell::Missing,
                LineCell::Number(number) => Cell::from(number),
                LineCell::Bool(value) => Cell::Bool(value),
                LineCell::Text(text) => Cell::Text(self.resolve(text)),
            };
            (self.resolve(name), cell)
        })
    }
}

/// Returns the number that a text stands for, because JSON cannot express it.
#[inline]
pub(super) fn non_finite(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Returns the text that stands for a number that is not finite.
pub(super) fn non_finite_name(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}
