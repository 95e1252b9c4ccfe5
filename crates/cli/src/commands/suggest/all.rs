//! `failures suggest --all`: one prompt for each group of failures.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use advice::{Advice, Advisor};
use anyhow::Result;
use chrono::{DateTime, Utc};

use super::options::SuggestOptions;
use super::saving::{is_stored, print_error_text, save_answer, warn_if_not_cached};
use crate::records::{Collector, Progress, RecordEntry, Selection, Summary, list_records, open_record, scan};
use crate::screen::{Screen, count, one_line, paint, report};
use text::error_chain;

/// Number of consecutive errors after which the command sends no other prompt.
const MAX_CONSECUTIVE_ERRORS: usize = 3;

/// The size of a group and its newest failure.
struct RepeatedFailure {
    count: usize,
    latest: (DateTime<Utc>, PathBuf),
}

#[derive(Default)]
struct LatestCollector(HashMap<String, RepeatedFailure>);

impl Collector for LatestCollector {
    fn add(&mut self, path: &Path, failure: Summary, _json: &[u8], matches: bool) {
        if matches {
            self.insert(
                failure.context.fingerprint,
                RepeatedFailure { count: 1, latest: (failure.timestamp, path.to_owned()) },
            );
        }
    }

    fn join(&mut self, other: Self) {
        other.0.into_iter().for_each(|(fingerprint, group)| self.insert(fingerprint, group));
    }
}

impl LatestCollector {
    fn insert(&mut self, fingerprint: String, group: RepeatedFailure) {
        match self.0.get_mut(&fingerprint) {
            Some(known) => {
                known.count += group.count;
                known.latest = std::cmp::max(known.latest.clone(), group.latest);
            }
            None => drop(self.0.insert(fingerprint, group)),
        }
    }

    /// The groups, largest first.
    fn by_size(self) -> Vec<RepeatedFailure> {
        let mut groups: Vec<RepeatedFailure> = self.0.into_values().collect();
        groups.sort_by(|a, b| (b.count, &b.latest).cmp(&(a.count, &a.latest)));
        groups
    }
}

/// Returns true if all prompts were answered and no file was skipped.
pub(super) fn run(options: &SuggestOptions, advisor: &Advisor, dir: &Path, screen: &mut Screen) -> Result<bool> {
    let (groups, is_complete) = groups(&options.selection, dir)?;
    let total = groups.len();
    let requested = if options.limit == 0 { total } else { options.limit.min(total) };
    let (all_answered, stop_reason) = ask_in_turn(&groups[..requested], options, advisor, dir, screen);
    if let Some(reason) = stop_reason {
        report(format_args!("{reason}"));
    } else if total == 0 {
        report(format_args!("no failures in {}{}", dir.display(), options.selection.filter_suffix()));
    } else if total > requested {
        report(format_args!("{requested} of {} asked about; use --limit 0 for all", count(total, "group")));
    }
    Ok(all_answered && is_complete)
}

/// Asks about one group after the other. Returns whether all prompts were answered, and why some were not sent.
fn ask_in_turn(
    groups: &[RepeatedFailure],
    options: &SuggestOptions,
    advisor: &Advisor,
    dir: &Path,
    screen: &mut Screen,
) -> (bool, Option<String>) {
    let mut progress = Progress::for_questions(groups.len());
    let (mut all_answered, mut consecutive_errors) = (true, 0);
    for (done, group) in groups.iter().enumerate() {
        progress.set_position(done);
        let left = groups.len() - done - 1;
        match progress.suspend(|| ask_about(group, options, advisor, dir, screen)) {
            Ok(AnswerOutcome::Printed) => consecutive_errors = 0,
            Ok(AnswerOutcome::Unprinted(reason)) => {
                return (false, Some(format!("failures: {reason}; {} not asked about", count(left, "group"))));
            }
            Err(error) => {
                let path = group.latest.1.display();
                progress.suspend(|| report(format_args!("failures: {path}: {}", error_chain(error.chain()))));
                all_answered = false;
                consecutive_errors += 1;
            }
        }
        if left == 0 {
            break;
        }
        if consecutive_errors == MAX_CONSECUTIVE_ERRORS {
            let reason =
                format!("failures: {consecutive_errors} consecutive errors; {} not asked about", count(left, "group"));
            return (false, Some(reason));
        }
        let tokens = advisor.used_tokens();
        if options.max_tokens.is_some_and(|max| tokens >= max) {
            let reason = format!("{tokens} tokens used: {} not asked about (--max-tokens)", count(left, "group"));
            return (all_answered, Some(reason));
        }
    }
    (all_answered, None)
}

fn groups(selection: &Selection, dir: &Path) -> Result<(Vec<RepeatedFailure>, bool)> {
    let (groups, skipped) = scan(&list_records(dir)?, selection, LatestCollector::default);
    skipped.report_all();
    Ok((groups.by_size(), skipped.is_empty()))
}

/// What happened to an answer.
enum AnswerOutcome {
    Printed,
    /// It could not be printed, for this reason. Further prompts would waste tokens.
    Unprinted(String),
}

/// Asks about the newest failure of a group, saves the answer if requested, and prints it.
fn ask_about(
    group: &RepeatedFailure,
    options: &SuggestOptions,
    advisor: &Advisor,
    dir: &Path,
    screen: &mut Screen,
) -> Result<AnswerOutcome> {
    let path = group.latest.1.to_string_lossy();
    let record = open_record(&path, Some(dir))?;
    let advice = advisor.advise(&record.failure)?;
    warn_if_not_cached(&advice);
    let saved = options.save.then(|| save_answer(&record, &advice)).transpose();
    let printed = print(group, &record, &advice, saved.as_ref().ok().and_then(Option::as_ref), screen);
    let is_stored = is_stored(&advice, &saved);
    saved?;
    Ok(printed.map_or_else(
        |error| AnswerOutcome::Unprinted(print_error_text(&error, is_stored)),
        |()| AnswerOutcome::Printed,
    ))
}

fn print(
    group: &RepeatedFailure,
    record: &RecordEntry,
    advice: &Advice,
    saved: Option<&String>,
    screen: &mut Screen,
) -> Result<()> {
    let failure = &record.failure;
    let number = screen.paint(paint::STRONG, &format!("{} ×", group.count));
    let error = one_line(&format!("{}: {}", failure.error_type, failure.error_message)).into_owned();
    writeln!(screen, "{number} {}  {}", one_line(&failure.computation), screen.paint(paint::ERROR, &error))?;
    writeln!(screen, "  {}", one_line(&advice.answer.root_cause))?;
    for suggestion in advice.suggestions() {
        writeln!(screen, "  {} {}", screen.paint(paint::GOOD, "→"), one_line(&suggestion.fix))?;
    }
    if advice.is_cached {
        writeln!(screen, "  {}", screen.paint(paint::FAINT, "cached in .suggestions"))?;
    }
    if let Some(saved) = saved {
        writeln!(screen, "  {}", screen.paint(paint::FAINT, saved))?;
    }
    writeln!(screen)?;
    Ok(screen.flush()?)
}
