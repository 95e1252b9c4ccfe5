//! Values that contain texts: calls, lists and objects, blocks of YAML and elements of XML.

use std::ops::Range;

use super::super::names::NameKind;
use super::super::shape::{has_digit, is_number, is_placeholder, looks_secret};
use super::super::units::{find_unit, quotation};
use super::{FormScanner, skip_prefix};

/// Maximum length of the attributes of an XML tag.
const MAX_TAG_BYTES: usize = 200;

/// Parts of names of functions that fetch a value. Their arguments are no secrets.
const FETCHING_FUNCTIONS: &[&str] =
    &["env", "get", "input", "read", "load", "open", "prompt", "config", "settings", "var", "lookup", "fetch"];

impl<J: Fn(&str) -> NameKind> FormScanner<'_, J> {
    /// Returns true at a call or an index: `input("…")`, `environ["…"]`, `Some("…")`.
    pub(super) fn is_call(&self, at: usize) -> bool {
        let path = self.text[at..].bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"_.:!".contains(byte));
        let length = path.count();
        let begins = self.text[at..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        begins
            && self.unit(at + length).is_some_and(|unit| matches!(unit.c, '(' | '['))
            && self.unit(at + length + 1).is_none_or(|unit| {
                unit.is_quote()
                    || unit.is_space()
                    || unit.c == ')'
                    || unit.c.is_ascii_alphabetic()
                    || "&[(".contains(unit.c)
            })
    }

    /// Adds the texts in the parentheses of a value, unless the function fetches a value by name.
    pub(super) fn add_expression(&mut self, at: usize, kind: NameKind) {
        let Some((open, unit)) = find_unit(self.text, at, |_, unit| matches!(unit.c, '(' | '[')) else { return };
        let head = self.text[at..open].to_ascii_lowercase();
        if FETCHING_FUNCTIONS.iter().any(|fetch| head.contains(fetch)) {
            return;
        }
        let end = self.closing_bracket(open, unit.c);
        self.add_texts_in(open + unit.length..end, kind);
    }

    pub(super) fn add_call(&mut self, at: usize, kind: NameKind) {
        let at = skip_prefix(self.text, self.skip_lines(at));
        let Some(unit) = self.unit(at).filter(|unit| unit.is_quote()) else { return };
        let (value, _) = quotation(self.text, at, unit.length);
        self.add_text(value, kind);
    }

    /// Adds a list, an object or a tuple: the whole group for a password, otherwise its texts.
    pub(super) fn add_group(&mut self, at: usize, kind: NameKind) {
        let Some(unit) = self.unit(at) else { return };
        let end = self.closing_bracket(at, unit.c);
        let inner = &self.text[at + unit.length..end];
        if is_placeholder(&self.text[at..self.text.len().min(end + 1)])
            || !inner.bytes().any(|byte| byte.is_ascii_alphanumeric())
        {
            return;
        }
        if kind == NameKind::Password && unit.c != '(' {
            self.found.push(at..self.text.len().min(end + 1));
            return;
        }
        self.add_texts_in(at + unit.length..end, kind);
    }

    /// Returns the position of the bracket that closes this one, or the end.
    fn closing_bracket(&self, at: usize, open: char) -> usize {
        let close = match open {
            '(' => ')',
            '[' => ']',
            _ => '}',
        };
        let (mut depth, mut quoted_to) = (0_usize, 0);
        let end = find_unit(self.text, at, |at, unit| {
            if at < quoted_to {
                return false;
            }
            // An apostrophe inside a word is no quote.
            if unit.is_quote() && (unit.c != '\'' || !self.text[..at].ends_with(char::is_alphanumeric)) {
                quoted_to = quotation(self.text, at, unit.length).1;
            }
            depth = depth + usize::from(unit.c == open) - usize::from(unit.c == close && depth > 0);
            unit.c == close && depth == 0
        });
        end.map_or(self.text.len(), |(at, _)| at)
    }

    fn add_texts_in(&mut self, range: Range<usize>, kind: NameKind) {
        let mut at = range.start;
        while at < range.end {
            let Some(unit) = self.unit(at) else { return };
            if unit.is_quote() {
                let (value, end) = quotation(self.text, at, unit.length);
                self.add_text(value, kind);
                at = end.max(at + unit.length);
            } else {
                at += unit.length;
            }
        }
    }

    pub(super) fn add_text(&mut self, value: Range<usize>, kind: NameKind) {
        let text = &self.text[value.clone()];
        let is_name = (self.kind_of)(text) > NameKind::Ordinary && !has_digit(text);
        let is_secret = match kind {
            NameKind::Password => true,
            NameKind::Credential => !is_number(text),
            NameKind::Doubtful => looks_secret(text),
            NameKind::Ordinary => false,
        };
        if is_secret && !is_name && !is_placeholder(text) {
            self.found.push(value);
        }
    }

    /// Adds the indented lines of a YAML block, `|` or `>`.
    pub(super) fn add_block(&mut self, at: usize) {
        let Some((line, unit)) = find_unit(self.text, at, |_, unit| unit.c == '\n') else { return };
        let start = line + unit.length;
        let end = find_unit(self.text, start, |at, unit| {
            unit.c == '\n' && self.unit(at + unit.length).is_some_and(|next| !next.is_space())
        });
        let end = end.map_or(self.text.len(), |(at, _)| at);
        let value = &self.text[start..end];
        let indent = value.len() - value.trim_start().len();
        if indent > 0 && !value.trim().is_empty() {
            self.found.push(start + indent..end);
        }
    }

    /// Returns true if a name is that of an element: `<password`, `<db:password`.
    pub(super) fn opens_element(&self, at: usize) -> bool {
        let before = &self.text[..at];
        let before = before
            .strip_suffix(':')
            .map_or(before, |rest| rest.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "_-".contains(c)));
        ["<", "lt;", "\\u003c", "\\u003C", "%3C", "%3c", "253C", "253c"].iter().any(|open| before.ends_with(open))
    }

    pub(super) fn add_element(&mut self, at: usize, kind: NameKind) {
        let Some((close, unit)) = find_unit(self.text, at, |_, unit| matches!(unit.c, '>' | '<' | '\n')) else {
            return;
        };
        if unit.c == '>' && !self.text[..close].ends_with('/') && close - at < MAX_TAG_BYTES {
            self.add_content(close + unit.length, kind);
        }
    }

    /// Adds the content of an element, up to the next one.
    pub(super) fn add_content(&mut self, at: usize, kind: NameKind) {
        let start = if self.text[at..].starts_with("<![CDATA[") { at + "<![CDATA[".len() } else { at };
        let end = find_unit(self.text, start, |_, unit| unit.c == '<').map_or(self.text.len(), |(at, _)| at);
        let value = &self.text[start..end];
        let trimmed = value.trim();
        let from = start + value.len() - value.trim_start().len();
        if !trimmed.is_empty() {
            self.add_text(from..from + trimmed.len(), kind);
        }
    }
}
