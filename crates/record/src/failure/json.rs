//! The record as JSON text: indented for people, with lists on one line.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use super::record::Failure;

impl Failure {
    /// Returns the text of the record's file: indented JSON with each list of numbers on one line and a newline at the
    /// end.
    ///
    /// ```
    /// let failure = tracing_failure::Failure::new("betti_numbers", "§3.1", "RankError", "rank 7 of 5 rows");
    /// let json = failure.to_json();
    /// assert_eq!(tracing_failure::Failure::from_json(&json)?.computation, "betti_numbers");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        let mut json = Vec::with_capacity(16 << 10);
        let mut serializer = serde_json::Serializer::with_formatter(&mut json, Layout::default());
        // Writing into memory cannot fail, and every key of a record is a string.
        let _ = self.serialize(&mut serializer);
        json.push(b'\n');
        String::from_utf8(json).unwrap_or_default()
    }

    /// Returns the record as one line of JSON without a newline.
    ///
    /// ```
    /// let failure = tracing_failure::Failure::new("betti_numbers", "§3.1", "RankError", "rank 7 of 5 rows");
    /// assert_eq!(failure.to_json_line().lines().count(), 1);
    /// ```
    pub fn to_json_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[derive(Default)]
struct Layout {
    depth: usize,
    is_empty: bool,
}

impl Layout {
    fn new_line<W: Write + ?Sized>(&self, writer: &mut W) -> io::Result<()> {
        const SPACES: &[u8; 64] = &[b' '; 64];
        writer.write_all(b"\n")?;
        writer.write_all(&SPACES[..(2 * self.depth).min(SPACES.len())])
    }
}

impl Formatter for Layout {
    fn begin_array_value<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.is_empty = true;
        writer.write_all(b"{")
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.is_empty = false;
        if !first {
            writer.write_all(b",")?;
        }
        self.new_line(writer)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if !self.is_empty {
            self.new_line(writer)?;
        }
        self.is_empty = false;
        writer.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Map, Value};

    #[test]
    fn the_nine_keys_in_their_order_and_lists_on_one_line() {
        let mut failure = Failure::new("rg_flow", "Eq. 1.12", "Diverged", "pole");
        failure.timestamp = "2025-12-27T04:30:00Z".parse().unwrap();
        failure.parameters.insert("initial_couplings", vec![50.0, 100.0, 150.0]);
        failure.parameters.insert("empty", Map::new());
        failure.parameters.insert("levels", vec![Map::from_iter([("h", 0.5)]), Map::from_iter([("h", 0.25)])]);
        failure.context.other.insert("note", Value::Null);
        insta::assert_snapshot!(failure.to_json(), @r#"
        {
          "timestamp": "2025-12-27T04:30:00.000Z",
          "computation": "rg_flow",
          "theoretical_ref": "Eq. 1.12",
          "error_type": "Diverged",
          "error_message": "pole",
          "parameters": {
            "initial_couplings": [50.0, 100.0, 150.0],
            "empty": {},
            "levels": [{
              "h": 0.5
            }, {
              "h": 0.25
            }]
          },
          "stack_trace": "",
          "context": {
            "note": null
          },
          "suggested_fixes": []
        }
        "#);
        assert_eq!(Failure::from_json(&failure.to_json()).unwrap(), failure);
        assert_eq!(Failure::from_json(&failure.to_json_line()).unwrap(), failure);
    }
}
