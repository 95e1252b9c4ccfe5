//! Generates `io/failure.schema.json` from the types of the record.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};

use super::record::Failure;
use crate::value::{Map, Value};

pub(super) struct Timestamp;

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

pub(super) struct Id;

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "uuid",
            "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$"
        })
    }
}

impl JsonSchema for Value {
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Any JSON value. The numbers that JSON cannot hold are the strings \"NaN\", \"Infinity\" and \
                \"-Infinity\"; integers beyond 64 bits are decimal strings. An array over the limit is an object with \
                \"summary\": \"array\", its length, shape, head, tail, min, max, mean, and the count and first index of \
                entries that are not finite."
        })
    }
}

impl JsonSchema for Map {
    fn schema_name() -> Cow<'static, str> {
        "Map".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<Value>();
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}

fn generate() -> String {
    let settings = SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<Failure>();
    schema.insert("$id".into(), "urn:tracing-failure:failure:1".into());
    schema.insert("additionalProperties".into(), false.into());
    let mut schema = schema.to_value();
    keep_summaries(&mut schema);
    format!("{}\n", serde_json::to_string_pretty(&schema).unwrap())
}

/// Shortens each description to the first paragraph of the documentation. The rest is about Rust.
fn keep_summaries(schema: &mut serde_json::Value) {
    match schema {
        serde_json::Value::Object(map) => {
            name_known_formats_only(map);
            if let Some(serde_json::Value::String(text)) = map.get_mut("description") {
                let summary = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
                *text = summary.split(" [`").next().unwrap_or_default().to_owned();
            }
            map.values_mut().for_each(keep_summaries);
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(keep_summaries),
        _ => {}
    }
}

/// Removes formats that JSON Schema does not define, because validators reject them. The width of an integer becomes a
/// range.
fn name_known_formats_only(schema: &mut serde_json::Map<String, serde_json::Value>) {
    const JSON_SCHEMA_FORMATS: [&str; 2] = ["date-time", "uuid"];
    let Some(format) = schema.get("format").and_then(|format| format.as_str()).map(str::to_owned) else { return };
    if format == "uint32" {
        schema.insert("maximum".into(), u32::MAX.into());
    }
    if !JSON_SCHEMA_FORMATS.contains(&format.as_str()) {
        schema.remove("format");
    }
}

/// `UPDATE_SCHEMA=1 cargo test -p tracing-failure-record --lib schema` rewrites both files: the one in this package and
/// its copy in `io/`.
#[test]
fn the_schema_in_io_is_the_schema_of_the_types() {
    let schema = generate();
    let in_package = concat!(env!("CARGO_MANIFEST_DIR"), "/failure.schema.json");
    let in_io = concat!(env!("CARGO_MANIFEST_DIR"), "/../../io/failure.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        [in_package, in_io].iter().for_each(|path| std::fs::write(path, &schema).unwrap());
    } else {
        let update = "stale: run UPDATE_SCHEMA=1 cargo test -p tracing-failure-record --lib schema";
        assert_eq!(super::schema::SCHEMA, schema, "{update}");
        assert_eq!(std::fs::read_to_string(in_io).unwrap(), schema, "{update}");
    }
}

#[test]
fn the_reserved_names_are_the_context_keys_of_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(&generate()).unwrap();
    let keys = schema["$defs"]["Context"]["properties"].as_object().unwrap();
    for key in keys.keys() {
        assert!(super::context::RESERVED_KEYS.contains(&key.as_str()), "{key}");
    }
}

#[test]
fn the_schema_names_formats_of_json_schema_only() {
    let mut formats: Vec<&str> =
        super::schema::SCHEMA.split("\"format\": \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    formats.sort_unstable();
    formats.dedup();
    assert_eq!(formats, ["date-time", "uuid"]);
}
