//! The comparison of a failure with the last good run.

use std::path::Path;

use ::corpus::{Cell, RunTable};
use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use record::{Failure, Value};
use serde::Serialize;

use super::compared_values::ComparedValues;
use crate::corpus::{CorpusSource, failed_run};

/// A failure and the last good run before it, with the values that the log has of both.
pub(super) struct GoodRunComparison {
    pub(super) failure: ComparedValues,
    pub(super) good: ComparedValues,
    pub(super) good_run: GoodRun,
    /// True if no input was skipped.
    pub(super) is_complete: bool,
}

/// The good run.
#[derive(Debug, Serialize)]
pub(super) struct GoodRun {
    pub(super) session: String,
    pub(super) ended: Option<DateTime<Utc>>,
    /// True if no run succeeded before the failure, so that a later one is compared.
    pub(super) is_later: bool,
    /// True if the trails are compared.
    pub(super) has_trail: bool,
}

pub(super) fn compare(failure: &Failure, source: &CorpusSource, dir: Option<&Path>) -> Result<GoodRunComparison> {
    let corpus = source.open(dir, Some(&failure.computation))?;
    let name = &failure.computation;
    let table = corpus.table(name).with_context(|| format!("there are no runs of {name}"))?;
    let Some(failed) = failed_run(failure, table) else {
        bail!("the failure is not among the runs of {name} that were read: name its directory with --from");
    };
    let Some((good, is_later)) = last_success(table, failure.timestamp) else {
        bail!("no run of {name} has succeeded, so there is no good run to compare with");
    };
    let facts = &table.runs()[good];
    // The log of a success has a trail only if the program asks for it.
    let has_trail = digests(table, good).next().is_some();
    let session = table.sessions().get(facts.session as usize).map(|session| session.id.clone()).unwrap_or_default();
    Ok(GoodRunComparison {
        failure: compared_values(table, failed, has_trail),
        good: compared_values(table, good, has_trail),
        good_run: GoodRun { session, ended: facts.ended, is_later, has_trail },
        is_complete: corpus.skipped().is_empty(),
    })
}

/// The last success before a time, or else the first one after it; true for the latter.
fn last_success(table: &RunTable, time: DateTime<Utc>) -> Option<(usize, bool)> {
    let successes = || (0..table.len()).filter(|&run| table.runs()[run].outcome.is_success());
    let ended = |run: &usize| table.runs()[*run].ended;
    let before = successes().filter(|run| ended(run).is_some_and(|ended| ended <= time)).max_by_key(ended);
    let after = || successes().min_by_key(ended);
    before.map(|run| (run, false)).or_else(|| Some((after()?, true)))
}

fn digests(table: &RunTable, run: usize) -> impl Iterator<Item = (&str, Cell<'_>)> {
    let present = table.digests().iter().filter(move |digest| run < digest.len());
    present.map(move |digest| (digest.name(), digest.cell(run))).filter(|(_, cell)| *cell != Cell::Missing)
}

/// The values that closing lines and their sessions have.
fn compared_values(table: &RunTable, run: usize, with_trail: bool) -> ComparedValues {
    let mut values = ComparedValues::default();
    let facts = &table.runs()[run];
    values.insert("outcome", facts.outcome.name());
    if !facts.duration_s.is_nan() {
        values.insert("duration_s", facts.duration_s);
    }
    for (name, value) in table.parameters_of(run).iter() {
        values.insert(format!("parameters.{name}"), value.clone());
    }
    for (name, cell) in digests(table, run).filter(|_| with_trail) {
        values.insert(format!("trail.{name}"), Value::from(cell));
    }
    if let Some(session) = table.sessions().get(facts.session as usize) {
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
        values.insert("session_id", session.id.as_str());
        values.insert("host", text(&session.host));
        values.insert("rank", session.rank.map_or(Value::Null, Value::from));
        values.insert("job_id", text(&session.job_id));
        values.insert("build.version", text(&session.version));
        values.insert("build.git_commit", text(&session.git_commit));
    }
    values
}
