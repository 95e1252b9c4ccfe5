//! Classifies names and redacts texts.

use std::borrow::Cow;

use super::names::{self, NameKind};
use super::secret_range::{SecretRange, without};
use super::text;
use super::text_cache::{FieldName, TextCache};

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
        let is_custom =
            self.names.iter().any(|custom| custom.eq_ignore_ascii_case(name) || custom.eq_ignore_ascii_case(last));
        if is_custom { NameKind::Password } else { names::kind_of(name) }
    }

    /// Returns the text without its secrets.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        without(text, &self.find(text))
    }

    /// Redacts a text that often repeats, such as the name of a function.
    pub(super) fn clean_name(&self, name: &mut Cow<'static, str>) {
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
    pub(super) fn find(&self, text: &str) -> Vec<SecretRange> {
        text::find(text, &self.names, |name| self.kind_of(name))
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
