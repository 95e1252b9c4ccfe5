//! The version and the schema of the record format.

/// Version of the record format, written to `context.schema_version`.
pub const SCHEMA_VERSION: u32 = 1;

/// The text of `io/failure.schema.json`: the JSON Schema (2020-12) that every record conforms to.
///
/// ```
/// let schema: serde_json::Value = serde_json::from_str(tracing_failure::record::SCHEMA)?;
/// assert_eq!(schema["properties"]["computation"]["type"], "string");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub const SCHEMA: &str = include_str!("../../failure.schema.json");
