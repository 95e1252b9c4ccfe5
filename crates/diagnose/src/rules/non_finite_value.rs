//! Values that are not finite: whether they are wrong, and where they are.

use super::facts::NamedValue;
use super::number::{brief, distinct};
use record::Value;
use text::shorten_to_line;

/// Words of names whose values may be infinite: limits and the ends of intervals.
const UNLIMITED: [&str; 40] = [
    "max",
    "maximum",
    "min",
    "minimum",
    "limit",
    "limits",
    "bound",
    "bounds",
    "upper",
    "lower",
    "end",
    "stop",
    "start",
    "horizon",
    "cap",
    "budget",
    "timeout",
    "deadline",
    "range",
    "ranges",
    "interval",
    "intervals",
    "window",
    "cutoff",
    "domain",
    "until",
    "hi",
    "lo",
    "high",
    "low",
    "best",
    "threshold",
    "ceiling",
    "floor",
    "final",
    "tf",
    "span",
    "support",
    "ub",
    "lb",
];

/// Names of numbers that are the ends of an interval.
const ENDS: [&str; 6] = ["a", "b", "from", "to", "t1", "tmax"];

/// Maximum length of a name or a list.
const MAX_TEXT_CHARS: usize = 80;

/// Maximum number of entries of a list that is shown as a whole.
const MAX_SHOWN_ENTRIES: usize = 4;

/// Returns true for NaN or an infinity, alone or in a list.
pub(super) fn is_non_finite(value: &Value) -> bool {
    match value {
        Value::Float(x) => !x.is_finite(),
        Value::List(list) => list.iter().any(is_non_finite),
        // A long array is recorded as a summary.
        Value::Map(map) => map.get("non_finite").and_then(Value::as_f64).is_some_and(|count| count > 0.0),
        _ => false,
    }
}

/// Returns true if the value is not finite, unless it is an infinity that its name allows.
pub(super) fn is_wrong(value: &NamedValue<'_>) -> bool {
    is_non_finite(value.value) && (contains_nan(value.value) || !may_be_infinite(value))
}

fn contains_nan(value: &Value) -> bool {
    match value {
        Value::Float(x) => x.is_nan(),
        Value::List(list) => list.iter().any(contains_nan),
        _ => false,
    }
}

fn may_be_infinite(value: &NamedValue<'_>) -> bool {
    let is_end = matches!(value.value, Value::Float(_)) && ENDS.contains(&value.name);
    is_end || value.words.iter().any(|word| UNLIMITED.contains(&word))
}

/// Describes the value: `p = (NaN, 1)`, `v[7] = NaN`, `an entry of v`.
pub(super) fn describe(value: &NamedValue<'_>) -> Option<String> {
    let name = shorten_to_line(&value.path(), MAX_TEXT_CHARS);
    match value.value {
        Value::Float(x) => Some(format!("{name} = {}", brief(*x))),
        Value::List(list) => Some(match short_list(list) {
            Some(numbers) => format!("{name} = ({numbers})"),
            None => {
                let (path, number) = first_non_finite(list)?;
                format!("{name}{path} = {}", number.map_or("a value".to_owned(), brief))
            }
        }),
        Value::Map(_) => Some(format!("an entry of {name}")),
        _ => None,
    }
}

/// Formats a list of a few numbers, or the only row of a matrix.
fn short_list(list: &[Value]) -> Option<String> {
    if let [Value::List(row)] = list {
        return short_list(row);
    }
    let numbers: Option<Vec<String>> = list.iter().map(|value| value.as_f64().map(distinct)).collect();
    numbers.filter(|numbers| numbers.len() <= MAX_SHOWN_ENTRIES).map(|numbers| numbers.join(", "))
}

