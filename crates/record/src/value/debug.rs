//! Parses Rust `Debug` text into values.
//!
//! `?value` and `%value` both reach a layer as text, and the layer cannot distinguish them. The reader therefore
//! accepts only text that is certain to be `Debug` output. All other text stays text.

use super::array::{ArrayBuilder, Node};
use super::limits::Limits;
use super::number::number;
use super::variant::{Map, Value};
use text::shorten;

/// Wrappers of a number whose name does not describe the number.
const TRANSPARENT_WRAPPERS: [&str; 6] = ["Some", "OrderedFloat", "NotNan", "Wrapping", "Saturating", "Reverse"];

/// Returns the value with this `Debug` output, or the text itself if it is no `Debug` output.
pub fn read_debug(text: &str, limits: &Limits) -> Value {
    read_with_parts(text, &[], limits)
        .map_or_else(|| Value::String(shorten(text, limits.text).into_owned()), |node| node.value)
}

/// The character around the number of a part that was read before.
pub(super) const PLACEHOLDER: char = '\u{1}';

/// Returns the value of a text with placeholders for parts, or `None` if it is no `Debug` output.
pub(super) fn read_with_parts(text: &str, parts: &[Node], limits: &Limits) -> Option<Node> {
    let mut reader = DebugReader { text, at: 0, limits, parts };
    let node = reader.value(limits.depth)?;
    reader.at_end().then_some(node)
}

struct DebugReader<'a> {
    text: &'a str,
    at: usize,
    limits: &'a Limits,
    parts: &'a [Node],
}

