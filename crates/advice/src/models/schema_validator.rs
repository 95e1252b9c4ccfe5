//! A validator for the part of JSON Schema that the schema of an answer uses.

use serde_json::{Map, Value as Json};

/// A violation of the schema.
#[derive(Debug, PartialEq)]
pub(super) struct Violation {
    /// JSON pointer to the value.
    pub(super) pointer: String,
    /// The violated constraint.
    pub(super) message: String,
}

/// Returns the first violation. Outer values come before inner ones.
pub(super) fn find_violation(json: &Json, schema: &Json) -> Option<Violation> {
    check_value(json, schema, "")
}

fn check_value(json: &Json, schema: &Json, pointer: &str) -> Option<Violation> {
    let violation = violation_of(json, schema).map(|message| Violation { pointer: pointer.to_owned(), message });
    violation.or_else(|| match json {
        Json::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(number, item)| check_value(item, schema.get("items")?, &format!("{pointer}/{number}")))
        }
        Json::Object(members) => {
            let inner = |name: &String| schema.get("properties")?.get(name);
            members.iter().find_map(|(name, value)| check_value(value, inner(name)?, &format!("{pointer}/{name}")))
        }
        _ => None,
    })
}

/// The violation of the value itself, without its items or members.
fn violation_of(json: &Json, schema: &Json) -> Option<String> {
    let violation = type_violation(json, schema).or_else(|| match json {
        Json::String(text) => text_violation(text, schema),
        Json::Array(items) => length_violation(items.len(), schema),
        Json::Object(members) => key_violation(members, schema),
        _ => None,
    });
    violation.or_else(|| choice_violation(json, schema))
}

fn type_violation(json: &Json, schema: &Json) -> Option<String> {
    let actual = match json {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    match schema.get("type")? {
        Json::Array(types) if !types.iter().any(|one| one == actual) => {
            let mut types = types.clone();
            types.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            Some(format!("the value is not of types {}", join_values(&types, ", ")))
        }
        Json::String(one) if one != actual => Some(format!("the value is not of type {one:?}")),
        _ => None,
    }
}

fn text_violation(text: &str, schema: &Json) -> Option<String> {
    if schema.get("pattern").is_some() && text.trim().is_empty() {
        return Some("the value is blank".to_owned());
    }
    let max_chars = schema.get("maxLength").and_then(Json::as_u64)?;
    let is_too_long = text.chars().count() as u64 > max_chars;
    is_too_long.then(|| format!("the value is longer than {max_chars} characters"))
}

fn length_violation(length: usize, schema: &Json) -> Option<String> {
    let bound = |name: &str| schema.get(name).and_then(Json::as_u64);
    let items = |bound: u64| if bound == 1 { "item" } else { "items" };
    if let Some(min) = bound("minItems").filter(|min| (length as u64) < *min) {
        return Some(format!("the value has less than {min} {}", items(min)));
    }
    let max = bound("maxItems").filter(|max| length as u64 > *max)?;
    Some(format!("the value has more than {max} {}", items(max)))
}

fn key_violation(members: &Map<String, Json>, schema: &Json) -> Option<String> {
    let required = schema.get("required").and_then(Json::as_array).into_iter().flatten();
    if let Some(missing) = required.filter_map(Json::as_str).find(|name| !members.contains_key(*name)) {
        return Some(format!("{missing:?} is a required property"));
    }
    let known = schema.get("properties")?;
    let unexpected = members.keys().filter(|name| known.get(name).is_none()).map(|name| format!("'{name}'"));
    let unexpected: Vec<String> = unexpected.collect();
    let were = if unexpected.len() == 1 { "was" } else { "were" };
    (!unexpected.is_empty())
        .then(|| format!("Additional properties are not allowed ({} {were} unexpected)", unexpected.join(", ")))
}

fn choice_violation(json: &Json, schema: &Json) -> Option<String> {
    let choices = schema.get("enum")?.as_array().filter(|choices| !choices.contains(json))?;
    Some(format!("the value is not one of {}", join_values(choices, " or ")))
}

/// Joins values as JSON, with another separator before the last.
fn join_values(values: &[Json], before_last: &str) -> String {
    let values: Vec<String> = values.iter().map(Json::to_string).collect();
    match values.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{}{before_last}{last}", rest.join(", ")),
        _ => values.concat(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::schema;

    fn answer() -> Json {
        let fix = json!({ "change": "halve it", "location": null, "reason": "stability", "code": null });
        json!({ "root_cause": "The step is too long.", "fixes": [fix, fix], "confidence": "medium" })
    }

    /// Answers with another value in one place.
    fn modified_answers() -> Vec<Json> {
        let fix = &answer()["fixes"][0];
        let values = [
            json!(null),
            json!(true),
            json!(1),
            json!(0.5),
            json!(""),
            json!(" \u{a0}\n"),
            json!("ä".repeat(2_000)),
            json!("ä".repeat(2_001)),
            json!("x".repeat(10_001)),
            json!("high"),
            json!([]),
            json!([fix, fix, fix, fix, fix, fix]),
            json!({}),
            json!({ "change": "a", "reason": "b", "z": 1, "y": 2 }),
        ];
        let places = ["", "/root_cause", "/fixes", "/fixes/0", "/fixes/1/change", "/fixes/1/location", "/fixes/0/code"];
        let with = |place: &str, value: &Json| {
            let mut answer = answer();
            *answer.pointer_mut(place).unwrap() = value.clone();
            answer
        };
        let all = places.into_iter().chain(["/confidence"]);
        all.flat_map(|place| values.iter().map(move |value| with(place, value))).collect()
    }

    #[test]
    fn violations_are_those_of_a_complete_validator() {
        let schema: Json = serde_json::from_str(&schema::validation_schema().to_string()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut misfits = 0;
        for json in modified_answers() {
            let expected: Vec<Violation> = validator
                .iter_errors(&json)
                .map(|error| {
                    let message = error.masked_with("the value").to_string();
                    let is_blank = message.contains("does not match");
                    let message = if is_blank { "the value is blank".to_owned() } else { message };
                    Violation { pointer: error.instance_path().to_string(), message }
                })
                .collect();
            match find_violation(&json, &schema) {
                Some(violation) => assert!(expected.contains(&violation), "{json}: {violation:?} and not {expected:?}"),
                None => assert!(expected.is_empty(), "{json}: {expected:?}"),
            }
            misfits += usize::from(!expected.is_empty());
        }
        assert!(misfits > 80, "{misfits}");
    }
}
