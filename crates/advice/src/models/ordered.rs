//! JSON with a fixed order of keys. Models write the keys of an answer in the order of the schema, so the root cause
//! comes before the fixes.

use std::fmt::{self, Write};

use serde_json::Value as Json;

/// A JSON value that keeps the order of its keys. `{}` prints one line, `{:#}` an indented text.
#[derive(Clone, Debug)]
pub(super) enum OrderedJson {
    /// A value without keys, or whose order does not matter.
    Plain(Json),
    List(Vec<OrderedJson>),
    Object(Vec<(&'static str, OrderedJson)>),
}

/// Creates an object.
pub(super) fn object<const LENGTH: usize>(pairs: [(&'static str, OrderedJson); LENGTH]) -> OrderedJson {
    OrderedJson::Object(pairs.into())
}

impl<T: Into<Json>> From<T> for OrderedJson {
    fn from(value: T) -> Self {
        OrderedJson::Plain(value.into())
    }
}

impl fmt::Display for OrderedJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, f.alternate().then_some(0))
    }
}

impl OrderedJson {
    /// Writes the value at this depth, or on one line if there is no depth.
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: Option<usize>) -> fmt::Result {
        let inside = depth.map(|depth| depth + 1);
        match self {
            OrderedJson::Plain(value) => write!(f, "{value}"),
            OrderedJson::List(items) => {
                f.write_char('[')?;
                for (at, item) in items.iter().enumerate() {
                    begin_item(f, at, inside)?;
                    item.write(f, inside)?;
                }
                begin_line(f, depth)?;
                f.write_char(']')
            }
            OrderedJson::Object(pairs) => {
                f.write_char('{')?;
                for (at, (key, value)) in pairs.iter().enumerate() {
                    begin_item(f, at, inside)?;
                    write!(f, "{}: ", Json::from(*key))?;
                    value.write(f, inside)?;
                }
                begin_line(f, depth)?;
                f.write_char('}')
            }
        }
    }
}

fn begin_item(f: &mut fmt::Formatter<'_>, at: usize, depth: Option<usize>) -> fmt::Result {
    if at > 0 {
        f.write_str(if depth.is_some() { "," } else { ", " })?;
    }
    begin_line(f, depth)
}

fn begin_line(f: &mut fmt::Formatter<'_>, depth: Option<usize>) -> fmt::Result {
    depth.map_or(Ok(()), |depth| write!(f, "\n{:1$}", "", 2 * depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_preserved() {
        let inner = OrderedJson::List(vec![object([("z", 1.into()), ("a", "\"\n".into())]), true.into()]);
        let ordered = object([("b", inner), ("a", Json::Null.into())]);
        assert_eq!(ordered.to_string(), r#"{"b": [{"z": 1, "a": "\"\n"}, true], "a": null}"#);
        let lines =
            "{\n  \"b\": [\n    {\n      \"z\": 1,\n      \"a\": \"\\\"\\n\"\n    },\n    true\n  ],\n  \"a\": null\n}";
        assert_eq!(format!("{ordered:#}"), lines);
    }
}
