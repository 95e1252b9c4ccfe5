//! The JSON Schema of an answer.

use serde_json::json;

use super::ordered::{Ordered, object};

/// Fixes that an answer has at most.
const MOST_FIXES: usize = 5;

/// What is demanded of an answer beyond its shape.
#[derive(Clone, Copy, Debug, Default)]
struct Demands {
    /// Characters of a text.
    longest_text: Option<usize>,
    /// Characters of code.
    longest_code: Option<usize>,
    /// Characters of a text that has to be there.
    shortest: Option<usize>,
    /// What a text that has to be there matches.
    pattern: Option<&'static str>,
    /// What is null may be absent as well.
    may_be_absent: bool,
}

/// The schema that a model is given, one on this machine or elsewhere.
pub(super) fn for_model(is_local: bool) -> Ordered {
    if is_local { for_local_servers() } else { for_services() }
}

/// The schema as services with a strict mode take it: every key is required, what may be absent is null, and a text is not
/// bounded, which some of them refuse.
fn for_services() -> Ordered {
    schema(Demands::default())
}

/// The schema for a server on this machine: small models fill a text without end, or not at all, where the grammar that
/// comes from the schema lets them. llama.cpp makes no grammar of a text of more than 2,000 characters.
fn for_local_servers() -> Ordered {
    schema(Demands { longest_text: Some(500), longest_code: Some(1_500), shortest: Some(1), ..Demands::default() })
}

/// What an answer is checked against.
pub(super) fn to_check() -> Ordered {
    schema(Demands {
        longest_text: Some(2_000),
        longest_code: Some(10_000),
        shortest: None,
        pattern: Some(r"\S"),
        may_be_absent: true,
    })
}

fn schema(demands: Demands) -> Ordered {
    let fixes = object([
        ("type", "array".into()),
        ("description", "What to try, the best first.".into()),
        ("minItems", 1.into()),
        ("maxItems", MOST_FIXES.into()),
        ("items", fix(demands)),
    ]);
    let confidence = object([("type", "string".into()), ("enum", json!(["low", "medium", "high"]).into())]);
    let properties = object([
        ("root_cause", needed(demands, "Why the computation failed, in a few sentences.")),
        ("fixes", fixes),
        ("confidence", confidence),
    ]);
    of_object(&["root_cause", "fixes", "confidence"], properties)
}

fn fix(demands: Demands) -> Ordered {
    let required: &[&str] =
        if demands.may_be_absent { &["change", "reason"] } else { &["change", "location", "reason", "code"] };
    let Demands { longest_text, longest_code, .. } = demands;
    let properties = object([
        ("change", needed(demands, "What to change.")),
        ("location", text_or_null("Where: a file and line, a function or a parameter.", longest_text)),
        ("reason", needed(demands, "Why it helps.")),
        ("code", text_or_null("The change as code, where it is short.", longest_code)),
    ]);
    of_object(required, properties)
}

fn of_object(required: &[&str], properties: Ordered) -> Ordered {
    object([
        ("type", "object".into()),
        ("additionalProperties", false.into()),
        ("required", json!(required).into()),
        ("properties", properties),
    ])
}

/// A text that has to be there.
fn needed(demands: Demands, what: &str) -> Ordered {
    let mut pairs = vec![("type", "string".into()), ("description", what.into())];
    pairs.extend(demands.shortest.map(|length| ("minLength", length.into())));
    pairs.extend(demands.longest_text.map(|length| ("maxLength", length.into())));
    pairs.extend(demands.pattern.map(|pattern| ("pattern", pattern.into())));
    Ordered::Object(pairs)
}

fn text_or_null(what: &str, longest: Option<usize>) -> Ordered {
    let mut pairs = vec![("type", json!(["string", "null"]).into()), ("description", what.into())];
    pairs.extend(longest.map(|length| ("maxLength", length.into())));
    Ordered::Object(pairs)
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;

    fn check_strict(schema: &Json) {
        if let Some(properties) = schema.get("properties").and_then(Json::as_object) {
            assert_eq!(schema["additionalProperties"], json!(false));
            let required: Vec<_> = schema["required"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
            assert!(properties.keys().all(|key| required.contains(&key.as_str())), "{schema}");
            properties.values().for_each(check_strict);
        }
        schema.get("items").into_iter().for_each(check_strict);
        for keyword in ["minLength", "maxLength", "pattern"] {
            assert!(schema.get(keyword).is_none(), "{schema}");
        }
    }

    #[test]
    fn a_strict_mode_takes_it() {
        check_strict(&serde_json::from_str(&for_services().to_string()).unwrap());
    }

    #[test]
    fn the_cause_is_thought_of_first() {
        let schema = for_services().to_string();
        let (_, properties) = schema.split_once("\"properties\": ").unwrap();
        let at = |key: &str| properties.find(&format!("{key:?}: ")).unwrap();
        let keys = ["root_cause", "fixes", "change", "location", "reason", "code", "confidence"];
        assert!(keys.is_sorted_by_key(|key| at(key)), "{schema}");
    }

    #[test]
    fn a_server_here_bounds_each_text() {
        let schema: Json = serde_json::from_str(&for_local_servers().to_string()).unwrap();
        let fix = &schema["properties"]["fixes"]["items"]["properties"];
        let texts =
            [&schema["properties"]["root_cause"], &fix["change"], &fix["location"], &fix["reason"], &fix["code"]];
        assert!(texts.iter().all(|text| text["maxLength"].as_u64().is_some_and(|length| length < 2_000)), "{schema}");
    }
}
