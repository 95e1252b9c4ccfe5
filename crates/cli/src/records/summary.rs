//! The fields of a record that lists need. Other fields, such as the trail and the stack, are not deserialized.

use std::path::Path;

use chrono::{DateTime, Utc};
use record::internal::parse;
use record::{Category, Failure};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use crate::screen::one_line;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Summary {
    pub(crate) timestamp: DateTime<Utc>,
    pub(crate) computation: String,
    pub(crate) theoretical_ref: String,
    pub(crate) error_type: String,
    pub(crate) error_message: String,
    pub(crate) context: SummaryContext,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SummaryContext {
    #[serde(default, deserialize_with = "deserialize_valid_uuid")]
    pub(crate) id: Option<Uuid>,
    pub(crate) session_id: Option<String>,
    #[serde(default)]
    pub(crate) fingerprint: String,
    pub(crate) category: Option<Category>,
}

/// Other programs may use ids that are not UUIDs.
fn deserialize_valid_uuid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    let id = serde_json::Value::deserialize(deserializer)?;
    Ok(id.as_str().and_then(|text| text.parse().ok()))
}

impl Summary {
    pub(crate) fn read(json: &[u8]) -> serde_json::Result<Self> {
        // `parse` repairs values that serde_json rejects, which is seldom necessary and slower.
        let mut summary: Summary = serde_json::from_slice(json).or_else(|error| parse(json).map_err(|_| error))?;
        if summary.context.fingerprint.is_empty() {
            // Other programs write no fingerprint. It is computed from errors and spans.
            let failure: Failure = parse(json)?;
            summary.context.fingerprint = failure.fingerprint().into_owned();
        }
        Ok(summary)
    }

    /// The last digits of the id, or the file name if the record has no id. The first digits are the time, so they
    /// would not distinguish records.
    pub(crate) fn short_id(&self, path: &Path) -> String {
        const SHORT_ID_DIGITS: usize = 8;
        match self.context.id {
            Some(id) => id.simple().to_string()[32 - SHORT_ID_DIGITS..].to_owned(),
            None => one_line(&path.file_stem().unwrap_or_default().to_string_lossy()).into_owned(),
        }
    }

    pub(crate) fn category(&self) -> &'static str {
        self.context.category.map_or("", Category::name)
    }

    /// The error type and message on one line.
    pub(crate) fn error(&self) -> String {
        one_line(&format!("{}: {}", self.error_type, self.error_message)).into_owned()
    }
}
