//! The division of a table into parts.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use corpus::RunTable;

/// The runs of a part: those of one session on one day.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PartPlan {
    pub(crate) session: String,
    pub(crate) date: Option<NaiveDate>,
    pub(crate) runs: Vec<u32>,
}

/// Divides the runs of a table by session and date.
///
/// The date of a failed run is that of its failure, and the date of another run is that of its end, both in UTC. It
/// depends on nothing else, so every export puts a run into the same part.
pub(crate) fn plan_parts(table: &RunTable) -> Vec<PartPlan> {
    let mut positions = BTreeMap::<(u32, Option<NaiveDate>), usize>::new();
    let mut parts: Vec<PartPlan> = Vec::new();
    let mut last = None;
    for (index, run) in table.runs().iter().enumerate() {
        let failure = run.failure.and_then(|failure| table.failures().get(failure as usize)?.id);
        let failed = failure.and_then(|id| {
            let (seconds, nanos) = id.get_timestamp()?.to_unix();
            DateTime::<Utc>::from_timestamp(i64::try_from(seconds).ok()?, nanos)
        });
        let key = (run.session, failed.or(run.ended).map(|time| time.date_naive()));
        let position = match last {
            Some((last_key, position)) if last_key == key => position,
            _ => *positions.entry(key).or_insert_with(|| {
                let session = table.sessions().get(key.0 as usize);
                let session = session.map(|session| session.id.clone()).unwrap_or_default();
                parts.push(PartPlan { session, date: key.1, runs: Vec::new() });
                parts.len() - 1
            }),
        };
        last = Some((key, position));
        parts[position].runs.push(index as u32);
    }
    parts
}
