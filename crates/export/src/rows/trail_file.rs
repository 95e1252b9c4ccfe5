//! The trail in the file of a record.

use std::collections::BTreeMap;
use std::path::Path;

use record::Value;
use record::internal::{parse, read_json};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RecordTrail {
    context: TrailContext,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TrailContext {
    trail: Vec<ExportedSeries>,
}

/// The rows that one place in the source code added to the trail.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ExportedSeries {
    message: Option<String>,
    span: Option<String>,
    location: Option<SeriesPlace>,
    pub(crate) dropped: u64,
    pub(crate) head: Option<u64>,
    pub(crate) elapsed_s: Vec<Value>,
    pub(crate) columns: BTreeMap<String, Vec<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SeriesPlace {
    file: Option<String>,
    line: Option<u32>,
}

impl ExportedSeries {
    /// Returns the message, the span, or the place in the source code.
    pub(crate) fn name(&self) -> String {
        let message = self.message.as_deref().filter(|message| !message.is_empty());
        message.or(self.span.as_deref()).map_or_else(|| self.place(), str::to_owned)
    }

    pub(crate) fn place(&self) -> String {
        let location = self.location.as_ref();
        let file = location.and_then(|location| location.file.as_deref()).unwrap_or("unknown file");
        match location.and_then(|location| location.line) {
            Some(line) => format!("{file}:{line}"),
            None => file.to_owned(),
        }
    }
}

/// Reads the trail of a record. A record that has gone or is malformed has none; reading the corpus reports it.
pub(crate) fn read_trail(path: &Path, json: &mut Vec<u8>) -> Vec<ExportedSeries> {
    if read_json(json, path).is_err() {
        return Vec::new();
    }
    let record = serde_json::from_slice::<RecordTrail>(json).or_else(|error| parse(json).map_err(|_| error));
    record.map(|record| record.context.trail).unwrap_or_default()
}
