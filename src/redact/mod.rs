//! Names that look like secrets, and texts that do.

#[cfg(feature = "publish")]
mod secrets;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::value::{Map, Value};
use crate::words::Words;

#[cfg(feature = "publish")]
pub(crate) use secrets::{Found, secrets};
#[cfg(feature = "publish")]
pub use secrets::{is_secret_name, redact_text};

/// What stands in the place of a secret.
pub(crate) const REDACTED: &str = "[redacted]";

/// Words that make a name a secret wherever they stand.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secrets",
    "credential",
    "credentials",
    "authorization",
    "apikey",
    "cookie",
];

/// Words that make a name a secret at its end: `access_token`, but not `tokens_per_sec`.
const SECRET_ENDINGS: &[&[&str]] =
    &[&["token"], &["auth"], &["api", "key"], &["private", "key"], &["access", "key"], &["secret", "key"]];

/// What each of them holds.
const SECRET_PARTS: &[&str] = &["pass", "pwd", "secret", "credential", "auth", "key", "cookie", "token"];

/// Decides which names are secret, and takes their values out.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    more: Vec<String>,
    known: KnownNames,
}

/// What is known of the names of fields, by their address and length, in the two lowest bits.
#[derive(Debug)]
struct KnownNames([AtomicU64; 256]);

/// What a field's name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldName {
    pub(crate) is_secret: bool,
    /// Whether it stands in JSON as it is.
    pub(crate) is_plain: bool,
}

impl Default for KnownNames {
    fn default() -> Self {
        KnownNames([const { AtomicU64::new(0) }; 256])
    }
}

impl KnownNames {
    fn look_up(&self, name: &'static str, judge: impl FnOnce() -> FieldName) -> FieldName {
        let address = name.as_ptr().addr() as u64;
        let known = &self.0[(address >> 2 ^ address >> 10) as usize % self.0.len()];
        let key = address << 16 | (name.len() as u64) << 2;
        let entry = known.load(Ordering::Relaxed);
        if entry & !3 == key {
            return FieldName { is_secret: entry & 2 != 0, is_plain: entry & 1 != 0 };
        }
        let judged = judge();
        // An address or a length that does not fit could pass for another one.
        if address >> 48 == 0 && name.len() < 1 << 14 {
            known.store(key | u64::from(judged.is_secret) << 1 | u64::from(judged.is_plain), Ordering::Relaxed);
        }
        judged
    }
}

impl Redactor {
    pub(crate) fn also(&mut self, name: impl Into<String>) {
        self.more.push(name.into().to_lowercase());
    }

    /// The same as [`is_secret`](Self::is_secret) for a name that the program holds for ever: it is judged once.
    pub(crate) fn field(&self, name: &'static str) -> FieldName {
        self.known.look_up(name, || FieldName {
            is_secret: self.is_secret(name),
            is_plain: name.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\'),
        })
    }

    pub(crate) fn is_secret(&self, name: &str) -> bool {
        if self.more.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
            return true;
        }
        // Most names hold nothing that looks like it, and are not taken apart.
        let holds = |part: &&str| {
            name.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
        };
        if !SECRET_PARTS.iter().any(holds) {
            return false;
        }
        let words = Words::of(name);
        let ends_with = |ending: &&[&str]| {
            let first = words.iter().len().checked_sub(ending.len());
            first.is_some_and(|first| words.iter().skip(first).eq(ending.iter().copied()))
        };
        words.iter().any(|word| SECRET_WORDS.contains(&word)) || SECRET_ENDINGS.iter().any(ends_with)
    }

    /// The value under this name, with every secret in it taken out.
    pub(crate) fn value(&self, name: &str, value: Value) -> Value {
        if self.is_secret(name) {
            return REDACTED.into();
        }
        self.inside(value)
    }

    /// The value with every secret in it taken out.
    pub(crate) fn inside(&self, value: Value) -> Value {
        match value {
            Value::Map(map) => Value::Map(self.map(map)),
            Value::List(list) => Value::List(list.into_iter().map(|value| self.inside(value)).collect()),
            other => other,
        }
    }

    pub(crate) fn map(&self, mut map: Map) -> Map {
        for (name, value) in map.iter_mut() {
            *value = self.value(name, std::mem::take(value));
        }
        map
    }

    /// A command line: `--api-key=…`, and the word after `--api-key`.
    pub(crate) fn command_line(&self, words: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut secret_follows = false;
        let redact = |word: String| {
            let hide = std::mem::take(&mut secret_follows) && !word.starts_with('-');
            if hide {
                return REDACTED.to_owned();
            }
            match word.split_once('=') {
                Some((name, _)) if self.is_secret(name) => format!("{name}={REDACTED}"),
                Some(_) => word,
                None => {
                    secret_follows = word.starts_with('-') && self.is_secret(&word);
                    word
                }
            }
        };
        words.into_iter().map(redact).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_whole_words() {
        let redactor = Redactor::default();
        for name in
            ["password", "db_password", "apiKey", "API-KEY", "access_token", "token", "Authorization", "x.secret"]
        {
            assert!(redactor.is_secret(name), "{name}");
        }
        for name in
            ["tokens_per_sec", "token_count", "key", "monkey", "author", "secretary_problem", "passes", "keyframe"]
        {
            assert!(!redactor.is_secret(name), "{name}");
        }
    }

    #[test]
    fn every_secret_word_is_looked_for() {
        let endings = SECRET_ENDINGS.iter().map(|ending| ending.join("_"));
        for name in SECRET_WORDS.iter().map(|word| (*word).to_owned()).chain(endings) {
            assert!(Redactor::default().is_secret(&name), "{name}");
        }
    }

    #[test]
    fn secrets_are_found_at_any_depth() {
        let mut redactor = Redactor::default();
        redactor.also("Session");
        let map = Map::from_iter([
            ("rtol", Value::Float(1e-6)),
            ("session", "abc".into()),
            ("servers", vec![Map::from_iter([("url", "u"), ("password", "hunter2")])].into()),
        ]);
        insta::assert_snapshot!(
            redactor.map(map),
            @r#"{"rtol":1e-6,"session":"[redacted]","servers":[{"url":"u","password":"[redacted]"}]}"#
        );
    }

    #[test]
    fn command_lines_keep_all_but_the_secret() {
        let words = ["solve", "--token", "t0p", "--api-key=k", "--rtol=1e-6", "--password", "--verbose", "x"];
        let line = Redactor::default().command_line(words.map(str::to_owned));
        assert_eq!(line.join(" "), "solve --token [redacted] --api-key=[redacted] --rtol=1e-6 --password --verbose x");
    }
}