impl<'a> DebugReader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Consumes this token and the space before it. Returns false if it does not follow.
    fn take(&mut self, token: &str) -> bool {
        let start = self.at;
        self.skip_space();
        let found = self.rest().starts_with(token);
        self.at = if found { self.at + token.len() } else { start };
        found
    }

    /// Returns true at the end of the text. The shape and strides that `ndarray` appends do not belong to the value.
    fn at_end(&mut self) -> bool {
        self.rest().trim_ascii().is_empty() || (self.take(", shape=[") && self.rest().contains(", strides=["))
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        let depth = depth.checked_sub(1)?;
        self.skip_space();
        match self.peek()? {
            b'[' => self.list("[", "]", depth),
            b'(' => self.tuple(depth),
            b'{' => self.braces(depth),
            b'"' => self.string().map(|text| self.text_node(&text)),
            b'\'' => self.character(),
            1 => self.part(),
            _ => self.word(depth),
        }
    }

    fn part(&mut self) -> Option<Node> {
        let (number, _) = self.rest()[1..].split_once(PLACEHOLDER)?;
        self.at += number.len() + 2;
        self.parts.get(number.parse::<usize>().ok()?).cloned()
    }

    fn text_node(&self, text: &str) -> Node {
        Value::String(shorten(text, self.limits.text).into_owned()).into()
    }

    fn list(&mut self, open: &str, close: &str, depth: usize) -> Option<Node> {
        if !self.take(open) {
            return None;
        }
        let mut array = ArrayBuilder::new(self.limits);
        while !self.take(close) {
            array.push(self.value(depth)?);
            if !self.take(",") && !self.rest().trim_ascii_start().starts_with(close) {
                return None;
            }
        }
        Some(array.finish())
    }

    /// Reads a tuple. `()` is null and `(1,)` a list of one entry. `Debug` never writes `(1)`.
    fn tuple(&mut self, depth: usize) -> Option<Node> {
        let start = self.at;
        let node = self.list("(", ")", depth)?;
        match node.value.as_list() {
            Some([]) => Some(Value::Null.into()),
            Some([_]) if !self.text[start..self.at].contains(',') => None,
            _ => Some(node),
        }
    }

    /// Reads a map, or a set, which becomes a list.
    fn braces(&mut self, depth: usize) -> Option<Node> {
        let start = self.at;
        self.take("{");
        if self.take("}") {
            return Some(Value::Map(Map::new()).into());
        }
        self.skip_space();
        self.key(depth)?;
        let is_map = self.take(":");
        self.at = start;
        if !is_map {
            return self.list("{", "}", depth);
        }
        self.take("{");
        self.entries(depth).map(|map| Value::Map(map).into())
    }

    /// Reads the entries of a struct or map, including the closing brace.
    fn entries(&mut self, depth: usize) -> Option<Map> {
        let mut entries = Vec::new();
        let mut left_out = 0usize;
        while !self.take("}") {
            if self.take("..") {
                if !self.take("}") {
                    return None;
                }
                break;
            }
            self.skip_space();
            let name = self.key(depth)?;
            if !self.take(":") {
                return None;
            }
            let value = self.value(depth)?.value;
            if entries.len() < self.limits.array {
                entries.push((name, value));
            } else {
                left_out += 1;
            }
            if !self.take(",") && !self.rest().trim_ascii_start().starts_with('}') {
                return None;
            }
        }
        let mut map: Map = entries.into_iter().collect();
        map.insert_omission(left_out);
        Some(map)
    }

    fn key(&mut self, depth: usize) -> Option<String> {
        if self.peek() == Some(b'"') {
            return self.string();
        }
        if let Some(name) = self.identifier() {
            let is_followed_by_colon = self.rest().trim_ascii_start().starts_with(':');
            if is_followed_by_colon {
                return Some(name.to_owned());
            }
            self.at -= name.len();
        }
        // A number ends at the colon. In other words, a colon is part of the word.
        if let Some((word, _)) = self.rest().split_once(": ").filter(|(word, _)| number(word).is_some()) {
            self.at += word.len();
            return Some(word.to_owned());
        }
        let start = self.at;
        self.value(depth)?;
        Some(self.text[start..self.at].to_owned()).filter(|key| !key.contains(PLACEHOLDER))
    }

    fn identifier(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let starts = |c: char| c == '_' || c.is_alphabetic();
        if !rest.starts_with(starts) {
            return None;
        }
        let length = rest.find(|c: char| !(starts(c) || c.is_numeric())).unwrap_or(rest.len());
        self.at += length;
        Some(&rest[..length])
    }

    /// Reads a number, a name, or the structure after a name: `Opts { rtol: 1e-9 }`, `Some(3)`.
    fn word(&mut self, depth: usize) -> Option<Node> {
        let start = self.at;
        if let Some(name) = self.identifier() {
            if self.take("{") {
                return self.structure(name, depth);
            }
            if self.peek() == Some(b'(') {
                return self.tuple_struct(name, start, depth);
            }
            self.at = start;
        }
        let rest = self.rest();
        let length = rest.find(|c: char| c.is_whitespace() || "[](){},\"'".contains(c)).unwrap_or(rest.len());
        self.at += length;
        (length > 0).then(|| self.scalar(&rest[..length]))
    }

    fn scalar(&self, word: &str) -> Node {
        match word {
            "true" => Value::Bool(true).into(),
            "false" => Value::Bool(false).into(),
            "None" => Value::Null.into(),
            _ => number(word).map_or_else(|| self.text_node(word), Node::from),
        }
    }

    fn structure(&mut self, name: &str, depth: usize) -> Option<Node> {
        let map = self.entries(depth)?;
        if map.is_empty() {
            return Some(self.text_node(name));
        }
        if name == "VecStorage"
            && let Some(rows) = matrix_rows(&map)
        {
            return Some(self.nested(rows));
        }
        Some(Value::Map(map).into())
    }

    fn nested(&self, rows: Vec<Vec<Value>>) -> Node {
        let mut outer = ArrayBuilder::new(self.limits);
        for row in rows {
            let mut inner = ArrayBuilder::new(self.limits);
            row.into_iter().for_each(|value| inner.push(value.into()));
            outer.push(inner.finish());
        }
        outer.finish()
    }

    /// Reads a tuple struct. A name around one container becomes the container. A name around scalars, such as `SU(3)`,
    /// stays text.
    fn tuple_struct(&mut self, name: &str, start: usize, depth: usize) -> Option<Node> {
        self.take("(");
        let mut fields = Vec::new();
        while !self.take(")") {
            fields.push(self.value(depth)?);
            if !self.take(",") && !self.rest().trim_ascii_start().starts_with(')') {
                return None;
            }
        }
        if let [field] = &fields[..]
            && (TRANSPARENT_WRAPPERS.contains(&name) || matches!(field.value, Value::List(_) | Value::Map(_)))
        {
            return fields.pop();
        }
        let text = &self.text[start..self.at];
        if text.contains(PLACEHOLDER) {
            return Some(Value::List(fields.into_iter().map(|field| field.value).collect()).into());
        }
        if !text.contains('\n') {
            return Some(self.text_node(text));
        }
        let fields: Vec<String> = fields.into_iter().map(|field| bare_text(field.value)).collect();
        Some(self.text_node(&format!("{name}({})", fields.join(", "))))
    }

    fn character(&mut self) -> Option<Node> {
        self.at += 1;
        let c = self.escaped()?;
        self.take("'").then(|| Value::String(c.into()).into())
    }

    fn string(&mut self) -> Option<String> {
        self.at += 1;
        let mut text = String::new();
        while self.peek()? != b'"' {
            text.push(self.escaped()?);
        }
        self.at += 1;
        Some(text)
    }

    /// Reads one character of a quoted text.
    fn escaped(&mut self) -> Option<char> {
        let mut chars = self.rest().chars();
        let c = chars.next()?;
        self.at += c.len_utf8();
        if c != '\\' {
            return Some(c);
        }
        let c = chars.next()?;
        self.at += c.len_utf8();
        match c {
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            '0' => Some('\0'),
            '\\' | '"' | '\'' => Some(c),
            'u' => {
                let (hex, rest) = self.rest().strip_prefix('{')?.split_once('}')?;
                self.at = self.text.len() - rest.len();
                char::from_u32(u32::from_str_radix(hex, 16).ok()?)
            }
            _ => None,
        }
    }
}

