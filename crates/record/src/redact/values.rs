//! Redacts structured values: secrets under names, in pairs, in command lines, and in private keys stored as lists of
//! lines. Numbers stay numbers.

use std::borrow::Cow;

use super::keys;
use super::names::{NAME_KEYS, NameKind, VALUE_KEYS};
use super::redactor::Redactor;
use super::secret_range::REDACTED;
use super::shape::{is_number, is_placeholder};
use crate::value::{Map, Value};

impl Redactor {
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

    /// Returns a value without its secrets.
    pub fn inside(&self, value: Value) -> Value {
        match value {
            Value::String(mut text) => {
                self.clean(&mut text);
                Value::String(text)
            }
            Value::List(list) => Value::List(self.list(list)),
            Value::Map(map) => Value::Map(self.entries(map)),
            other => other,
        }
    }

    /// Returns the value of a name of this kind, without its secrets.
    pub fn under(&self, kind: NameKind, value: Value) -> Value {
        match value {
            value if kind == NameKind::Ordinary => self.inside(value),
            Value::Null | Value::Bool(_) => value,
            Value::String(text) if is_harmless(kind, &text) => Value::String(text),
            Value::Int(_) | Value::UInt(_) | Value::Float(_) if kind < NameKind::Password => value,
            Value::List(list) if kind < NameKind::Password => {
                Value::List(list.into_iter().map(|value| self.under(kind, value)).collect())
            }
            Value::Map(mut map) if kind < NameKind::Password => {
                for (name, value) in map.iter_mut() {
                    *value = self.under(kind.max(self.kind_of(name)), std::mem::take(value));
                }
                Value::Map(map)
            }
            Value::List(list) if list.is_empty() => Value::List(list),
            Value::Map(map) if map.is_empty() => Value::Map(map),
            _ => REDACTED.into(),
        }
    }

    fn entries(&self, mut map: Map) -> Map {
        let named = self.kind_of_named(&map);
        let mut has_secret_key = false;
        for (name, value) in map.iter_mut() {
            *value = self.under(self.kind_of_entry(name, named), std::mem::take(value));
            has_secret_key |= matches!(self.text(name), Cow::Owned(_));
        }
        if !has_secret_key {
            return map;
        }
        map.iter_mut().map(|(name, value)| (self.text(name).into_owned(), std::mem::take(value))).collect()
    }

    /// Classifies a key of an object that names a value of this kind.
    pub(super) fn kind_of_entry(&self, key: &str, named: NameKind) -> NameKind {
        let is_named = named > NameKind::Ordinary && is_among(VALUE_KEYS, key);
        self.kind_of(key).max(if is_named { named } else { NameKind::Ordinary })
    }

    /// Classifies the named value of an object such as `{"name": "DB_PASSWORD", "value": …}`.
    pub(super) fn kind_of_named(&self, map: &Map) -> NameKind {
        let names = map.iter().filter(|(key, _)| is_among(NAME_KEYS, key));
        names.filter_map(|(_, value)| Some(self.kind_of(value.as_str()?))).max().unwrap_or_default()
    }

    fn list(&self, list: Vec<Value>) -> Vec<Value> {
        let is_hidden = self.hidden_in(&list);
        let clean = list.into_iter().zip(is_hidden).map(|(value, is_hidden)| match value {
            Value::String(_) if is_hidden => REDACTED.into(),
            other => self.inside(other),
        });
        clean.collect()
    }

    /// Returns for each entry of a list whether the entries before it make it a secret.
    pub(super) fn hidden_in(&self, list: &[Value]) -> Vec<bool> {
        let texts: Vec<&str> = list.iter().map(|value| value.as_str().unwrap_or_default()).collect();
        let mut hidden = vec![false; list.len()];
        let mut in_key = false;
        for at in 0..texts.len() {
            let text = texts[at];
            let begins_key = text.contains("PRIVATE KEY") && keys::has_begin(text);
            if begins_key {
                let next = texts[at + 1..].iter().find(|next| !next.is_empty());
                in_key |= next.is_some_and(|next| keys::is_key_line(next));
            }
            hidden[at] |= in_key;
            if in_key && keys::has_end(text) {
                in_key = false;
            }
            let Some(next) = texts.get(at + 1).filter(|next| !next.is_empty()) else { continue };
            let kind =
                if text.len() <= 256 { self.kind_of(text.trim_end_matches([':', '='])) } else { NameKind::Ordinary };
            let is_option = text.starts_with('-') && !next.starts_with('-') && !text.contains(['=', ' ']);
            let is_pair = texts.len() == 2 && !text.contains(' ');
            let kind = if is_option && kind > NameKind::Ordinary { kind.max(NameKind::Credential) } else { kind };
            if (is_option || is_pair) && kind > NameKind::Ordinary && !is_harmless(kind, next) {
                hidden[at + 1] = is_option || !is_name(next) || self.kind_of(next) == NameKind::Ordinary;
            }
            hidden[at + 1] |= is_user_of_command(&texts[..at], text) && next.contains(':');
        }
        hidden
    }
}

