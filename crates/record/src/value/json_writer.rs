//! Values and names as JSON text, appended to a buffer.

use serde::Serialize;

/// Appends a value as JSON. Writing into memory cannot fail.
pub fn write_json<T: Serialize + ?Sized>(json: &mut Vec<u8>, value: &T) {
    let _ = serde_json::to_writer(json, value);
}

/// Appends `"name":`.
pub fn write_name(json: &mut Vec<u8>, name: &str, is_plain: bool) {
    if is_plain {
        json.push(b'"');
        json.extend_from_slice(name.as_bytes());
        json.extend_from_slice(b"\":");
    } else {
        write_json(json, name);
        json.push(b':');
    }
}
