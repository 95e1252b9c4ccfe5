//! Finds secrets in the forms in which a text assigns a value to a name: `name: value`, `"name": "value"`,
//! `<name>value</name>`, `--name value`, `("name", "value")`, `{"name": "NAME", "value": "…"}`.

mod command;
mod nested;

use std::ops::Range;

use super::names::{MAX_NAME_BYTES, NAME_KEYS, NameKind, VALUE_KEYS};
use super::shape::{has_digit, is_number, is_placeholder, looks_secret};
use super::units::{Unit, ends_escape, find_unit, quotation, skip, unit_at};

/// Maximum length of an escape that is recognised before a name.
const MAX_ESCAPE_BYTES: usize = 32;

/// Schemes of `Authorization`, which precede the secret.
const AUTH_SCHEMES: &[&str] = &["bearer", "basic", "token", "digest", "negotiate", "apikey", "key", "aws4-hmac-sha256"];

/// Objects whose attributes are settings. `self.password` is code, not a secret.
const SETTINGS_OBJECTS: &[&str] = &[
    "self",
    "cls",
    "this",
    "args",
    "opts",
    "options",
    "config",
    "cfg",
    "conf",
    "settings",
    "os",
    "env",
    "request",
    "req",
    "ctx",
    "context",
    "credentials",
    "params",
    "kwargs",
    "std",
    "secrets",
    "vault",
    "app",
    "user",
];

/// Scans a text for names and finds the secrets that are assigned to them.
pub(super) struct FormScanner<'a, J> {
    text: &'a str,
    kind_of: J,
    found: Vec<Range<usize>>,
}

/// Returns all secrets that a text assigns to names.
pub(super) fn secrets_in_forms(text: &str, kind_of: impl Fn(&str) -> NameKind) -> Vec<Range<usize>> {
    let mut forms = FormScanner { text, kind_of, found: Vec::new() };
    forms.scan();
    forms.found
}

/// The mark between a name and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Colon,
    Equals,
    Option,
}

/// The extent of a value without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// To the next space.
    Word,
    /// To the end of the line, or to the next setting.
    Setting,
    /// To the end of the line.
    Line,
}

/// The range of a value, and the position after it.
struct ValueSpan {
    value: Range<usize>,
    end: usize,
    is_quoted: bool,
}