fn is_among(keys: &[&str], name: &str) -> bool {
    keys.iter().any(|key| key.eq_ignore_ascii_case(name))
}

/// Maximum length of a number that is no secret.
const MAX_NUMBER_BYTES: usize = 16;

/// Returns true if the text of a secret name is no secret: empty, `[redacted]`, `$PASSWORD`, or a number with a name
/// like `token`.
fn is_harmless(kind: NameKind, text: &str) -> bool {
    text == REDACTED
        || text.is_empty()
        || is_placeholder(text)
        || kind < NameKind::Password && is_number(text) && text.len() <= MAX_NUMBER_BYTES
}

/// Returns true if a text may be a name: `["token", "secret_key"]` is a list of names, not a name and its value.
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.'))
}

/// Returns true for an option that a user and a password follow: `curl … -u user:password`.
fn is_user_of_command(before: &[&str], option: &str) -> bool {
    let is_user = matches!(option, "-u" | "--user" | "-U" | "--proxy-user" | "-a" | "--auth");
    is_user && before.iter().any(|word| is_http_client(word))
}

fn is_http_client(command: &str) -> bool {
    ["curl", "wget", "http"].contains(&command.rsplit(['/', '\\']).next().unwrap_or(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_at_any_depth() {
        let mut redactor = Redactor::default();
        redactor.add_name("Session");
        let map = Map::from_iter([
            ("rtol", Value::Float(1e-6)),
            ("session", "abc".into()),
            ("servers", vec![Map::from_iter([("url", "u"), ("password", "hunter2")])].into()),
            ("tokens", vec![Value::Int(128_001), "abc".into()].into()),
            ("url", "postgres://me:hunter2@db/x".into()),
            ("env", vec![Map::from_iter([("name", "DB_PASSWORD"), ("value", "hunter2")])].into()),
            ("headers", Value::List(vec![vec!["X-Api-Key", "abc"].into(), vec!["Accept", "text/html"].into()])),
        ]);
        insta::assert_snapshot!(
            redactor.map(map),
            @r#"{"rtol":1e-6,"session":"[redacted]","servers":[{"url":"u","password":"[redacted]"}],"tokens":[128001,"[redacted]"],"url":"postgres://[redacted]@db/x","env":[{"name":"DB_PASSWORD","value":"[redacted]"}],"headers":[["X-Api-Key","[redacted]"],["Accept","text/html"]]}"#
        );
    }

    #[test]
    fn command_lines_keep_all_but_the_secret() {
        let words = ["solve", "--token", "t0p", "--api-key=k8s", "--rtol=1e-6", "--password", "--verbose", "x"];
        let line = Redactor::default().command_line(words.map(str::to_owned));
        assert_eq!(line.join(" "), "solve --token [redacted] --api-key=[redacted] --rtol=1e-6 --password --verbose x");
    }

    #[test]
    fn the_secret_of_a_pair_may_contain_the_name_of_one() {
        let clean = |pair: [&str; 2]| Redactor::default().inside(Value::from(pair.to_vec())).to_string();
        assert_eq!(clean(["Authorization", "Bearer my-secret-1"]), r#"["Authorization","[redacted]"]"#);
        assert_eq!(clean(["password", "token4711"]), r#"["password","[redacted]"]"#);
        assert_eq!(clean(["token", "secret_key"]), r#"["token","secret_key"]"#);
    }

    #[test]
    fn keys_may_be_lists_of_lines() {
        let begin = ["-----BEGIN RSA PRIV", "ATE KEY-----"].concat();
        let end = ["-----END RSA PRIV", "ATE KEY-----"].concat();
        let lines = Value::from(vec!["a", &begin, "MIIEpAIBAAKCAQEA", "0123456789abcdef", &end, "b"]);
        let clean = Redactor::default().inside(lines).to_string();
        assert_eq!(clean, r#"["a","[redacted]","[redacted]","[redacted]","[redacted]","b"]"#);
    }
}
