//! The value that a function returned, in the event of its failure.

use crate::phrases::WordSequence;
use crate::value::{Map, Value};

/// The entry of the event with the value that `fail_if` rejected.
pub const RETURNED: &str = "returned";

/// Words of the names of texts that state an outcome. A name or a method does not.
const OUTCOME_NAMES: [&str; 20] = [
    "reason",
    "status",
    "message",
    "msg",
    "termination",
    "terminated",
    "outcome",
    "error",
    "info",
    "flag",
    "code",
    "state",
    "result",
    "cause",
    "exit",
    "stop",
    "stopped",
    "report",
    "verdict",
    "diagnosis",
];

/// Maximum number of texts.
const MAX_TEXTS: usize = 16;

/// Maximum depth of objects and lists in the returned value.
const MAX_DEPTH: usize = 2;

/// Returns the texts of the returned value that state an outcome, and their paths in the record.
pub fn returned_texts(event: &Map) -> Vec<(String, &str)> {
    let mut texts = Vec::new();
    if let Some(returned) = event.get(RETURNED) {
        collect(returned, format!("context.event.{RETURNED}"), MAX_DEPTH, &mut texts);
    }
    texts
}

fn collect<'a>(value: &'a Value, path: String, depth: usize, texts: &mut Vec<(String, &'a str)>) {
    match value {
        Value::String(text) if texts.len() < MAX_TEXTS => texts.push((path, text)),
        // The entries of a tuple have no names.
        Value::List(list) if depth > 0 => {
            for (index, value) in list.iter().enumerate().take(MAX_TEXTS) {
                collect(value, format!("{path}[{index}]"), depth - 1, texts);
            }
        }
        Value::Map(map) if depth > 0 => {
            let states_outcome = |name: &str| WordSequence::of(name).iter().any(|word| OUTCOME_NAMES.contains(&word));
            for (name, value) in map.iter().filter(|(name, value)| value.as_str().is_none() || states_outcome(name)) {
                collect(value, format!("{path}.{name}"), depth - 1, texts);
            }
        }
        _ => {}
    }
}

/// Returns true if the returned value contains NaN.
pub fn returned_nan(event: &Map) -> bool {
    event.get(RETURNED).is_some_and(contains_nan)
}

fn contains_nan(value: &Value) -> bool {
    match value {
        Value::Float(x) => x.is_nan(),
        Value::List(list) => list.iter().any(contains_nan),
        Value::Map(map) => map.iter().any(|(_, value)| contains_nan(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Map {
        serde_json::from_str(&format!("{{\"returned\": {json}}}")).unwrap()
    }

    #[test]
    fn outcomes_are_found_one_level_deep() {
        for (json, texts) in [
            ("\"MaxItersReached\"", vec![("context.event.returned", "MaxItersReached")]),
            (r#"{"norm": 0.5, "reason": "A"}"#, vec![("context.event.returned.reason", "A")]),
            (r#"{"state": {"exit_flag": "B"}}"#, vec![("context.event.returned.state.exit_flag", "B")]),
            (r#"[1.0, "no convergence"]"#, vec![("context.event.returned[1]", "no convergence")]),
            (r#"{"method": "gmres", "name": "singular"}"#, vec![]),
            (r#"{"a": {"b": {"reason": "too deep"}}}"#, vec![]),
            ("{\"converged\": false}", vec![]),
        ] {
            let event = event(json);
            let found = returned_texts(&event);
            assert_eq!(found.iter().map(|(path, text)| (path.as_str(), *text)).collect::<Vec<_>>(), texts, "{json}");
        }
    }

    #[test]
    fn nan_is_found_at_any_depth() {
        for (json, is_there) in
            [("\"NaN\"", true), (r#"{"a": [[1.0, "NaN"]]}"#, true), ("\"Infinity\"", false), ("[1.0]", false)]
        {
            assert_eq!(returned_nan(&event(json)), is_there, "{json}");
        }
    }
}