fn bare_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Returns the rows of a dynamic `nalgebra` matrix, which stores its columns one after the other. A vector has one
/// dynamic dimension.
fn matrix_rows(storage: &Map) -> Option<Vec<Vec<Value>>> {
    let data = storage.get("data")?.as_list()?;
    let dimension = |name| match storage.get(name)?.as_str()? {
        "Const" => None,
        dynamic => dynamic.strip_prefix("Dyn(")?.strip_suffix(')')?.parse::<usize>().ok(),
    };
    let (rows, columns) = match (dimension("nrows"), dimension("ncols")) {
        (Some(rows), Some(columns)) => (rows, columns),
        (Some(rows), None) => (rows, data.len().checked_div(rows)?),
        (None, Some(columns)) => (data.len().checked_div(columns)?, columns),
        (None, None) => return None,
    };
    (rows.checked_mul(columns)? == data.len())
        .then(|| (0..rows).map(|row| data.iter().skip(row).step_by(rows).cloned().collect()).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn read(value: impl std::fmt::Debug) -> String {
        let limits = Limits::default();
        let plain = read_debug(&format!("{value:?}"), &limits);
        let pretty = read_debug(&format!("{value:#?}"), &limits);
        assert_eq!(plain, pretty);
        plain.to_string()
    }

    fn unchanged(text: &str) {
        assert_eq!(read_debug(text, &Limits::default()), Value::from(text));
    }

    #[derive(Debug)]
    #[allow(dead_code)]
    struct Opts {
        rtol: f64,
        method: Method,
        limit: Option<u32>,
        timeout: std::time::Duration,
    }

    #[derive(Debug)]
    #[allow(dead_code, clippy::upper_case_acronyms)]
    enum Method {
        RK45,
        Fixed(f64),
    }

    #[derive(Debug)]
    #[allow(dead_code)]
    struct Couplings([f64; 3]);

    #[test]
    fn lists_tuples_and_numbers() {
        insta::assert_snapshot!(read([50.0, 100.0, 150.0]), @"[50.0,100.0,150.0]");
        insta::assert_snapshot!(read((-10.0, 10)), @"[-10.0,10]");
        insta::assert_snapshot!(read(((), (1,))), @"[null,[1]]");
        insta::assert_snapshot!(read([f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.0]), @r#"["Infinity","-Infinity","NaN",-0.0]"#);
        insta::assert_snapshot!(read([1e300, 5e-324]), @"[1e+300,5e-324]");
        insta::assert_snapshot!(read((u64::MAX, i128::MAX)), @r#"[18446744073709551615,"170141183460469231731687303715884105727"]"#);
    }

    #[test]
    fn structs_maps_and_options() {
        let opts = |method, limit| Opts { rtol: 1e-9, method, limit, timeout: std::time::Duration::from_millis(1500) };
        insta::assert_snapshot!(read(opts(Method::RK45, None)), @r#"{"rtol":1e-9,"method":"RK45","limit":null,"timeout":"1.5s"}"#);
        insta::assert_snapshot!(read(opts(Method::Fixed(0.1), Some(3))), @r#"{"rtol":1e-9,"method":"Fixed(0.1)","limit":3,"timeout":"1.5s"}"#);
        insta::assert_snapshot!(read(Some(3)), @"3");
        insta::assert_snapshot!(read(Couplings([1.0, 2.0, 3.0])), @"[1.0,2.0,3.0]");
        insta::assert_snapshot!(read(BTreeMap::from([("a b", 1), ("c", 2)])), @r#"{"a b":1,"c":2}"#);
        insta::assert_snapshot!(read(BTreeMap::from([(-1, 0.5), (3, 1.5)])), @r#"{"-1":0.5,"3":1.5}"#);
        insta::assert_snapshot!(read_debug("{(1, 2): 'x'}", &Limits::default()), @r#"{"(1, 2)":"x"}"#);
    }

    #[test]
    fn matrices_become_rows() {
        let dynamic = nalgebra::DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        insta::assert_snapshot!(read(dynamic), @"[[1.0,2.0,3.0],[4.0,5.0,6.0]]");
        insta::assert_snapshot!(read(nalgebra::DVector::from_vec(vec![1.0, 2.0])), @"[[1.0],[2.0]]");
        let ndarray = "[[1.0, 2.0],\n [3.0, NaN]], shape=[2, 2], strides=[2, 1], layout=Cc (0x5), const ndim=2";
        insta::assert_snapshot!(read_debug(ndarray, &Limits::default()), @r#"[[1.0,2.0],[3.0,"NaN"]]"#);
    }

    #[test]
    fn other_text_stays_text() {
        for text in [
            "SU(3)",
            "beta(lambda)",
            "(see Eq. 3)",
            "[warn] slow",
            "1..3",
            "1.5s",
            "007",
            "",
            "a, b",
            "2025-12-27T04:30:00Z",
            "missing information",
            "{",
            "[1, 2",
            "(1",
            "Opts { rtol: }",
            "-",
            "1e",
            "0x1f",
            "f(",
            "\"open",
            "'",
            "Some(",
            "1_000",
            "61e9540",
            "3.10",
            "VecStorage { data: [1], nrows: Dyn(2) ",
        ] {
            unchanged(text);
        }
    }

    #[test]
    fn quoted_text_is_unquoted() {
        let text = "a\"b\\c\n\u{7}é\0'";
        assert_eq!(read_debug(&format!("{text:?}"), &Limits::default()), Value::from(text));
    }

    #[test]
    fn text_nested_beyond_the_limit_stays_text() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(read_debug(&deep, &Limits::default()).as_str().is_some());
    }

    /// Rust data whose `Debug` text has one reading.
    #[derive(Clone, Debug)]
    enum Data {
        Int(i64),
        Float(f64),
        Text(String),
        List(Vec<Data>),
        Pair(Box<(Data, Data)>),
        Map(BTreeMap<String, Data>),
        Maybe(Option<Box<Data>>),
    }

    impl Data {
        fn debug(&self) -> Box<dyn std::fmt::Debug + '_> {
            match self {
                Data::Int(n) => Box::new(n),
                Data::Float(x) => Box::new(x),
                Data::Text(text) => Box::new(text),
                Data::List(list) => Box::new(list.iter().map(Data::debug).collect::<Vec<_>>()),
                Data::Pair(pair) => Box::new((pair.0.debug(), pair.1.debug())),
                Data::Map(map) => Box::new(map.iter().map(|(k, v)| (k, v.debug())).collect::<BTreeMap<_, _>>()),
                Data::Maybe(inner) => Box::new(inner.as_ref().map(|data| data.debug())),
            }
        }

        fn value(&self) -> Value {
            match self {
                Data::Int(n) => (*n).into(),
                Data::Float(x) => (*x).into(),
                Data::Text(text) => text.as_str().into(),
                Data::List(list) => Value::List(list.iter().map(Data::value).collect()),
                Data::Pair(pair) => Value::List(vec![pair.0.value(), pair.1.value()]),
                Data::Map(map) => Value::Map(map.iter().map(|(k, v)| (k.clone(), v.value())).collect()),
                Data::Maybe(inner) => inner.as_ref().map_or(Value::Null, |data| data.value()),
            }
        }
    }

    fn any_data() -> impl Strategy<Value = Data> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Data::Int),
            any::<f64>().prop_map(Data::Float),
            ".{0,12}".prop_map(Data::Text),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Data::List),
                (inner.clone(), inner.clone()).prop_map(|pair| Data::Pair(pair.into())),
                prop::collection::btree_map(".{0,6}", inner.clone(), 0..6).prop_map(Data::Map),
                prop::option::of(inner.prop_map(Box::new)).prop_map(Data::Maybe),
            ]
        })
    }

    proptest! {
        #[test]
        fn debug_text_is_parsed_to_the_original_data(data in any_data()) {
            let limits = Limits::default();
            prop_assert_eq!(read_debug(&format!("{:?}", data.debug()), &limits), data.value());
            prop_assert_eq!(read_debug(&format!("{:#?}", data.debug()), &limits), data.value());
        }

        #[test]
        fn no_text_is_lost_or_panics(text in "\\PC{0,80}") {
            read_debug(&text, &Limits::default());
        }

        #[test]
        fn nearly_debug_text_does_not_panic(text in "[\\[\\](){},:\"'a-zA-Z0-9. \\\\u+-]{0,60}") {
            read_debug(&text, &Limits::default());
        }
    }
}
