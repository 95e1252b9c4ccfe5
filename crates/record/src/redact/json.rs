//! Finds secrets in the JSON of a record, for publishing.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::names::NameKind;
use super::redactor::Redactor;
use super::secret_range::REDACTED;
use crate::value::{Map, Value};

/// A value that looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFinding {
    /// The JSON pointer (RFC 6901) of the value, with secrets in keys redacted.
    pub pointer: String,
    /// The kind of the secret.
    pub kind: &'static str,
    /// The digest of the value, with which the user refers to it.
    pub digest: String,
}

/// JSON with all keys of its objects, including duplicates, because a reader of the file sees both.
#[derive(Clone, Debug)]
pub enum Json {
    /// A string.
    Text(String),
    /// A number, as its text.
    Number(String),
    /// `null`, `true` or `false`.
    Plain,
    /// An array.
    List(Vec<Json>),
    /// An object with all of its entries, in order.
    Object(Vec<(String, Json)>),
}

/// Returns everything in a record that looks like a secret.
pub fn secrets(record: &Json, digest: fn(&str) -> String) -> Vec<SecretFinding> {
    let mut search = SecretSearch { redactor: Redactor::default(), digest, pointer: String::new(), found: Vec::new() };
    search.visit_value(record);
    search.found
}

/// Returns everything in a text, such as a file name, that looks like a secret.
pub fn secrets_in_text(text: &str, digest: fn(&str) -> String) -> Vec<SecretFinding> {
    secrets(&Json::Text(text.to_owned()), digest)
}

struct SecretSearch {
    redactor: Redactor,
    digest: fn(&str) -> String,
    pointer: String,
    found: Vec<SecretFinding>,
}

impl SecretSearch {
    fn visit_value(&mut self, value: &Json) {
        match value {
            Json::Text(text) => self.visit_text(text),
            Json::List(list) => self.visit_list(list),
            Json::Object(entries) => self.visit_object(entries),
            Json::Number(_) | Json::Plain => {}
        }
    }

    fn visit_text(&mut self, text: &str) {
        for finding in self.redactor.find(text) {
            self.add(finding.kind, &text[finding.range]);
        }
    }

    fn visit_list(&mut self, list: &[Json]) {
        let hidden = self.redactor.hidden_in(&list.iter().map(Json::to_shallow).collect::<Vec<_>>());
        for (index, (value, is_hidden)) in list.iter().zip(hidden).enumerate() {
            self.at_key(&index.to_string(), |search| match value {
                Json::Text(text) if is_hidden && text != REDACTED => {
                    search.add("an argument under the name of a secret", text)
                }
                value => search.visit_value(value),
            });
        }
    }

    fn visit_object(&mut self, entries: &[(String, Json)]) {
        let shallow: Map = entries.iter().map(|(key, value)| (key.clone(), value.to_shallow())).collect();
        let named = self.redactor.kind_of_named(&shallow);
        for (key, value) in entries {
            let kind = self.redactor.kind_of_entry(key, named);
            self.at_key(key, |search| search.visit_named(kind, value));
            // A key is text as well. Its pointer does not contain the secret.
            self.visit_text(key);
        }
    }

    fn visit_named(&mut self, kind: NameKind, value: &Json) {
        const KIND: &str = "a value under the name of a secret";
        match value {
            value if kind == NameKind::Ordinary => self.visit_value(value),
            Json::Text(text) => match self.redactor.under(kind, Value::String(text.clone())) {
                Value::String(clean) if clean == *text => self.visit_text(text),
                _ => self.add(KIND, text),
            },
            Json::Number(number) if kind == NameKind::Password => self.add(KIND, number),
            Json::List(list) => {
                for (index, value) in list.iter().enumerate() {
                    self.at_key(&index.to_string(), |search| search.visit_named(kind, value));
                }
            }
            Json::Object(entries) => {
                for (key, value) in entries {
                    self.at_key(key, |search| search.visit_named(kind.max(search.redactor.kind_of(key)), value));
                }
            }
            Json::Number(_) | Json::Plain => {}
        }
    }

    fn at_key(&mut self, key: &str, search: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        let key = self.redactor.text(key).replace('~', "~0").replace('/', "~1");
        self.pointer.push('/');
        self.pointer.push_str(&key);
        search(self);
        self.pointer.truncate(length);
    }

    fn add(&mut self, kind: &'static str, value: &str) {
        let digest = (self.digest)(value);
        self.found.push(SecretFinding { pointer: self.pointer.clone(), kind, digest });
    }
}

impl Json {
    /// Returns the value without its entries.
    fn to_shallow(&self) -> Value {
        match self {
            Json::Text(text) => Value::String(text.clone()),
            _ => Value::Null,
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Plain)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Plain)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Json::Object(entries))
    }
}
