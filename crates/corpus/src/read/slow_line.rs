//! Reads a line with `serde_json`. It accepts every JSON text, and describes what is wrong with others.

use record::internal::parse;
use record::{Map, Value};

use super::flatten::flatten_map;
use super::line_fields::{LineFields, LineKey, non_finite_name};

/// Reads the fields of a line. It accepts the bare `NaN` of other programs.
///
/// # Errors
///
/// Fails if the line is not a JSON object.
pub(super) fn read_slow(line: &str, fields: &mut LineFields<'_>) -> serde_json::Result<()> {
    fields.clear();
    // `parse` repairs values that serde_json rejects.
    let map: Map = serde_json::from_str(line).or_else(|error| parse(line.as_bytes()).map_err(|_| error))?;
    for (name, value) in &map {
        match (LineKey::of(name), value) {
            (LineKey::Text(key), Value::String(text)) => {
                let text = fields.buffered(text);
                fields.set_text(key, Some(text));
            }
            // Parsing turns these texts into numbers.
            (LineKey::Text(key), Value::Float(number)) if !number.is_finite() => {
                let text = fields.buffered(non_finite_name(*number));
                fields.set_text(key, Some(text));
            }
            (LineKey::Duration, value) => fields.duration_s = value.as_f64(),
            (LineKey::Rank, value) => fields.rank = value.as_f64(),
            (LineKey::Entries(list), Value::Map(map)) => flatten_map(map, list, fields),
            _ => {}
        }
    }
    Ok(())
}
