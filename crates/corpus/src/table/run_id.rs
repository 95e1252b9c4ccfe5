//! The identity of a run, wherever it is read from.

use std::collections::HashMap;
use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::run::RunFacts;
use super::run_table::RunTable;

/// The identity of a run within its computation. It is the same in closing lines, records and exported files.
///
/// The id of a failed run is that of its failure. The id of another run is computed from its session, end, duration and
/// outcome. Runs in which all of these agree are numbered.
///
/// ```
/// use tracing_failure_corpus::{RunFacts, RunOutcome, RunTable, run_ids};
///
/// let mut runs = RunTable::new("rg_flow");
/// runs.push(RunFacts::new(RunOutcome::Ok), []);
/// runs.push(RunFacts::new(RunOutcome::Ok), []);
/// let ids = run_ids(&runs);
/// assert_ne!(ids[0], ids[1]);
/// assert_eq!(ids[0].to_string().len(), 36);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(u128);

impl RunId {
    /// Reads the text form.
    ///
    /// ```
    /// use tracing_failure_corpus::RunId;
    ///
    /// assert!(RunId::parse("01a2147a-258e-7354-a860-61321fc68876").is_some());
    /// assert!(RunId::parse("17").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(|id| RunId(id.as_u128()))
    }

    /// Appends the text form. Returns true.
    ///
    /// ```
    /// let (id, mut text) = (tracing_failure_corpus::RunId::parse("01a2147a-258e-7354-a860-61321fc68876"), Vec::new());
    /// assert!(id.is_some_and(|id| id.write(&mut text)) && text.starts_with(b"01a2147a-"));
    /// ```
    pub fn write(self, text: &mut Vec<u8>) -> bool {
        text.extend_from_slice(Uuid::from_u128(self.0).hyphenated().encode_lower(&mut [0; 36]).as_bytes());
        true
    }

    fn of(bytes: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        // A UUID of version 8 has any content. Failures have ids of version 7.
        RunId(uuid::Builder::from_custom_bytes(half).into_uuid().as_u128())
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_u128(self.0).hyphenated().fmt(f)
    }
}

/// Returns the ids of all runs of a table, in the order of the runs.
///
/// ```
/// use tracing_failure_corpus::{RunTable, run_ids};
///
/// assert!(run_ids(&RunTable::new("rg_flow")).is_empty());
/// ```
pub fn run_ids(table: &RunTable) -> Vec<RunId> {
    ids_of(table, table.runs().iter(), table.len())
}

/// Returns the ids of some runs of a table, which are in order. If they are those of a session that ended in some time,
/// or more, their ids are those that [`run_ids`] returns.
///
/// ```
/// use tracing_failure_corpus::{RunFacts, RunOutcome, RunTable, run_ids, run_ids_among};
///
/// let mut runs = RunTable::new("rg_flow");
/// runs.push(RunFacts::new(RunOutcome::Ok), []);
/// assert_eq!(run_ids_among(&runs, &[0]), run_ids(&runs));
/// ```
///
/// # Panics
///
/// If there is no such run.
pub fn run_ids_among(table: &RunTable, runs: &[u32]) -> Vec<RunId> {
    ids_of(table, runs.iter().map(|&run| &table.runs()[run as usize]), runs.len())
}

fn ids_of<'a>(table: &RunTable, runs: impl Iterator<Item = &'a RunFacts>, len: usize) -> Vec<RunId> {
    let mut counts = HashMap::<RunId, u32>::with_capacity(len);
    let mut bytes = Vec::new();
    let ids = runs.map(|run| {
        let failure = run.failure.and_then(|failure| table.failures().get(failure as usize)?.id);
        let base = failure.map(|id| RunId(id.as_u128())).unwrap_or_else(|| {
            bytes.clear();
            // Exported files have microseconds.
            bytes.extend(run.ended.map_or(i64::MIN, |ended| ended.timestamp_micros()).to_le_bytes());
            let duration = if run.duration_s.is_nan() { f64::NAN } else { run.duration_s };
            bytes.extend(duration.to_bits().to_le_bytes());
            bytes.extend(run.outcome.name().as_bytes());
            bytes.push(b'/');
            let session = table.sessions().get(run.session as usize);
            bytes.extend(session.map_or("", |session| &session.id).as_bytes());
            RunId::of(&bytes)
        });
        let count = counts.entry(base).or_default();
        *count += 1;
        match *count {
            1 => base,
            number => {
                bytes.clear();
                bytes.extend(base.0.to_le_bytes());
                bytes.extend(number.to_le_bytes());
                RunId::of(&bytes)
            }
        }
    });
    ids.collect()
}
