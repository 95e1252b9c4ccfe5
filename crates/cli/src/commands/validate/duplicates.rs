//! Duplicate keys of JSON objects. Most JSON readers accept them and lose one of the values.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Returns JSON pointers to all duplicate keys.
pub(super) fn duplicate_keys(json: &str) -> Vec<String> {
    let mut visitor = DuplicateVisitor::default();
    let mut deserializer = serde_json::Deserializer::from_str(json);
    // The caller has parsed the text, so it is valid JSON.
    let _ = (&mut visitor).deserialize(&mut deserializer);
    visitor.pointers
}

#[derive(Default)]
struct DuplicateVisitor {
    /// The pointer to the current value.
    pointer: String,
    pointers: Vec<String>,
}

impl DuplicateVisitor {
    fn within<R>(&mut self, token: &str, read: impl FnOnce(&mut Self) -> R) -> R {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
        let read = read(self);
        self.pointer.truncate(length);
        read
    }
}

impl<'de> DeserializeSeed<'de> for &mut DuplicateVisitor {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! ignore {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method<E>(self, _: $type) -> Result<(), E> {
            Ok(())
        }
    )*};
}

impl<'de> Visitor<'de> for &mut DuplicateVisitor {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    ignore! { visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str, }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for index in 0.. {
            if self.within(&index.to_string(), |found| list.next_element_seed(found))?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            self.within(&name, |found| {
                if names.contains(&name) {
                    found.pointers.push(found.pointer.clone());
                }
                map.next_value_seed(found)
            })?;
            names.insert(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_at_every_depth() {
        let json =
            r#"{"a": 1, "b": [{"x": 1, "y/z": {}, "y/z": 2}, {"x": {"x": 0}}], "c": {"d": null, "d": "d"}, "a": 2.5}"#;
        assert_eq!(duplicate_keys(json), ["/b/0/y~1z", "/c/d", "/a"]);
        assert!(duplicate_keys(r#"[{"x": 1}, {"x": true}]"#).is_empty());
    }
}
