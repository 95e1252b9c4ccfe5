//! Nested values as a flat list: `opts.rtol`, `couplings[0]`.

use std::fmt::Write;

use record::{Map, Value};

use super::line_fields::{EntryList, LineCell, LineFields, MAX_ARRAY_ENTRIES};

/// Appends the values of a map to a list of the fields.
pub(super) fn flatten_map(map: &Map, list: EntryList, fields: &mut LineFields<'_>) {
    for (name, value) in map {
        fields.path.clear();
        fields.path.push_str(name);
        flatten_value(value, list, fields);
    }
}

/// Appends a value under the present path, or the values inside it. An empty list or map is missing.
fn flatten_value(value: &Value, list: EntryList, fields: &mut LineFields<'_>) {
    let len = fields.path.len();
    match value {
        Value::List(values) if !values.is_empty() => {
            fields.omits_entries |= values.len() > MAX_ARRAY_ENTRIES;
            for (index, value) in values.iter().take(MAX_ARRAY_ENTRIES).enumerate() {
                let _ = write!(fields.path, "[{index}]");
                flatten_value(value, list, fields);
                fields.path.truncate(len);
            }
        }
        Value::Map(map) if !map.is_empty() => {
            for (name, value) in map {
                fields.path.push('.');
                fields.path.push_str(name);
                flatten_value(value, list, fields);
                fields.path.truncate(len);
            }
        }
        Value::String(text) => {
            let text = fields.buffered(text);
            fields.push_nested(list, LineCell::Text(text));
        }
        Value::Bool(value) => fields.push_nested(list, LineCell::Bool(*value)),
        Value::Null | Value::List(_) | Value::Map(_) => fields.push_nested(list, LineCell::Missing),
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => {
            let cell = value.as_f64().map_or(LineCell::Missing, LineCell::Number);
            fields.push_nested(list, cell);
        }
    }
}
