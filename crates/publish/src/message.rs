//! Commit messages.

use chrono::{DateTime, TimeZone};

use text::{count, shorten_to_line};

/// Maximum number of computations in a message.
const MAX_NAMES: usize = 20;
/// Maximum length of the name of a computation.
const MAX_NAME_CHARS: usize = 80;

/// The reflog message of branch moves.
pub(crate) const REFLOG_MESSAGE: &str = "Failure log";

/// The beginning of each commit message.
const SUBJECT_PREFIX: &[u8] = b"Failure log: ";

/// Returns true if the subject is that of a commit of records.
pub(crate) fn is_record_commit(subject: &[u8]) -> bool {
    let Some(time) = subject.strip_prefix(SUBJECT_PREFIX) else { return false };
    let is_digit = |(place, byte): (usize, &u8)| if place == 8 { *byte == b'_' } else { byte.is_ascii_digit() };
    time.len() == 15 && time.iter().enumerate().all(is_digit)
}

/// Returns a commit message: `Failure log: 20251227_043000`, followed by the failed computations.
pub(crate) fn message<Tz: TimeZone>(now: DateTime<Tz>, records: usize, computations: &[(String, usize)]) -> String
where
    Tz::Offset: std::fmt::Display,
{
    let named = computations.iter().take(MAX_NAMES).map(|(name, count)| match count {
        1 => shorten_to_line(name, MAX_NAME_CHARS),
        count => format!("{} ({count})", shorten_to_line(name, MAX_NAME_CHARS)),
    });
    let mut list = named.collect::<Vec<_>>().join(", ");
    if computations.len() > MAX_NAMES {
        list += &format!(", and {} others", computations.len() - MAX_NAMES);
    }
    format!("Failure log: {}\n\n{}: {list}\n", now.format("%Y%m%d_%H%M%S"), count(records, "record"))
}

/// Counts the failures of each computation, the most frequent first.
pub(crate) fn tally<'a>(computations: impl Iterator<Item = &'a str>) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for computation in computations {
        *counts.entry(computation).or_insert(0) += 1;
    }
    let mut tally: Vec<(String, usize)> = counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    tally.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_identify_commits_of_records() {
        assert!(is_record_commit(b"Failure log: 20251227_043000"));
        for other in
            ["Failure log: 20251227_043000 again", "Failure log: 20251227 04300", "failure log: 20251227_043000", ""]
        {
            assert!(!is_record_commit(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn messages_contain_time_count_and_computations() {
        let now: DateTime<chrono::Utc> = "2025-12-27T04:30:00Z".parse().unwrap();
        let tally = tally(["betti_numbers", "rg_flow_integration", "rg_flow_integration"].into_iter());
        assert_eq!(
            message(now, 3, &tally),
            "Failure log: 20251227_043000\n\n3 records: rg_flow_integration (2), betti_numbers\n"
        );
    }

    #[test]
    fn long_lists_and_multiline_names_are_shortened() {
        let names: Vec<String> = (10..40).map(|n| format!("c{n}\nSigned-off-by: nobody")).collect();
        let message = message(record::time::now(), 30, &tally(names.iter().map(String::as_str)));
        assert_eq!(message.lines().count(), 3);
        assert!(message.ends_with("c29 Signed-off-by: nobody, and 10 others\n"), "{message}");
    }
}
