//! The detector of secrets for recording, language models and publishing.
//!
//! It recognises names (`names.rs`), the forms in which a text assigns a value to a name (`forms.rs`), URLs
//! (`urls.rs`), private keys (`keys.rs`) and published token formats (`tokens.rs`). `values.rs` applies it to
//! structured values, where numbers stay numbers, and `record.rs` to whole records.

mod forms;
mod json;
mod keys;
mod names;
mod record;
mod shape;
mod text;
mod text_cache;
mod tokens;
mod units;
mod urls;
mod validation;
mod values;

use std::borrow::Cow;

use crate::value::{Map, Value};
pub use json::{Json, SecretFinding, secrets, secrets_in_text};
pub use names::NameKind;
pub use text_cache::FieldName;
use text_cache::TextCache;

/// The text that replaces a secret.
pub const REDACTED: &str = "[redacted]";

/// Redacts secrets in values and texts. A program can add names.
#[derive(Debug, Default)]
pub struct Redactor {
    names: Vec<String>,
    known_names: TextCache,
    /// Caches whether a static text contains a secret.
    known_texts: TextCache,
}

impl Redactor {
    /// Adds a name whose values are secrets.
    pub fn add_name(&mut self, name: impl Into<String>) {
        self.names.push(name.into().to_lowercase());
    }

    /// Classifies the name of a field. The name is static, so the result is cached.
    #[inline]
    pub fn field(&self, name: &'static str) -> FieldName {
        let bits = self.known_names.get_or_compute(name, || {
            let is_plain = name.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
            FieldName { kind: self.kind_of(name), is_plain }.to_bits()
        });
        FieldName::from_bits(bits)
    }

    /// Classifies the name of a field.
    pub fn kind_of(&self, name: &str) -> NameKind {
        let last = name.rsplit('.').next().unwrap_or(name);
        let is_custom = |custom: &String| custom.eq_ignore_ascii_case(name) || custom.eq_ignore_ascii_case(last);
        if self.names.iter().any(is_custom) { NameKind::Password } else { names::kind_of(name) }
    }

    /// Returns the text without its secrets.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        text::without(text, &self.find(text))
    }

    /// Redacts a text that often repeats, such as the name of a function.
    fn clean_name(&self, name: &mut Cow<'static, str>) {
        if let Cow::Borrowed(text) = *name
            && self.known_texts.get_or_compute(text, || (!self.find(text).is_empty()).into()) == 0
        {
            return;
        }
        if let Cow::Owned(clean) = self.text(name) {
            *name = clean.into();
        }
    }

    /// Redacts a text.
    pub fn clean(&self, text: &mut String) {
        if let Cow::Owned(clean) = self.text(text) {
            *text = clean;
        }
    }

    /// Returns the secrets in a text.
    fn find(&self, text: &str) -> Vec<text::Finding> {
        text::find(text, &self.names, |name| self.kind_of(name))
    }

    /// Returns the value of a name without its secrets.
    pub fn value(&self, name: &str, value: Value) -> Value {
        self.under(self.kind_of(name), value)
    }

    /// Returns the map without its secrets.
    pub fn map(&self, map: Map) -> Map {
        match self.inside(Value::Map(map)) {
            Value::Map(map) => map,
            _ => Map::new(),
        }
    }

    /// Returns the command line without its secrets.
    pub fn command_line(&self, words: impl IntoIterator<Item = String>) -> Vec<String> {
        let words = Value::List(words.into_iter().map(Value::String).collect());
        let Value::List(words) = self.inside(words) else { return Vec::new() };
        let texts = words.into_iter().map(|value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        });
        texts.collect()
    }
}

/// Returns the text with everything redacted that looks like a secret: tokens of well-known formats, passwords in URLs,
/// private keys, and values assigned to names such as `password` or `api_key`. It recognises the forms of code,
/// settings, JSON and command lines, in any escaping. In doubt, it redacts.
///
/// ```
/// use tracing_failure::record::redact_text;
///
/// assert_eq!(redact_text("cannot reach postgres://me:hunter2@db/x"), "cannot reach postgres://[redacted]@db/x");
/// assert_eq!(redact_text("let api_key = \"abc123\";"), "let api_key = \"[redacted]\";");
/// let json = r#"{\"api_key\": \"abc123\", \"rtol\": 1e-6}"#;
/// assert_eq!(redact_text(json), r#"{\"api_key\": \"[redacted]\", \"rtol\": 1e-6}"#);
/// assert_eq!(redact_text("eos_token=128001, rtol = 1e-6"), "eos_token=128001, rtol = 1e-6");
/// ```
pub fn redact_text(text: &str) -> Cow<'_, str> {
    Redactor::default().text(text)
}

/// Returns true if texts with this name are redacted, such as `password`, `api_keys` and `access_token`.
///
/// ```
/// assert!(tracing_failure::record::is_secret_name("server.api_key"));
/// assert!(!tracing_failure::record::is_secret_name("tokens_per_second"));
/// ```
pub fn is_secret_name(name: &str) -> bool {
    names::kind_of(name) > NameKind::Ordinary
}
