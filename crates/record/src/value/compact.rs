//! Compacts long `Debug` output while it is written: lists become summaries, and the structure around them stays.
//!
//! It stores text only for the open value. It reads a list entry by entry and replaces it with a placeholder, so that a
//! struct with a million numbers takes no more memory than its summary.

use super::array::{ArrayBuilder, Node};
use super::debug::{PLACEHOLDER, read_with_parts};
use super::limits::Limits;
use super::number::array_entry;
use super::variant::Value;

/// The entry that marks a structure that was cut.
const CUT_MARK: &str = "\"…\": \"[cut]\"";

/// Maximum length of a character with its escape: `'\u{10ffff}'`.
const MAX_CHARACTER_CHARS: usize = 12;

#[derive(Default)]
pub(super) struct Compactor {
    text: String,
    open: Vec<OpenBracket>,
    /// The lists that the placeholders replace.
    parts: Vec<Node>,
    quoted: Quotation,
    state: CompactorState,
}

/// An open bracket.
struct OpenBracket {
    bracket: char,
    /// Position of the bracket in the text.
    start: usize,
    /// Start of the current entry, and the number of parts at that point.
    entry: usize,
    parts: usize,
    list: Option<ArrayBuilder>,
}

impl OpenBracket {
    fn is_closed_by(&self, bracket: char) -> bool {
        matches!((self.bracket, bracket), ('[', ']') | ('(', ')') | ('{', '}'))
    }
}

/// The quotation that is being read.
#[derive(Clone, Copy, Default, PartialEq)]
enum Quotation {
    #[default]
    No,
    Text {
        start: usize,
        is_escaped: bool,
        /// Inside `\u{1f}`.
        is_in_code: bool,
        cut_bytes: usize,
    },
    Character {
        length: usize,
        is_escaped: bool,
    },
}

#[derive(Clone, Copy, Default, PartialEq)]
enum CompactorState {
    #[default]
    Reading,
    /// The text is too long even without its lists.
    Full,
    NotStructured,
}

impl Compactor {
    pub(super) fn read(&mut self, chunk: &str, limits: &Limits) {
        for c in chunk.chars() {
            if self.state != CompactorState::Reading {
                return;
            }
            match self.quoted {
                Quotation::No => self.step(c, limits),
                _ => self.step_quoted(c, limits),
            }
            if self.text.len() > limits.text.saturating_mul(4) {
                self.state = CompactorState::Full;
            }
        }
    }

    fn step(&mut self, c: char, limits: &Limits) {
        match c {
            PLACEHOLDER => self.state = CompactorState::NotStructured,
            '[' | '(' | '{' => self.begin(c, limits),
            ']' | ')' | '}' => self.end(c, limits),
            ',' => self.next_entry(limits),
            '"' => {
                self.quoted =
                    Quotation::Text { start: self.text.len(), is_escaped: false, is_in_code: false, cut_bytes: 0 };
                self.text.push(c);
            }
            '\'' if self.text.is_empty() || self.text.ends_with(['[', '(', '{', ',', ' ']) => {
                self.quoted = Quotation::Character { length: 0, is_escaped: false };
                self.text.push(c);
            }
            c if c.is_whitespace() => {
                if !self.text.is_empty() && !self.text.ends_with(' ') {
                    self.text.push(' ');
                }
            }
            c => self.text.push(c),
        }
    }

    fn step_quoted(&mut self, c: char, limits: &Limits) {
        match &mut self.quoted {
            Quotation::Text { start, is_escaped, is_in_code, cut_bytes } => {
                let is_end = c == '"' && !*is_escaped;
                let may_cut = !*is_escaped && !*is_in_code;
                (*is_in_code, *is_escaped) = match (c, *is_escaped, *is_in_code) {
                    ('u', true, _) => (true, false),
                    ('}', _, true) => (false, false),
                    (_, _, true) => (true, false),
                    ('\\', false, _) => (false, true),
                    _ => (false, false),
                };
                if is_end {
                    let cut_bytes = std::mem::take(cut_bytes);
                    if cut_bytes > 0 {
                        self.text.push_str(&format!("… [{cut_bytes} bytes left out]"));
                    }
                    self.quoted = Quotation::No;
                } else if *cut_bytes > 0 || (may_cut && self.text.len() - *start > limits.text / 4) {
                    *cut_bytes += c.len_utf8();
                    return;
                }
                self.text.push(c);
            }
            Quotation::Character { length, is_escaped } => {
                let is_end = c == '\'' && !*is_escaped && *length > 0;
                *is_escaped = c == '\\' && !*is_escaped;
                *length += 1;
                self.text.push(c);
                if is_end {
                    self.quoted = Quotation::No;
                } else if *length > MAX_CHARACTER_CHARS {
                    self.state = CompactorState::NotStructured;
                }
            }
            Quotation::No => {}
        }
    }

