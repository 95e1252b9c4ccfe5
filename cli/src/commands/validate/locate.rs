//! From a place in a JSON document to a place in its text.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Line and column, both from 1 and the column in characters, of the value that a JSON pointer names.
pub(super) fn locate(text: &str, pointer: &str) -> Option<(usize, usize)> {
    let mut value: &RawValue = serde_json::from_str(text).ok()?;
    for token in pointer.split('/').skip(1) {
        value = step(value, &token.replace("~1", "/").replace("~0", "~"))?;
    }
    // A raw value is a part of the text that it was read from.
    let offset = value.get().as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    line_and_column(text, offset)
}

/// Line and column of a byte.
pub(super) fn line_and_column(text: &str, offset: usize) -> Option<(usize, usize)> {
    let before = text.get(..offset)?;
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Some((1 + before.matches('\n').count(), 1 + before[line_start..].chars().count()))
}

fn step<'a>(value: &'a RawValue, token: &str) -> Option<&'a RawValue> {
    if value.get().starts_with('[') {
        let list: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
        return list.get(token.parse::<usize>().ok()?).copied();
    }
    let mut deserializer = serde_json::Deserializer::from_str(value.get());
    deserializer.deserialize_map(Entry { name: token }).ok()?
}

/// Finds one entry of an object; of several with its name, the last counts.
struct Entry<'t> {
    name: &'t str,
}

impl<'de> Visitor<'de> for Entry<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            if name == self.name {
                found = Some(value);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_to_lines_and_columns() {
        let text = "{\n  \"a/b\": {\"x\": [1,\n    \"é\", true]},\n  \"~\": null, \"~\": 7\n}";
        for (pointer, place) in
            [("", (1, 1)), ("/a~1b", (2, 10)), ("/a~1b/x/0", (2, 17)), ("/a~1b/x/2", (3, 10)), ("/~0", (4, 19))]
        {
            assert_eq!(locate(text, pointer), Some(place), "{pointer}");
        }
        assert_eq!(locate(text, "/a~1b/x/3"), None);
        assert_eq!(locate(text, "/none"), None);
    }
}
