//! The fields of a record that a corpus needs. Other fields, such as the stack, are not deserialized.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use record::internal::{parse, read_json};
use record::{Failure, Map, Value};
use serde::Deserialize;
use uuid::Uuid;

use super::timestamp::TimestampReader;
use super::trail_digest::{TrailFields, digest};
use crate::table::run::{FailedRun, Session};

#[derive(Debug, Deserialize)]
struct RecordFields {
    timestamp: String,
    computation: String,
    #[serde(default)]
    theoretical_ref: String,
    error_type: String,
    error_message: String,
    #[serde(default)]
    parameters: Map,
    context: ContextFields,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContextFields {
    id: Option<Value>,
    session_id: Option<String>,
    fingerprint: Option<String>,
    category: Option<String>,
    elapsed_s: Option<Value>,
    rank: Option<u64>,
    job_id: Option<String>,
    process: Option<ProcessFields>,
    build: Option<BuildFields>,
    trail: Vec<TrailFields>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProcessFields {
    host: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BuildFields {
    git_commit: Option<String>,
    package: Option<String>,
    version: Option<String>,
}

/// A failed run as its record describes it.
#[derive(Debug)]
pub(super) struct RunRecord {
    pub(super) computation: String,
    pub(super) theoretical_ref: String,
    pub(super) ended: Option<DateTime<Utc>>,
    pub(super) duration_s: f64,
    pub(super) parameters: Map,
    pub(super) session: Session,
    pub(super) failure: FailedRun,
    /// The names and values of digests of the trail.
    pub(super) digests: Vec<(String, f64)>,
}

impl RunRecord {
    /// Reads the file of a record. Errors do not name the file.
    pub(super) fn read(path: &Path, json: &mut Vec<u8>) -> Result<Self, String> {
        read_json(json, path).map_err(|error| error.to_string())?;
        Self::parse(path.to_owned(), json).map_err(|error| error.to_string())
    }

    fn parse(path: PathBuf, json: &[u8]) -> serde_json::Result<Self> {
        // `parse` repairs values that serde_json rejects, which is seldom necessary and slower.
        let fields: RecordFields = serde_json::from_slice(json).or_else(|error| parse(json).map_err(|_| error))?;
        let context = fields.context;
        let digests = digest(context.trail);
        let fingerprint = match context.fingerprint.filter(|fingerprint| !fingerprint.is_empty()) {
            Some(fingerprint) => fingerprint,
            // Other programs write no fingerprint.
            None => parse::<Failure>(json)?.fingerprint().into_owned(),
        };
        let mut session = Session::new(context.session_id.unwrap_or_default());
        session.host = context.process.and_then(|process| process.host);
        session.rank = context.rank;
        session.job_id = context.job_id;
        let build = context.build.unwrap_or_default();
        (session.git_commit, session.package, session.version) = (build.git_commit, build.package, build.version);
        Ok(RunRecord {
            computation: fields.computation,
            theoretical_ref: fields.theoretical_ref,
            ended: TimestampReader::default().read(&fields.timestamp),
            duration_s: context.elapsed_s.and_then(|elapsed| elapsed.as_f64()).unwrap_or(f64::NAN),
            parameters: fields.parameters,
            session,
            failure: FailedRun {
                id: context.id.and_then(|id| Uuid::try_parse(id.as_str()?).ok()),
                path: Some(path),
                category: context.category,
                fingerprint: Some(fingerprint),
                error_type: Some(fields.error_type),
                error_message: Some(fields.error_message),
            },
            digests,
        })
    }
}
