//! Formats values of a record for people.

use text::{one_line, without_trailing_zeros};

use super::variant::{Map, Value};

/// Formats a parameter as JSON. A text that cannot be mistaken for another value has no quotes.
pub fn parameter(value: &Value) -> String {
    match value {
        Value::Float(x) => float(*x),
        Value::String(text) if is_plain(text) => one_line(text).into_owned(),
        Value::Map(map) if map.get("summary").and_then(Value::as_str) == Some("array") => array(map),
        Value::List(list) => format!("[{}]", list.iter().map(inner).collect::<Vec<_>>().join(", ")),
        other => one_line(&other.to_string()).into_owned(),
    }
}

fn inner(value: &Value) -> String {
    match value {
        Value::Float(_) | Value::List(_) => parameter(value),
        other => one_line(&other.to_string()).into_owned(),
    }
}

/// Returns the shortest text that identifies the number.
fn float(x: f64) -> String {
    match x {
        x if x.is_nan() => "NaN".to_owned(),
        x if x.is_infinite() => if x > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        x => format!("{x:?}"),
    }
}

/// Formats a number with about five digits.
pub fn brief(x: f64) -> String {
    if !x.is_finite() {
        return float(x);
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    if (1e-3..1e6).contains(&x.abs()) && x.fract() == 0.0 {
        return format!("{x:.0}");
    }
    if (1e-3..1e5).contains(&x.abs()) {
        let decimals = (4 - x.abs().log10().floor() as i32).clamp(0, 7) as usize;
        return without_trailing_zeros(&format!("{x:.decimals$}")).to_owned();
    }
    let text = format!("{x:.4e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{}e{exponent}", without_trailing_zeros(digits))
}

fn is_plain(text: &str) -> bool {
    let looks_like_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    !text.is_empty() && text.trim() == text && !looks_like_json
}

/// Formats the summary of a long array.
fn array(map: &Map) -> String {
    let part = |name: &str| map.get(name).map(parameter);
    let ends = |name: &str| map.get(name).and_then(Value::as_list).unwrap_or_default();
    let shape = part("shape").or_else(|| part("length")).unwrap_or_default();
    let shown = ends("head").iter().map(inner).chain(["…".to_owned()]).chain(ends("tail").iter().map(inner));
    let mut text = format!("array {shape}: [{}]", shown.collect::<Vec<_>>().join(", "));
    for name in ["min", "max", "mean", "non_finite", "first_non_finite"] {
        if let Some(value) = part(name) {
            text.push_str(&format!(", {} {value}", name.replace('_', " ")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_looks_like_something_else_keeps_its_quotes() {
        for (value, text) in [
            (Value::from("RK45"), "RK45"),
            ("1e-6".into(), "\"1e-6\""),
            ("true".into(), "\"true\""),
            ("".into(), "\"\""),
            (1e-6.into(), "1e-6"),
            (f64::NAN.into(), "NaN"),
            ("NaN ".into(), "\"NaN \""),
            (vec![50.0, f64::INFINITY].into(), "[50.0, Infinity]"),
            (vec!["a", "1"].into(), r#"["a", "1"]"#),
            (Map::from_iter([("rtol", 1e-6)]).into(), r#"{"rtol":1e-6}"#),
        ] {
            assert_eq!(parameter(&value), text);
        }
    }

    #[test]
    fn numbers_are_shown_with_a_few_digits() {
        for (x, text) in [
            (0.0, "0"),
            (174.0, "174"),
            (-9.783900833809087, "-9.7839"),
            (196.47161367524103, "196.47"),
            (69005326831560.58, "6.9005e13"),
            (1e-12, "1e-12"),
            (0.05, "0.05"),
            (12345.678, "12346"),
            (99999.9, "100000"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(brief(x), text);
        }
    }
}