    fn begin(&mut self, bracket: char, limits: &Limits) {
        if self.open.len() >= limits.depth {
            self.state = CompactorState::NotStructured;
            return;
        }
        let start = self.text.len();
        self.text.push(bracket);
        let list = (bracket == '[').then(|| ArrayBuilder::new(limits));
        self.open.push(OpenBracket { bracket, start, entry: start + 1, parts: self.parts.len(), list });
    }

    fn next_entry(&mut self, limits: &Limits) {
        match self.open.last() {
            Some(open) if open.list.is_some() => self.take_entry(limits),
            Some(_) => {
                self.text.push(',');
                let (length, parts) = (self.text.len(), self.parts.len());
                if let Some(open) = self.open.last_mut() {
                    (open.entry, open.parts) = (length, parts);
                }
            }
            None => self.state = CompactorState::NotStructured,
        }
    }

    /// Reads the list entry that ends here, and drops its text.
    fn take_entry(&mut self, limits: &Limits) {
        let Some(open) = self.open.last_mut() else { return };
        let entry = self.text[open.entry..].trim();
        let node = array_entry(entry).map(Node::from).or_else(|| read_with_parts(entry, &self.parts, limits));
        match (node, &mut open.list) {
            (Some(node), Some(list)) => list.push(node),
            _ => self.state = CompactorState::NotStructured,
        }
        self.text.truncate(open.entry);
        self.parts.truncate(open.parts);
    }

    fn end(&mut self, bracket: char, limits: &Limits) {
        let Some(open) = self.open.last().filter(|open| open.is_closed_by(bracket)) else {
            self.state = CompactorState::NotStructured;
            return;
        };
        if open.list.is_some() && !self.text[open.entry..].trim().is_empty() {
            self.take_entry(limits);
        }
        match self.open.pop() {
            Some(OpenBracket { start, list: Some(list), .. }) => self.put_in_place(start, list.finish()),
            _ => self.text.push(bracket),
        }
    }

    /// Replaces the list that begins here with a placeholder.
    fn put_in_place(&mut self, start: usize, node: Node) {
        self.text.truncate(start);
        self.text.push_str(&format!("{PLACEHOLDER}{}{PLACEHOLDER}", self.parts.len()));
        self.parts.push(node);
    }

    /// Returns the value, if it is a structure. `is_complete` is false if the output was cut before its end.
    pub(super) fn finish(mut self, is_complete: bool, limits: &Limits) -> Option<Value> {
        if self.state == CompactorState::Full || !is_complete {
            self.close(limits);
        }
        if self.state == CompactorState::NotStructured || !self.open.is_empty() {
            return None;
        }
        let value = read_with_parts(self.text.trim(), &self.parts, limits)?.value;
        if matches!(value, Value::List(_) | Value::Map(_)) { fit_within(value, limits) } else { None }
    }

    /// Closes all open brackets. The incomplete entry of the innermost one is omitted.
    fn close(&mut self, limits: &Limits) {
        if self.state == CompactorState::Full {
            self.state = CompactorState::Reading;
        }
        let mut is_innermost = true;
        while let Some(open) = self.open.last() {
            if is_innermost {
                self.text.truncate(open.entry);
            } else if open.list.is_some() {
                self.take_entry(limits);
            }
            match self.open.pop() {
                Some(OpenBracket { start, list: Some(list), .. }) => self.put_in_place(start, list.finish_cut()),
                Some(OpenBracket { bracket: '{', .. }) if is_innermost => self.text.extend([CUT_MARK, "}"]),
                Some(OpenBracket { bracket: '{', .. }) => self.text.push('}'),
                _ => self.text.push(')'),
            }
            is_innermost = false;
        }
    }
}

/// Reduces each part of a value that is still too long with its lists summarised.
fn fit_within(value: Value, limits: &Limits) -> Option<Value> {
    let is_short = |value: &Value| value.to_string().len() <= limits.text;
    if is_short(&value) {
        return Some(value);
    }
    let less = Limits { array: 16.min(limits.array), text: 256.min(limits.text), ..limits.clone() };
    Value::from_serialize_within(&value, &less).ok().filter(is_short)
}
