//! Reads a line in the form that the recorder writes, without allocating. It does not understand escapes in texts,
//! white space other than spaces, deep nesting, and invalid JSON; `slow_line` reads such lines.

use std::fmt::Write;

use super::line_fields::{EntryList, LineCell, LineFields, LineKey, LineText, MAX_ARRAY_ENTRIES, non_finite};
use super::number::read_number;

/// Maximum nesting depth of a value.
const MAX_DEPTH: usize = 16;

/// Reads the fields of a line. Returns `None` if it does not understand the line.
pub(super) fn read_fast<'a>(line: &'a str, fields: &mut LineFields<'a>) -> Option<()> {
    fields.clear();
    let mut reader = FastReader { text: line, bytes: line.as_bytes(), at: 0 };
    reader.read_line(fields)?;
    reader.skip_spaces();
    (reader.at == line.len()).then_some(())
}

struct FastReader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> FastReader<'a> {
    fn read_line(&mut self, fields: &mut LineFields<'a>) -> Option<()> {
        if !self.begin(b'{', b'}')? {
            return Some(());
        }
        loop {
            match LineKey::of(self.name()?) {
                LineKey::Text(key) => {
                    let is_text = self.peek()? == b'"';
                    let text = if is_text { Some(LineText::Line(self.text()?)) } else { None };
                    if !is_text {
                        self.skip(0)?;
                    }
                    fields.set_text(key, text);
                }
                LineKey::Duration => fields.duration_s = self.number_or_skip()?,
                LineKey::Rank => fields.rank = self.number_or_skip()?,
                LineKey::Entries(list) if self.peek()? == b'{' => {
                    fields.clear_entries(list);
                    self.read_entries(list, fields)?;
                }
                LineKey::Entries(_) | LineKey::Other => self.skip(0)?,
            }
            if !self.is_continued(b'}')? {
                return Some(());
            }
        }
    }

    fn number_or_skip(&mut self) -> Option<Option<f64>> {
        let cell = match self.peek()? {
            b'{' | b'[' => {
                self.skip(0)?;
                LineCell::Missing
            }
            _ => self.scalar()?,
        };
        Some(if let LineCell::Number(number) = cell { Some(number) } else { None })
    }

    fn read_entries(&mut self, list: EntryList, fields: &mut LineFields<'a>) -> Option<()> {
        if !self.begin(b'{', b'}')? {
            return Some(());
        }
        loop {
            let name = self.name()?;
            if matches!(self.peek()?, b'{' | b'[') {
                fields.path.clear();
                fields.path.push_str(name);
                self.read_nested(list, fields, 1)?;
            } else {
                let cell = self.scalar()?;
                fields.push(list, LineText::Line(name), cell);
            }
            if !self.is_continued(b'}')? {
                return Some(());
            }
        }
    }

    /// Reads a list or a map under the present path.
    fn read_nested(&mut self, list: EntryList, fields: &mut LineFields<'a>, depth: usize) -> Option<()> {
        let is_map = self.peek()? == b'{';
        let (open, close) = if is_map { (b'{', b'}') } else { (b'[', b']') };
        if depth > MAX_DEPTH {
            return None;
        }
        if !self.begin(open, close)? {
            fields.push_nested(list, LineCell::Missing);
            return Some(());
        }
        let len = fields.path.len();
        for index in 0.. {
            let mut is_omitted = false;
            if is_map {
                let name = self.name()?;
                fields.path.push('.');
                fields.path.push_str(name);
            } else {
                is_omitted = index >= MAX_ARRAY_ENTRIES;
                let _ = write!(fields.path, "[{index}]");
            }
            if is_omitted {
                fields.omits_entries = true;
                self.skip(depth)?;
            } else if matches!(self.peek()?, b'{' | b'[') {
                self.read_nested(list, fields, depth + 1)?;
            } else {
                let cell = self.scalar()?;
                fields.push_nested(list, cell);
            }
            fields.path.truncate(len);
            if !self.is_continued(close)? {
                break;
            }
        }
        Some(())
    }

    /// Reads a value and ignores it.
    fn skip(&mut self, depth: usize) -> Option<()> {
        let (open, close) = match self.peek()? {
            b'{' => (b'{', b'}'),
            b'[' => (b'[', b']'),
            _ => return self.scalar().map(drop),
        };
        if depth > MAX_DEPTH {
            return None;
        }
        if !self.begin(open, close)? {
            return Some(());
        }
        loop {
            if open == b'{' {
                self.name()?;
            }
            self.skip(depth + 1)?;
            if !self.is_continued(close)? {
                return Some(());
            }
        }
    }

    /// Reads an opening bracket. Returns false if the closing bracket follows, and reads it as well.
    fn begin(&mut self, open: u8, close: u8) -> Option<bool> {
        if self.peek()? != open {
            return None;
        }
        self.at += 1;
        if self.peek()? == close {
            self.at += 1;
            return Some(false);
        }
        Some(true)
    }

    /// Reads a comma or the closing bracket. Returns true for a comma.
    #[inline]
    fn is_continued(&mut self, close: u8) -> Option<bool> {
        let next = self.peek()?;
        self.at += 1;
        match next {
            b',' => Some(true),
            next if next == close => Some(false),
            _ => None,
        }
    }

    /// Reads a name and the colon after it.
    #[inline]
    fn name(&mut self) -> Option<&'a str> {
        if self.peek()? != b'"' {
            return None;
        }
        let name = self.text()?;
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        Some(name)
    }

    /// Reads a text from its opening quote.
    #[inline]
    fn text(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        let rest = self.bytes.get(start..)?;
        let len = rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20)?;
        if rest[len] != b'"' {
            return None;
        }
        self.at = start + len + 1;
        self.text.get(start..start + len)
    }

    #[inline]
    fn scalar(&mut self) -> Option<LineCell<'a>> {
        match self.peek()? {
            b'"' => {
                let text = self.text()?;
                Some(non_finite(text).map_or(LineCell::Text(LineText::Line(text)), LineCell::Number))
            }
            b'-' | b'0'..=b'9' => {
                let (number, end) = read_number(self.text, self.at)?;
                self.at = end;
                Some(LineCell::Number(number))
            }
            b't' => self.literal("true", LineCell::Bool(true)),
            b'f' => self.literal("false", LineCell::Bool(false)),
            b'n' => self.literal("null", LineCell::Missing),
            _ => None,
        }
    }

    fn literal(&mut self, literal: &str, cell: LineCell<'a>) -> Option<LineCell<'a>> {
        self.bytes.get(self.at..)?.starts_with(literal.as_bytes()).then(|| {
            self.at += literal.len();
            cell
        })
    }

    /// Skips spaces and returns the next byte.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        self.skip_spaces();
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn skip_spaces(&mut self) {
        while self.bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }
}
