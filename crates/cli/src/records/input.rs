//! Records as input of jq filters. Numbers that JSON cannot express become numbers: `.parameters.x | isnan`.

use std::fmt;

use jaq_json::{Num, Rc, Val};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A jq value that is deserialized from JSON.
pub(super) struct FilterInput(pub(super) Val);

impl<'de> Deserialize<'de> for FilterInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FilterInputVisitor).map(FilterInput)
    }
}

struct FilterInputVisitor;

impl<'de> Visitor<'de> for FilterInputVisitor {
    type Value = Val;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Val, E> {
        Ok(Val::Null)
    }

    fn visit_bool<E: de::Error>(self, b: bool) -> Result<Val, E> {
        Ok(Val::Bool(b))
    }

    fn visit_i64<E: de::Error>(self, n: i64) -> Result<Val, E> {
        Ok(Val::Num(Num::from_integral(n)))
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Val, E> {
        Ok(Val::Num(Num::from_integral(n)))
    }

    fn visit_f64<E: de::Error>(self, x: f64) -> Result<Val, E> {
        Ok(Val::from(x))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Val, E> {
        Ok(match text {
            "NaN" => Val::from(f64::NAN),
            "Infinity" => Val::from(f64::INFINITY),
            "-Infinity" => Val::from(f64::NEG_INFINITY),
            text => match large_integer(text) {
                Some(n) => Val::Num(n),
                None => Val::utf8_str(text.to_owned().into_bytes()),
            },
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Val, A::Error> {
        let mut list = Vec::new();
        while let Some(FilterInput(value)) = seq.next_element()? {
            list.push(value);
        }
        Ok(Val::Arr(Rc::new(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Val, A::Error> {
        let mut map = jaq_json::Map::default();
        while let Some((name, FilterInput(value))) = access.next_entry::<String, FilterInput>()? {
            map.insert(Val::utf8_str(name.into_bytes()), value);
        }
        Ok(Val::obj(map))
    }
}

/// Parses an integer that does not fit in 64 bits. Records store such integers as strings. Shorter digit strings are
/// strings of the program.
fn large_integer(text: &str) -> Option<Num> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_canonical = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_large = digits.len() > 18 && text.parse::<i64>().is_err() && text.parse::<u64>().is_err();
    if is_canonical && is_large { Num::from_str_radix(text, 10) } else { None }
}
