//! The parameters of a run as a JSON object.

use corpus::{Cell, ValueColumn};

/// The names of parameters as JSON, with colons.
pub(crate) struct ParameterJson {
    keys: Vec<Vec<u8>>,
}

impl ParameterJson {
    pub(crate) fn new(columns: &[ValueColumn]) -> Self {
        let key = |column: &ValueColumn| {
            let mut key = Vec::new();
            write_text(&mut key, column.name());
            key.push(b':');
            key
        };
        ParameterJson { keys: columns.iter().map(key).collect() }
    }

    /// Appends the parameters of a run, without missing ones.
    pub(crate) fn write(&self, columns: &[ValueColumn], run: usize, json: &mut Vec<u8>) {
        let start = json.len() + 1;
        json.push(b'{');
        for (key, column) in self.keys.iter().zip(columns) {
            let cell = column.cell(run);
            if cell == Cell::Missing {
                continue;
            }
            if json.len() > start {
                json.push(b',');
            }
            json.extend_from_slice(key);
            match cell {
                Cell::Number(number) | Cell::NotFinite(number) => write_number(json, number),
                Cell::Text(text) => write_text(json, text),
                Cell::Bool(value) => json.extend_from_slice(if value { b"true" } else { b"false" }),
                Cell::Missing => {}
            }
        }
        json.push(b'}');
    }
}

/// Appends a text as JSON.
pub(crate) fn write_text(json: &mut Vec<u8>, text: &str) {
    let is_plain = |&byte: &u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.as_bytes().iter().all(is_plain) {
        json.push(b'"');
        json.extend_from_slice(text.as_bytes());
        json.push(b'"');
    } else {
        // Writing a text into memory cannot fail.
        let _ = serde_json::to_writer(json, text);
    }
}

/// Appends a number as JSON. A number that is not finite becomes a text, as in records.
pub(crate) fn write_number(json: &mut Vec<u8>, number: f64) {
    /// Integers up to this size are written without a fraction.
    const MAX_INTEGER: f64 = 1e15;
    if number.is_nan() {
        json.extend_from_slice(b"\"NaN\"");
    } else if number.is_infinite() {
        json.extend_from_slice(if number > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" });
    } else if number.trunc() == number && number.abs() < MAX_INTEGER && !(number == 0.0 && number.is_sign_negative()) {
        let _ = serde_json::to_writer(json, &(number as i64));
    } else {
        let _ = serde_json::to_writer(json, &number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_json() {
        let cells = [
            ("a\"b", Cell::Number(0.1)),
            ("n", Cell::Number(-3.0)),
            ("zero", Cell::Number(-0.0)),
            ("nan", Cell::NotFinite(f64::NAN)),
            ("inf", Cell::NotFinite(f64::NEG_INFINITY)),
            ("gone", Cell::Missing),
            ("text", Cell::Text("ü\n\"")),
            ("flag", Cell::Bool(true)),
        ];
        let columns = cells.map(|(name, cell)| {
            let mut column = ValueColumn::new(name);
            column.push(cell);
            column
        });
        let mut json = Vec::new();
        ParameterJson::new(&columns).write(&columns, 0, &mut json);
        let expected = r#"{"a\"b":0.1,"n":-3,"zero":-0.0,"nan":"NaN","inf":"-Infinity","text":"ü\n\"","flag":true}"#;
        assert_eq!(String::from_utf8(json).unwrap(), expected);
    }
}
