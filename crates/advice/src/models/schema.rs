//! The JSON Schema of an answer.

use serde_json::json;

use super::ordered::{OrderedJson, object};

/// Maximum number of fixes in an answer.
const MAX_FIXES: usize = 5;

/// The constraints of a schema.
#[derive(Clone, Copy, Debug, Default)]
struct SchemaOptions {
    /// Maximum length of a text.
    max_text_length: Option<usize>,
    /// Maximum length of code.
    max_code_length: Option<usize>,
    /// Minimum length of a required text.
    min_text_length: Option<usize>,
    /// Pattern of a required text.
    pattern: Option<&'static str>,
    /// True if nullable keys may also be absent.
    optional_keys: bool,
}

/// The schema that a model receives.
pub(super) fn schema_for_model(is_local: bool) -> OrderedJson {
    if is_local { local_schema() } else { strict_schema() }
}

/// The schema for services with a strict mode. Every key is required, optional values are null, and texts have no
/// length limits, which some services reject.
fn strict_schema() -> OrderedJson {
    schema(SchemaOptions::default())
}

/// The schema for servers on this machine. Small models write endless or empty texts if the grammar of the schema
/// allows it. llama.cpp rejects limits of more than 2,000 characters.
fn local_schema() -> OrderedJson {
    schema(SchemaOptions {
        max_text_length: Some(500),
        max_code_length: Some(1_500),
        min_text_length: Some(1),
        ..SchemaOptions::default()
    })
}

/// The schema that answers are validated against.
pub(super) fn validation_schema() -> OrderedJson {
    schema(SchemaOptions {
        max_text_length: Some(2_000),
        max_code_length: Some(10_000),
        min_text_length: None,
        pattern: Some(r"\S"),
        optional_keys: true,
    })
}

fn schema(options: SchemaOptions) -> OrderedJson {
    let fixes = object([
        ("type", "array".into()),
        ("description", "What to try, the best first.".into()),
        ("minItems", 1.into()),
        ("maxItems", MAX_FIXES.into()),
        ("items", fix_schema(options)),
    ]);
    let confidence = object([("type", "string".into()), ("enum", json!(["low", "medium", "high"]).into())]);
    let properties = object([
        ("root_cause", required_text(options, "Why the computation failed, in a few sentences.")),
        ("fixes", fixes),
        ("confidence", confidence),
    ]);
    object_schema(&["root_cause", "fixes", "confidence"], properties)
}

fn fix_schema(options: SchemaOptions) -> OrderedJson {
    let required: &[&str] =
        if options.optional_keys { &["change", "reason"] } else { &["change", "location", "reason", "code"] };
    let SchemaOptions { max_text_length, max_code_length, .. } = options;
    let properties = object([
        ("change", required_text(options, "What to change.")),
        ("location", nullable_text("Where: a file and line, a function or a parameter.", max_text_length)),
        ("reason", required_text(options, "Why it helps.")),
        ("code", nullable_text("The change as code, where it is short.", max_code_length)),
    ]);
    object_schema(required, properties)
}

fn object_schema(required: &[&str], properties: OrderedJson) -> OrderedJson {
    object([
        ("type", "object".into()),
        ("additionalProperties", false.into()),
        ("required", json!(required).into()),
        ("properties", properties),
    ])
}

/// The schema of a required text.
fn required_text(options: SchemaOptions, description: &str) -> OrderedJson {
    let mut pairs = vec![("type", "string".into()), ("description", description.into())];
    pairs.extend(options.min_text_length.map(|length| ("minLength", length.into())));
    pairs.extend(options.max_text_length.map(|length| ("maxLength", length.into())));
    pairs.extend(options.pattern.map(|pattern| ("pattern", pattern.into())));
    OrderedJson::Object(pairs)
}

fn nullable_text(description: &str, max_length: Option<usize>) -> OrderedJson {
    let mut pairs = vec![("type", json!(["string", "null"]).into()), ("description", description.into())];
    pairs.extend(max_length.map(|length| ("maxLength", length.into())));
    OrderedJson::Object(pairs)
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
    fn the_schema_fits_a_strict_mode() {
        check_strict(&serde_json::from_str(&strict_schema().to_string()).unwrap());
    }

    #[test]
    fn the_cause_precedes_the_fixes() {
        let schema = strict_schema().to_string();
        let (_, properties) = schema.split_once("\"properties\": ").unwrap();
        let at = |key: &str| properties.find(&format!("{key:?}: ")).unwrap();
        let keys = ["root_cause", "fixes", "change", "location", "reason", "code", "confidence"];
        assert!(keys.is_sorted_by_key(|key| at(key)), "{schema}");
    }

    #[test]
    fn a_server_here_bounds_each_text() {
        let schema: Json = serde_json::from_str(&local_schema().to_string()).unwrap();
        let fix_schema = &schema["properties"]["fixes"]["items"]["properties"];
        let texts = [
            &schema["properties"]["root_cause"],
            &fix_schema["change"],
            &fix_schema["location"],
            &fix_schema["reason"],
            &fix_schema["code"],
        ];
        assert!(texts.iter().all(|text| text["maxLength"].as_u64().is_some_and(|length| length < 2_000)), "{schema}");
    }
}