impl<J: Fn(&str) -> NameKind> FormScanner<'_, J> {
    fn scan(&mut self) {
        let bytes = self.text.as_bytes();
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let mut at = 0;
        while at < bytes.len() {
            if !is_part(bytes[at]) {
                at += 1;
                continue;
            }
            let end = at + bytes[at..].iter().take_while(|byte| is_part(**byte)).count();
            let start = self.without_escape(at, end);
            let name = self.text[start..end].trim_end_matches(['.', '-']);
            self.check_name(start..start + name.len());
            at = end;
        }
    }

    /// Returns the start of a word without the end of an escape that precedes it: `\npassword`, `%22token%22`, and with
    /// an escaped `%`, `%252522token%252522`.
    fn without_escape(&self, start: usize, end: usize) -> usize {
        let word = &self.text[start..end];
        let percents = word.len() - word.trim_start_matches("25").len();
        let max_bytes = (percents + 5).min(MAX_ESCAPE_BYTES);
        (start + 1..end.min(start + max_bytes + 1)).rev().find(|at| ends_escape(self.text, *at)).unwrap_or(start)
    }

    fn check_name(&mut self, name: Range<usize>) {
        let word = &self.text[name.clone()];
        if VALUE_KEYS.iter().any(|key| word.eq_ignore_ascii_case(key)) {
            return self.add_value_before_name(name.end);
        }
        let tail = word.len().saturating_sub(MAX_NAME_BYTES);
        let kind = (self.kind_of)(&word[tail..]);
        if kind > NameKind::Ordinary {
            self.find_value(name, kind);
        } else if word.starts_with('-') {
            self.add_password_of_command(name);
        }
    }

    fn unit(&self, at: usize) -> Option<Unit> {
        unit_at(self.text, at)
    }

    fn skip_spaces(&self, at: usize) -> usize {
        skip(self.text, at, |unit| unit.is_space() && unit.c != '\n')
    }

    /// Skips spaces, line ends, and the marks of a continued line.
    fn skip_lines(&self, at: usize) -> usize {
        skip(self.text, at, |unit| unit.is_space() || unit.c == '\\')
    }

    /// Returns the position of the quote directly before this position.
    fn quote_before(&self, at: usize) -> Option<usize> {
        (1..=MAX_NAME_BYTES.min(at)).filter(|back| self.text.is_char_boundary(at - back)).find_map(|back| {
            let unit = self.unit(at - back)?;
            (unit.is_quote() && unit.length == back).then_some(at - back)
        })
    }

    fn last_char_before(&self, at: usize) -> Option<char> {
        self.text[..at].trim_end_matches(|c: char| c.is_whitespace() || c == '\\').chars().next_back()
    }

    /// Finds the value that is assigned to a name.
    fn find_value(&mut self, name: Range<usize>, kind: NameKind) {
        if self.opens_element(name.start) {
            return self.add_element(name.end, kind);
        }
        let mut at = name.end;
        let closing = self.unit(at).filter(|unit| unit.is_quote());
        let quote = closing.and_then(|_| self.quote_before(name.start));
        if let Some(closing) = closing
            && quote.is_some()
        {
            at += closing.length;
            // `environ["PASSWORD"] = …`
            if self.unit(at).is_some_and(|unit| unit.c == ']') {
                at += 1;
            }
        }
        let after = self.skip_spaces(at);
        let is_option = self.text[name.clone()].starts_with('-');
        let Some(unit) = self.unit(after) else { return };
        let next = self.unit(after + unit.length).map(|unit| unit.c);
        match unit.c {
            ':' if next == Some(':') => {}
            ':' | '=' | '!' | '-' if unit.c == ':' || unit.c == '=' || matches!(next, Some('=' | '>')) => {
                let mark = if unit.c == ':' && next != Some('=') { Mark::Colon } else { Mark::Equals };
                let value = skip(self.text, after + unit.length, |unit| "=>".contains(unit.c));
                let value = if mark == Mark::Colon { self.after_type(value) } else { value };
                self.check_value(&name, kind, mark, value);
            }
            ',' if quote.is_some() => {
                self.add_pair(quote, &name, kind, after + unit.length);
                self.add_value_after_name(kind, after);
            }
            '>' if quote.is_some() => self.add_content(after + unit.length, kind),
            '(' if after == at => self.add_call(after + unit.length, kind),
            _ if is_option && after > at => {
                self.check_value(&name, kind.max(NameKind::Credential), Mark::Option, after)
            }
            _ if is_option && quote.is_some() => {}
            _ if after > at
                && quote.is_none()
                && kind >= NameKind::Credential
                && self.find_spaced_secret(&name, after) => {}
            _ => self.add_value_after_name(kind, at),
        }
    }

    /// Finds a secret that follows its name without a mark: `password hunter2x`, `PASSWORD 'x'`, `the password is
    /// hunter2x`. Returns true if the value looks like a secret.
    fn find_spaced_secret(&mut self, name: &Range<usize>, at: usize) -> bool {
        let at = ["is ", "was ", "to "]
            .iter()
            .find(|word| self.text[at..].starts_with(*word))
            .map_or(at, |word| at + word.len());
        let Some(span) = self.value_at(at, Extent::Word) else { return false };
        let value = &self.text[span.value.clone()];
        let is_secret =
            looks_secret(value) || span.is_quoted && value.len() >= 4 && !value.contains(' ') && has_digit(value);
        if is_secret && !self.is_code(name, value) {
            self.found.push(span.value);
        }
        is_secret
    }

    /// Returns the position after the type of a declaration: `: &str = …`.
    fn after_type(&self, at: usize) -> usize {
        let end = skip(self.text, at, |unit| unit.c.is_ascii_alphanumeric() || "_&<>[], .'|:*".contains(unit.c));
        let is_declared =
            self.text[at..end].trim().len() > 1 && end - at <= MAX_NAME_BYTES && self.text[..end].ends_with(' ');
        match self.unit(end).filter(|unit| unit.c == '=' && is_declared) {
            Some(unit) => end + unit.length,
            None => at,
        }
    }

    /// Adds the value that begins here, if it is a secret.
    fn check_value(&mut self, name: &Range<usize>, kind: NameKind, mark: Mark, at: usize) {
        let at = self.skip_lines(at);
        let at = skip_prefix(self.text, at);
        let Some(unit) = self.unit(at) else { return };
        if matches!(unit.c, '|' | '>') && mark == Mark::Colon {
            return self.add_block(at);
        }
        if self.text[at..].starts_with("<![CDATA[") {
            return self.add_content(at, kind);
        }
        if matches!(unit.c, '[' | '{' | '(') {
            return self.add_group(at, kind);
        }
        if self.is_call(at) {
            return self.add_expression(at, kind);
        }
        let Some(span) = self.value_at(at, self.extent(name, kind, mark)) else { return };
        if self.is_secret(name, kind, mark, &span) {
            self.found.push(span.value);
        }
    }

    /// Returns the value that begins here: a quotation, or a text of this extent.
    fn value_at(&self, at: usize, extent: Extent) -> Option<ValueSpan> {
        let unit = self.unit(at)?;
        if unit.is_quote() {
            let (value, end) = quotation(self.text, at, unit.length);
            return Some(ValueSpan { value, end, is_quoted: true });
        }
        let end = self.end_of_value(at, extent);
        // `Bearer …`
        let word = self.text[at..end].trim_end();
        let is_scheme = AUTH_SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        let end = if is_scheme { self.end_of_value(self.skip_spaces(end), extent) } else { end };
        (end > at).then_some(ValueSpan { value: at..end, end, is_quoted: false })
    }

    /// Returns the extent of a value. The values of headers, and of settings at the start of a line, are longer than a
    /// word.
    fn extent(&self, name: &Range<usize>, kind: NameKind, mark: Mark) -> Extent {
        let word = self.text[name.clone()].to_ascii_lowercase();
        let before = &self.text[..name.start];
        let before = before.trim_end_matches([' ', '\t', '-', '+', '>']);
        let is_start = before.is_empty() || before.ends_with('\n') || before.ends_with("\\n");
        let is_header =
            ["authorization", "cookie", "auth_header", "auth-header"].iter().any(|header| word.ends_with(header));
        match mark {
            Mark::Colon if word.ends_with("cookie") => Extent::Line,
            Mark::Colon | Mark::Equals if is_header => Extent::Setting,
            Mark::Colon if is_start && kind >= NameKind::Credential => Extent::Setting,
            _ => Extent::Word,
        }
    }

    fn end_of_value(&self, at: usize, extent: Extent) -> usize {
        let is_word = extent == Extent::Word;
        // Number of brackets that the word itself opens: `[redacted]`.
        let mut open = 0_usize;
        let end = find_unit(self.text, at, |at, unit| {
            let next = at + unit.length;
            let ends = |at: usize| {
                self.unit(at).is_none_or(|unit| unit.is_space() || unit.is_quote() || ",;.)]}>".contains(unit.c))
            };
            match unit.c {
                '\n' => true,
                c if c.is_whitespace() => is_word,
                '"' | '\'' | '`' => ends(next) || unit.length > 1,
                ',' | ';' | '&' => {
                    let after = skip(self.text, next, Unit::is_space);
                    let is_end = is_word && ends(next) || self.unit(next).is_none();
                    extent != Extent::Line && (is_end || self.begins_setting(after))
                }
                '(' | '[' | '{' => {
                    open += 1;
                    false
                }
                ')' | ']' | '}' if open > 0 => {
                    open -= 1;
                    false
                }
                ')' | ']' | '}' => is_word && ends(next) || self.unit(next).is_none(),
                '<' => true,
                _ => false,
            }
        });
        let end = end.map_or(self.text.len(), |(at, _)| at);
        at + self.text[at..end].trim_end().len()
    }

    /// Returns true if another name with its value follows: `, rtol=1e-6`.
    fn begins_setting(&self, at: usize) -> bool {
        let at = skip(self.text, at, |unit| unit.is_quote());
        let end = skip(self.text, at, |unit| unit.c.is_ascii_alphanumeric() || "_-.".contains(unit.c));
        let end = if end > at { skip(self.text, end, Unit::is_quote) } else { return false };
        self.unit(self.skip_spaces(end)).is_some_and(|unit| matches!(unit.c, ':' | '='))
    }

    fn is_secret(&self, name: &Range<usize>, kind: NameKind, mark: Mark, span: &ValueSpan) -> bool {
        let value = self.text[span.value.clone()].trim();
        if is_placeholder(value) || self.is_code(name, value) {
            return false;
        }
        if is_directory(&self.text[name.clone()], value) {
            return false;
        }
        match kind {
            NameKind::Ordinary => false,
            NameKind::Doubtful => looks_secret(value.rsplit(' ').next().unwrap_or(value)),
            NameKind::Credential if is_number(value) => false,
            _ if span.is_quoted => true,
            _ => {
                let first = value.split_whitespace().next().unwrap_or(value);
                let is_prose = mark == Mark::Colon
                    && first.bytes().all(|byte| byte.is_ascii_alphabetic())
                    && !self.ends_line(span.end)
                    && !value.contains(' ');
                let is_short = value.len() < 3 || kind == NameKind::Credential && value.len() < 4 && !has_digit(value);
                !is_short && !is_placeholder(first) && !is_prose
            }
        }
    }

    /// Returns true if only closing marks follow on this line.
    fn ends_line(&self, at: usize) -> bool {
        let after = skip(self.text, at, |unit| unit.is_quote() || " \t,;)]}".contains(unit.c));
        after > at + 1 && self.text[at..after].contains([',', ';', ')', ']', '}'])
            || self.unit(after).is_none_or(|unit| matches!(unit.c, '\n' | '<'))
    }

    /// Returns true if a value is a name in source code: `password=password`, `token = self.token`.
    fn is_code(&self, name: &Range<usize>, value: &str) -> bool {
        const VARIABLE_NAMES: &[&str] =
            &["password", "passwd", "pwd", "token", "secret", "api_key", "apikey", "credentials", "auth", "key"];
        let value = value.trim_end_matches([',', ';', ')', '.']);
        let mut parts = value.split('.');
        let first = parts.next().unwrap_or_default();
        let is_attribute = SETTINGS_OBJECTS.contains(&first) && value.contains('.') && parts.all(is_identifier);
        is_attribute
            || value.eq_ignore_ascii_case(&self.text[name.clone()])
            || VARIABLE_NAMES.contains(&&*value.to_ascii_lowercase())
    }

    /// Adds the value of a pair: `("Authorization", "Token …")`, `["--password", "…"]`.
    fn add_pair(&mut self, quote: Option<usize>, name: &Range<usize>, kind: NameKind, at: usize) {
        let at = skip_prefix(self.text, self.skip_lines(at));
        let Some(unit) = self.unit(at).filter(|unit| unit.is_quote()) else { return };
        let (value, end) = quotation(self.text, at, unit.length);
        let word = &self.text[name.clone()];
        let text = &self.text[value.clone()];
        let opens = quote.and_then(|quote| self.last_char_before(quote)).is_some_and(|c| "([{".contains(c));
        let closes = self.unit(self.skip_lines(end)).is_none_or(|unit| ")]}".contains(unit.c));
        let is_option = word.starts_with('-') && !text.starts_with('-');
        let kind = if is_option { kind.max(NameKind::Credential) } else { kind };
        let is_pair = opens && closes;
        if is_option || is_pair || kind >= NameKind::Credential && looks_secret(text) {
            self.add_text(value, kind);
        }
    }

    /// Adds the value after its name: `name: DB_PASSWORD, value: …`, `name="password" value="…"`.
    fn add_value_after_name(&mut self, kind: NameKind, at: usize) {
        let at = skip(self.text, at, |unit| unit.is_space() || unit.is_quote() || ",;".contains(unit.c));
        let Some(end) = self.word_among(at, VALUE_KEYS) else { return };
        if let Some(at) = self.after_mark(end) {
            self.check_value(&(at..at), kind, Mark::Equals, at);
        }
    }

    /// Adds the value before its name: `value: …, name: DB_PASSWORD`.
    fn add_value_before_name(&mut self, at: usize) {
        let Some(at) = self.after_mark(at) else { return };
        let Some(span) = self.value_at(skip_prefix(self.text, at), Extent::Word) else { return };
        let next = skip(self.text, span.end, |unit| unit.is_space() || unit.is_quote() || ",;".contains(unit.c));
        let Some(end) = self.word_among(next, NAME_KEYS) else { return };
        let Some(at) = self.after_mark(end) else { return };
        let at = skip(self.text, at, Unit::is_quote);
        let end = skip(self.text, at, |unit| unit.c.is_ascii_alphanumeric() || "_-.".contains(unit.c));
        let kind = (self.kind_of)(&self.text[at..end]);
        if kind > NameKind::Ordinary {
            self.add_text(span.value, kind);
        }
    }

    /// Returns the end of the word that begins here, if it is one of these.
    fn word_among(&self, at: usize, words: &[&str]) -> Option<usize> {
        let length = self.text[at..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let word = &self.text[at..at + length];
        words.iter().any(|known| word.eq_ignore_ascii_case(known)).then_some(at + length)
    }

    /// Returns the position after the `:` or `=` of a key.
    fn after_mark(&self, at: usize) -> Option<usize> {
        let at = self.skip_spaces(skip(self.text, at, Unit::is_quote));
        let unit = self.unit(at).filter(|unit| matches!(unit.c, ':' | '='))?;
        Some(self.skip_lines(at + unit.length))
    }
}

/// Returns true if a value is a directory, as in `PWD=/home/ada`.
fn is_directory(name: &str, value: &str) -> bool {
    let is_name = ["pwd", "oldpwd"].iter().any(|pwd| name.eq_ignore_ascii_case(pwd));
    is_name && (value.starts_with(['/', '~']) || value.get(1..3).is_some_and(|drive| drive == ":\\" || drive == ":/"))
}

/// Returns the position after the prefix of a quote: `b"…"`, `rf'…'`, `r#"…"#`, `&"…"`.
fn skip_prefix(text: &str, at: usize) -> usize {
    let prefix =
        text[at..].bytes().take(3).take_while(|byte| byte.is_ascii_alphabetic() || b"&@$#".contains(byte)).count();
    let is_prefix = text[at..at + prefix].bytes().all(|byte| b"bBrRfFuUlL&@$#c".contains(&byte));
    let is_quote = unit_at(text, at + prefix).is_some_and(Unit::is_quote);
    if prefix > 0 && is_prefix && is_quote { at + prefix } else { at }
}

/// Returns true for an identifier of source code.
fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
