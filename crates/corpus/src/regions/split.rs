//! Holds sessions out, to check rules that were found without them.

use sha2::{Digest, Sha256};

use region::RunCounts;

/// Minimum number of failures on each side.
const MIN_FAILURES: u64 = 2;

/// Returns the sessions to hold out: about a third of the failures. Returns none if one side would have too few
/// failures or no successes.
///
/// Runs of a session resemble each other, so a session is never divided.
pub(super) fn held_out_sessions(sessions: &[(String, RunCounts)]) -> Vec<String> {
    let mut order: Vec<&(String, RunCounts)> = sessions.iter().collect();
    order.sort_by_cached_key(|(id, counts)| (std::cmp::Reverse(counts.failed), Sha256::digest(id).to_vec()));
    let (mut training, mut held_out) = (RunCounts::default(), RunCounts::default());
    let mut ids = Vec::new();
    for (id, counts) in order {
        // The side that is further from its share receives the session.
        let lacks = |side: RunCounts, share: u64| (side.failed * share, side.runs * share);
        if lacks(held_out, 2) < lacks(training, 1) {
            held_out += *counts;
            ids.push(id.clone());
        } else {
            training += *counts;
        }
    }
    let is_useful = |side: RunCounts| side.failed >= MIN_FAILURES && side.failed < side.runs;
    if is_useful(training) && is_useful(held_out) { ids } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(counts: &[(u64, u64)]) -> Vec<(String, RunCounts)> {
        let session = |(index, &(failed, runs)): (usize, &(u64, u64))| (index.to_string(), RunCounts { failed, runs });
        counts.iter().enumerate().map(session).collect()
    }

    #[test]
    fn a_third_of_the_failures_is_held_out() {
        let sessions = sessions(&[(10, 100); 9]);
        assert_eq!(held_out_sessions(&sessions).len(), 3);
    }

    #[test]
    fn one_session_cannot_be_divided() {
        assert!(held_out_sessions(&sessions(&[(10, 100)])).is_empty());
        assert!(held_out_sessions(&sessions(&[(10, 100), (0, 100)])).is_empty());
        assert!(held_out_sessions(&[]).is_empty());
    }
}
