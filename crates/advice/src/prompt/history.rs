//! The same failure in other runs, and its fixes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, Utc};
use record::{Failure, Map, Resolution, redact_text};
use serde::Deserialize;
use uuid::Uuid;

use super::budget::Section;
use super::excerpt::excerpt_start;
use record::internal::ParameterSummary;
use record::internal::{existing_store, parse, read_json};
use text::count;

/// Minimum number of files per thread.
const FILES_PER_THREAD: usize = 16;
/// Minimum number of threads. With more threads than cores, the disk is busy while other threads parse.
const MIN_THREADS: usize = 4;
/// Maximum number of parameters that are compared.
const MAX_PARAMETERS: usize = 64;

/// The records with the same fingerprint.
#[derive(Debug, Default)]
pub(crate) struct FailureHistory {
    /// Times and ids of the records. A record and its copy are one failure.
    ids: BTreeSet<(DateTime<Utc>, Uuid)>,
    /// Number of records without an id.
    without_id: usize,
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    parameters: Option<ParameterSummary>,
    /// The fixes, latest first.
    fixes: Vec<Resolution>,
    /// The hosts of the records. A fix may contain their names.
    hosts: BTreeSet<String>,
}

/// The part of a record that is read.
#[derive(Deserialize)]
struct PastRecord {
    timestamp: DateTime<Utc>,
    parameters: Map,
    context: PastContext,
}

#[derive(Deserialize)]
struct PastContext {
    #[serde(default)]
    id: serde_json::Value,
    #[serde(default)]
    fingerprint: String,
    resolution: Option<Resolution>,
    process: Option<PastProcess>,
}

#[derive(Deserialize)]
struct PastProcess {
    host: Option<String>,
}

impl FailureHistory {
    /// Reads the records and resolutions of a directory that have the fingerprint of the failure.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read.
    pub(crate) fn of(failure: &Failure, dir: &Path) -> Result<Self> {
        let fingerprint = failure.fingerprint();
        let store = existing_store(dir)?;
        let mut history = FailureHistory::in_files(&store.paths()?, &fingerprint);
        history.fixes.extend(store.resolutions(&fingerprint));
        history.fixes.sort_by(|a, b| (b.time, &b.fix).cmp(&(a.time, &a.fix)));
        history.fixes.dedup_by(|a, b| a.fix == b.fix);
        Ok(history)
    }

    /// Reads the files on all cores. Files that are not records are skipped.
    fn in_files(files: &[PathBuf], fingerprint: &str) -> FailureHistory {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let threads = cores.max(MIN_THREADS).min(files.len().div_ceil(FILES_PER_THREAD)).max(1);
        let mut history = FailureHistory::default();
        std::thread::scope(|scope| {
            let parts = files.chunks(files.len().div_ceil(threads).max(1));
            let readers: Vec<_> =
                parts.map(|part| scope.spawn(|| FailureHistory::in_part(part, fingerprint))).collect();
            readers
                .into_iter()
                .for_each(|reader| history.merge(reader.join().unwrap_or_else(|panic| resume_unwind(panic))));
        });
        history
    }

    /// Reads some of the files.
    fn in_part(files: &[PathBuf], fingerprint: &str) -> FailureHistory {
        let (mut history, mut json) = (FailureHistory::default(), Vec::new());
        for path in files {
            history.merge(FailureHistory::in_file(path, fingerprint, &mut json).unwrap_or_default());
        }
        history
    }

    /// Returns `None` if the file contains another failure.
    fn in_file(path: &Path, fingerprint: &str, json: &mut Vec<u8>) -> Option<FailureHistory> {
        read_json(json, path).ok()?;
        if !may_contain_fingerprint(json, fingerprint) {
            return None;
        }
        let record: PastRecord = parse(json).ok()?;
        let is_same = match &*record.context.fingerprint {
            // Other programs write no fingerprint. It is computed from errors and spans.
            "" => parse::<Failure>(json).ok()?.fingerprint() == fingerprint,
            stored => stored == fingerprint,
        };
        let id: Option<Uuid> = record.context.id.as_str().and_then(|id| id.parse().ok());
        is_same.then(|| FailureHistory {
            ids: id.into_iter().map(|id| (record.timestamp, id)).collect(),
            without_id: usize::from(id.is_none()),
            first: Some(record.timestamp),
            last: Some(record.timestamp),
            parameters: Some(ParameterSummary::of(&redact_parameters(record.parameters))),
            fixes: record.context.resolution.into_iter().collect(),
            hosts: record.context.process.and_then(|process| process.host).into_iter().collect(),
        })
    }

    fn merge(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.without_id += other.without_id;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.into_iter().chain(other.last).max();
        match (&mut self.parameters, other.parameters) {
            (Some(known), Some(parameters)) => known.join(parameters, false),
            (known @ None, parameters) => *known = parameters,
            (Some(_), None) => {}
        }
        self.fixes.extend(other.fixes);
        self.hosts.extend(other.hosts);
    }

    fn occurrences(&self) -> usize {
        self.ids.len() + self.without_id
    }

    pub(super) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().map(String::as_str)
    }

    /// The section about earlier occurrences. Fixes are redacted before they are truncated.
    pub(super) fn section(&self, redacts: bool) -> Option<Section> {
        let mut text = String::new();
        for fix in self.fixes.iter().take(3) {
            text += &format!("earlier fix: {}\n", excerpt_start(&fix_text(&fix.fix, redacts), 600).replace('\n', " "));
        }
        if let (Some(first), Some(last), Some(parameters)) = (self.first, self.last, &self.parameters)
            && self.occurrences() > 1
        {
            text += &format!("{} since {}, the last {}\n", count(self.occurrences(), "time"), day(first), day(last));
            let differing = parameters.differing();
            if !differing.is_empty() {
                text += &excerpt_start(&format!("parameters that vary: {differing}"), 1_200);
            }
        }
        Section::new("Earlier occurrences of the same failure", 72, vec![text])
    }
}

fn fix_text(fix: &str, redacts: bool) -> Cow<'_, str> {
    if redacts { redact_text(fix) } else { Cow::Borrowed(fix) }
}

fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}

/// Redacts parameters. Records of other programs may contain secrets.
fn redact_parameters(parameters: Map) -> Map {
    let mut failure = Failure::new("", "", "", "");
    failure.parameters =
        parameters.iter().take(MAX_PARAMETERS).map(|(name, value)| (name.to_owned(), value.clone())).collect();
    failure.redact();
    failure.parameters
}

/// Returns false if the JSON contains another fingerprint. Searching the text is faster than parsing it.
fn may_contain_fingerprint(json: &[u8], fingerprint: &str) -> bool {
    std::str::from_utf8(json).map_or(true, |text| text.contains(fingerprint) || !has_fingerprint(text))
}

/// Returns true if the JSON contains a fingerprint in the standard form. Other programs may use other forms.
fn has_fingerprint(text: &str) -> bool {
    let values = text.split("\"fingerprint\"").skip(1);
    let mut values = values.map(|value| value.trim_start_matches([':', ' ', '\t', '\n', '\r', '"']));
    let is_standard_form = |value: &str| value.len() == 16 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    values.any(|value| value.split('"').next().is_some_and(is_standard_form))
}
