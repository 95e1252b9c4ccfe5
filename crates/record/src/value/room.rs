//! Room for values in a line of the log.

use super::json_writer::{write_json, write_name};
use super::variant::Value;

/// The room that is left for values. Reading a value stops where the room ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueRoom {
    /// Number of values, lists and objects.
    pub entries: usize,
    /// Number of bytes of JSON.
    pub bytes: usize,
}

impl ValueRoom {
    /// Takes the room of one value and of a part of its text. Returns false if there is no room.
    pub(super) fn take(&mut self, entries: usize, bytes: usize) -> bool {
        match (self.entries.checked_sub(entries), self.bytes.checked_sub(bytes)) {
            (Some(entries), Some(bytes)) => {
                *self = ValueRoom { entries, bytes };
                true
            }
            _ => false,
        }
    }

    /// Takes the room of an entry with this name. Returns false if there is no room.
    #[must_use]
    pub fn take_entry(&mut self, name: &str, value: &Value) -> bool {
        let Some(entries) = count_within(value, self.entries) else { return false };
        let mut json = Vec::new();
        write_name(&mut json, name, false);
        write_json(&mut json, value);
        self.take(entries, json.len())
    }
}

/// Counts the values, lists and objects in a value. Returns `None` if there are more than `max`.
fn count_within(value: &Value, max: usize) -> Option<usize> {
    let mut left = max.checked_sub(1)?;
    let mut count = |inner: &Value| {
        left -= count_within(inner, left)?;
        Some(())
    };
    match value {
        Value::List(list) => list.iter().try_for_each(&mut count)?,
        Value::Map(map) => map.iter().try_for_each(|(_, inner)| count(inner))?,
        _ => {}
    }
    Some(max - left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Map;

    #[test]
    fn an_entry_takes_its_values_and_its_json() {
        let value = Value::Map(Map::from_iter([("rtol", Value::from(1e-6)), ("y", vec![1.0, f64::NAN].into())]));
        let json = r#""options":{"rtol":1e-6,"y":[1.0,"NaN"]}"#;
        let exact = ValueRoom { entries: 5, bytes: json.len() };
        let mut room = exact;
        assert!(room.take_entry("options", &value));
        assert_eq!(room, ValueRoom { entries: 0, bytes: 0 });
        for mut small in [ValueRoom { entries: 4, ..exact }, ValueRoom { bytes: json.len() - 1, ..exact }] {
            let before = small;
            assert!(!small.take_entry("options", &value));
            assert_eq!(small, before);
        }
    }

    #[test]
    fn reading_stops_where_the_room_ends() {
        let read = std::cell::Cell::new(0);
        struct Endless<'a>(&'a std::cell::Cell<usize>);
        impl serde::Serialize for Endless<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq((0_u64..).inspect(|_| self.0.set(self.0.get() + 1)))
            }
        }
        let room = ValueRoom { entries: 64, bytes: 4096 };
        Value::from_serialize_into(&Endless(&read), &crate::Limits::DEFAULT, room).unwrap_err();
        assert_eq!(read.get(), 64, "the list itself is an entry");
        for text in ["x".repeat(4097), "\n".repeat(2048)] {
            let value = Value::from_serialize_into(&[&*text], &crate::Limits::DEFAULT, room);
            assert!(value.map_or(true, |value| !room.clone().take_entry("text", &value)));
        }
        for empty in [vec![vec![(); 0]; 64], vec![vec![(); 64]]] {
            Value::from_serialize_into(&empty, &crate::Limits::DEFAULT, room).unwrap_err();
        }
        let fits = Value::from_serialize_into(&[vec![1.5; 62]], &crate::Limits::DEFAULT, room).unwrap();
        assert!(room.clone().take_entry("y", &fits));
    }
}