/// Returns the indices of the first entry that is not finite, and its value if the record has it.
fn first_non_finite(list: &[Value]) -> Option<(String, Option<f64>)> {
    let (index, value) = list.iter().enumerate().find(|(_, value)| is_non_finite(value))?;
    match value {
        Value::List(inner) => first_non_finite(inner).map(|(path, number)| (format!("[{index}]{path}"), number)),
        other => Some((format!("[{index}]"), other.as_f64())),
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnose;
    use record::{Category, Failure, Map, Value};

    fn suggestions(category: Category, parameters: &str, event: &str) -> Vec<String> {
        let mut failure = Failure::new("solve", "§2", "SolverError", "it failed");
        failure.context.category = Some(category);
        failure.parameters = serde_json::from_str::<Map>(parameters).unwrap();
        failure.context.event = serde_json::from_str::<Map>(event).unwrap();
        diagnose(&mut failure);
        failure.suggested_fixes
    }

    fn first(parameters: &str) -> String {
        suggestions(Category::LineSearch, parameters, "{}").into_iter().next().unwrap_or_default()
    }

    #[test]
    fn a_parameter_that_is_not_finite_comes_first_in_every_category() {
        for category in Category::all() {
            let fixes = suggestions(*category, r#"{"p": ["NaN", 1.0]}"#, "{}");
            let expected = "p = (NaN, 1) is an input that is not finite.";
            assert!(fixes.first().is_some_and(|fix| fix.starts_with(expected)), "{category:?}: {fixes:?}");
        }
    }

    #[test]
    fn the_entry_is_named() {
        for (parameters, text) in [
            (r#"{"v": [[1.0, "NaN", 3.0]]}"#, "v = (1, NaN, 3) is"),
            (r#"{"v": [0.0, 1.0, 2.0, 3.0, 4.0, "NaN"]}"#, "v[5] = NaN is"),
            (r#"{"m": [[1.0, 2.0], [3.0, "-Infinity"]]}"#, "m[1][1] = -infinity is"),
            (r#"{"options": {"tol": "NaN"}}"#, "options.tol = NaN is"),
            (r#"{"x": "Infinity"}"#, "x = infinity is"),
            (r#"{"v": {"summary": "array", "length": 1000, "non_finite": 2}}"#, "an entry of v is"),
        ] {
            let fix = first(parameters);
            let fix = fix[..1].to_lowercase() + &fix[1..];
            assert!(fix.starts_with(text), "{parameters}: {fix}");
        }
    }

    #[test]
    fn limits_may_be_infinite() {
        for parameters in [
            r#"{"upper_bound": "Infinity"}"#,
            r#"{"t_end": "Infinity"}"#,
            r#"{"max_step": "Infinity"}"#,
            r#"{"bounds": [["-Infinity", "Infinity"]]}"#,
            r#"{"options": {"hmax_limit": "Infinity"}}"#,
            r#"{"b": "Infinity"}"#,
            r#"{"lower": {"summary": "array", "length": 1000, "non_finite": 1000}}"#,
        ] {
            assert!(!first(parameters).contains("not finite"), "{parameters}");
        }
        assert!(first(r#"{"upper_bound": "NaN"}"#).contains("not finite"));
        assert!(first(r#"{"bounds": ["NaN", "Infinity"]}"#).contains("not finite"));
    }

    #[test]
    fn a_result_that_is_not_finite_is_named() {
        for (event, text) in [
            (r#"{"returned": "NaN"}"#, "returned = NaN"),
            (r#"{"returned": {"state": {"x": [1.0, "NaN"]}}}"#, "returned.state.x = (1, NaN)"),
        ] {
            let fixes = suggestions(Category::Other, "{}", event);
            assert!(fixes.first().is_some_and(|fix| fix.contains(text)), "{event}: {fixes:?}");
            assert!(fixes.iter().all(|fix| !fix.contains("input that is not finite")), "{fixes:?}");
        }
        let both = suggestions(Category::Other, r#"{"p": "NaN"}"#, r#"{"returned": "NaN"}"#);
        assert!(both[0].starts_with("p = NaN") && both[1].contains("returned = NaN"), "{both:?}");
        let finite = suggestions(Category::Other, "{}", r#"{"returned": {"limit": "Infinity", "x": 1.0}}"#);
        assert!(finite.is_empty(), "{finite:?}");
    }

    #[test]
    fn an_empty_result_is_no_empty_input() {
        let fixes = suggestions(Category::Other, "{}", r#"{"returned": []}"#);
        assert!(fixes.is_empty(), "{fixes:?}");
        let value = Value::List(Vec::new());
        assert!(!super::is_non_finite(&value));
    }
}
