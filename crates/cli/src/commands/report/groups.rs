//! The groups of equal failures in the tables of a corpus.

use std::collections::HashMap;

use ::corpus::{FailedRun, RunTable};
use ::report::ReportGroup;
use chrono::{DateTime, Utc};
use record::Failure;

use crate::records::load_json;

/// Maximum number of groups whose newest record is read.
const MAX_GROUPS: usize = 200;

/// The groups with most failures.
pub(super) struct FailureGroups {
    pub(super) groups: Vec<ReportGroup>,
    /// Number of smaller groups.
    pub(super) omitted: usize,
    /// Number of groups whose newest record cannot be read.
    pub(super) unreadable: usize,
}

/// The failures of a group before a record is read.
struct CountedGroup<'a> {
    count: u64,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    newest: &'a FailedRun,
}

/// Returns the failures that have a record, by fingerprint.
pub(super) fn failure_groups(tables: &[&RunTable]) -> FailureGroups {
    let mut counted: Vec<CountedGroup<'_>> = count(tables).into_values().collect();
    counted.sort_by_key(|group| (std::cmp::Reverse(group.count), std::cmp::Reverse(group.last)));
    let mut groups =
        FailureGroups { groups: Vec::new(), omitted: counted.len().saturating_sub(MAX_GROUPS), unreadable: 0 };
    for counted in counted.into_iter().take(MAX_GROUPS) {
        match read(counted.newest) {
            Some(failure) => {
                let mut group = ReportGroup::of(failure);
                (group.count, group.first, group.last) = (counted.count, counted.first, counted.last);
                groups.groups.push(group);
            }
            None => groups.unreadable += 1,
        }
    }
    groups
}

fn count<'a>(tables: &[&'a RunTable]) -> HashMap<&'a str, CountedGroup<'a>> {
    let mut counted: HashMap<&str, CountedGroup<'_>> = HashMap::new();
    for table in tables {
        for run in table.runs() {
            let failure = run.failure.and_then(|index| table.failures().get(index as usize));
            let (Some(newest), Some(ended)) = (failure, run.ended) else { continue };
            let (Some(fingerprint), Some(_)) = (&newest.fingerprint, &newest.path) else { continue };
            let new = CountedGroup { count: 0, first: ended, last: ended, newest };
            let group = counted.entry(fingerprint).or_insert(new);
            group.count += 1;
            group.first = group.first.min(ended);
            if ended >= group.last {
                (group.last, group.newest) = (ended, newest);
            }
        }
    }
    counted
}

fn read(run: &FailedRun) -> Option<Failure> {
    let json = load_json(run.path.as_deref()?).ok()?;
    let mut failure = Failure::from_json(&String::from_utf8_lossy(&json)).ok()?;
    diagnose::diagnose(&mut failure);
    Some(failure)
}
