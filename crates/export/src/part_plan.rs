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
    let mut parts = BTreeMap::<(u32, Option<NaiveDate>), Vec<u32>>::new();
    for (index, run) in table.runs().iter().enumerate() {
        let failure = run.failure.and_then(|failure| table.failures().get(failure as usize)?.id);
        let failed = failure.and_then(|id| {
            let (seconds, nanos) = id.get_timestamp()?.to_unix();
            DateTime::<Utc>::from_timestamp(i64::try_from(seconds).ok()?, nanos)
        });
        let date = failed.or(run.ended).map(|time| time.date_naive());
        parts.entry((run.session, date)).or_default().push(index as u32);
    }
    let session = |index: u32| table.sessions().get(index as usize).map(|session| session.id.clone());
    let parts = parts.into_iter().map(|((index, date), runs)| PartPlan {
        session: session(index).unwrap_or_default(),
        date,
        runs,
    });
    parts.collect()
}
