//! The same failure in other runs, and what fixed it then.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use tracing_failure::{Failure, Map, Resolution, Store, redact_text};

use super::beginning;
use super::budget::Section;
use crate::commands::groups::Varies;
use crate::records::{Gather, Selection, Summary, paths, scan};
use crate::screen::count;

/// Parameters of a record that are compared with others.
const PARAMETERS: usize = 64;

/// What is known of a fingerprint.
#[derive(Debug, Default)]
pub(crate) struct Past {
    fingerprint: String,
    seen: usize,
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    parameters: Option<Varies>,
    /// What fixed it, the latest first.
    pub(crate) fixes: Vec<Resolution>,
}

/// What is read of a record beside its summary.
#[derive(Deserialize)]
struct Known {
    parameters: Map,
    context: KnownContext,
}

#[derive(Deserialize)]
struct KnownContext {
    resolution: Option<Resolution>,
}

impl Past {
    /// What the records of this directory, and what was noted beside them, tell of a failure.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read.
    pub(crate) fn of(failure: &Failure, dir: &Path) -> Result<Self> {
        let fingerprint = failure.fingerprint().into_owned();
        let new = || Past { fingerprint: fingerprint.clone(), ..Past::default() };
        let files: Vec<PathBuf> = paths(dir)?;
        let (mut past, _) = scan(&files, &Selection::default(), new)?;
        past.fixes.extend(Store::open(dir)?.resolutions(&fingerprint));
        past.fixes.sort_by(|a, b| (b.time, &b.fix).cmp(&(a.time, &a.fix)));
        past.fixes.dedup_by(|a, b| a.fix == b.fix);
        Ok(past)
    }

    /// Where it leaves the machine, fixes are redacted before they are cut.
    pub(super) fn section(&self, leaves: bool) -> Option<Section> {
        let mut text = String::new();
        for fix in self.fixes.iter().take(3) {
            text += &format!("fixed before by: {}\n", beginning(&said(&fix.fix, leaves), 600).replace('\n', " "));
        }
        if let (Some(first), Some(last), Some(parameters)) = (self.first, self.last, &self.parameters)
            && self.seen > 1
        {
            text += &format!("{} since {}, the last {}\n", count(self.seen, "time"), day(first), day(last));
            let differing = parameters.differing();
            if !differing.is_empty() {
                text += &beginning(&format!("parameters that vary: {differing}"), 1_200);
            }
        }
        Section::of("The same failure before", 72, vec![text])
    }
}

fn said(fix: &str, leaves: bool) -> Cow<'_, str> {
    if leaves { redact_text(fix) } else { Cow::Borrowed(fix) }
}

fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}

/// A record of another program may hold what ours redact.
fn without_secrets(parameters: Map) -> Map {
    let mut failure = Failure::new("", "", "", "");
    failure.parameters =
        parameters.iter().take(PARAMETERS).map(|(name, value)| (name.to_owned(), value.clone())).collect();
    failure.redact();
    failure.parameters
}

impl Gather for Past {
    fn add(&mut self, _path: &Path, failure: Summary, json: &[u8], _wanted: bool) {
        if failure.context.fingerprint != self.fingerprint {
            return;
        }
        let Ok(known) = serde_json::from_slice::<Known>(json) else { return };
        self.join(Past {
            fingerprint: String::new(),
            seen: 1,
            first: Some(failure.timestamp),
            last: Some(failure.timestamp),
            parameters: Some(Varies::of(&without_secrets(known.parameters))),
            fixes: known.context.resolution.into_iter().collect(),
        });
    }

    fn join(&mut self, other: Self) {
        self.seen += other.seen;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.into_iter().chain(other.last).max();
        match (&mut self.parameters, other.parameters) {
            (Some(known), Some(parameters)) => known.join(parameters),
            (known @ None, parameters) => *known = parameters,
            (Some(_), None) => {}
        }
        self.fixes.extend(other.fixes);
    }
}
