//! Group after group: one question for each.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, Utc};
use tracing_failure_advice::{Advice, Advisor};

use super::options::Options;
use super::saving::{is_kept, print_error_text, save_answer, warn_if_not_cached};
use crate::records::{Collector, Progress, RecordFile, Selection, Summary, list_records, open_record, scan};
use crate::screen::{Screen, count, in_words, one_line, paint, report};

/// So many errors one after the other, and the next would be one as well.
const MAX_CONSECUTIVE_ERRORS: usize = 3;

/// A group: how many there are, and which is the newest.
struct LatestOfGroup {
    count: usize,
    latest: (DateTime<Utc>, PathBuf),
}

#[derive(Default)]
struct LatestCollector(HashMap<String, LatestOfGroup>);

impl Collector for LatestCollector {
    fn add(&mut self, path: &Path, failure: Summary, _json: &[u8], wanted: bool) {
        if wanted {
            self.insert(
                failure.context.fingerprint,
                LatestOfGroup { count: 1, latest: (failure.timestamp, path.to_owned()) },
            );
        }
    }

    fn join(&mut self, other: Self) {
        other.0.into_iter().for_each(|(fingerprint, group)| self.insert(fingerprint, group));
    }
}

impl LatestCollector {
    fn insert(&mut self, fingerprint: String, group: LatestOfGroup) {
        match self.0.get_mut(&fingerprint) {
            Some(known) => {
                known.count += group.count;
                known.latest = std::cmp::max(known.latest.clone(), group.latest);
            }
            None => drop(self.0.insert(fingerprint, group)),
        }
    }

    /// The largest first.
    fn by_size(self) -> Vec<LatestOfGroup> {
        let mut groups: Vec<LatestOfGroup> = self.0.into_values().collect();
        groups.sort_by(|a, b| (b.count, &b.latest).cmp(&(a.count, &a.latest)));
        groups
    }
}

/// Whether all of them were answered, and no file was left out.
pub(super) fn run(options: &Options, advisor: &Advisor, dir: &Path, screen: &mut Screen) -> Result<bool> {
    let (groups, is_complete) = groups(&options.selection, dir)?;
    let total = groups.len();
    let wanted = if options.limit == 0 { total } else { options.limit.min(total) };
    let mut progress = Progress::for_questions(wanted);
    let (mut failed, mut consecutive) = (0, 0);
    for (done, group) in groups.iter().take(wanted).enumerate() {
        progress.set_position(done);
        let answered = progress.suspend(|| ask_about(group, options, advisor, dir, screen));
        let left = wanted - done - 1;
        match answered {
            Ok(AnswerOutcome::Printed) => consecutive = 0,
            Ok(AnswerOutcome::Unprinted(why)) => {
                drop(progress);
                report(format_args!("failures: {why}; {} not asked", count(left, "group")));
                return Ok(false);
            }
            Err(error) => {
                progress
                    .suspend(|| report(format_args!("failures: {}: {}", group.latest.1.display(), in_words(&error))));
                failed += 1;
                consecutive += 1;
            }
        }
        let tokens = advisor.used_tokens();
        if consecutive == MAX_CONSECUTIVE_ERRORS && done + 1 < wanted {
            drop(progress);
            report(format_args!(
                "failures: {MAX_CONSECUTIVE_ERRORS} errors one after the other: the rest is not asked"
            ));
            return Ok(false);
        }
        if options.max_tokens.is_some_and(|most| tokens >= most) && done + 1 < wanted {
            drop(progress);
            report(format_args!("{tokens} tokens used: {} not asked (--max-tokens)", count(left, "group")));
            return Ok(failed == 0 && is_complete);
        }
    }
    drop(progress);
    if total > wanted {
        report(format_args!("{wanted} of {}; all of them: --limit 0", count(total, "group")));
    }
    if total == 0 {
        report(format_args!("no failures{} in {}", options.selection.kind_suffix(), dir.display()));
    }
    Ok(failed == 0 && is_complete)
}

fn groups(selection: &Selection, dir: &Path) -> Result<(Vec<LatestOfGroup>, bool)> {
    let (groups, skipped) = scan(&list_records(dir)?, selection, LatestCollector::default);
    skipped.report_all();
    Ok((groups.by_size(), skipped.is_empty()))
}

/// What became of an answer.
enum AnswerOutcome {
    Printed,
    /// Nobody reads what is printed: to ask further questions would be a waste.
    Unprinted(String),
}

/// Asks about the newest of a group, saves the answer where that is wanted, and prints it.
fn ask_about(
    group: &LatestOfGroup,
    options: &Options,
    advisor: &Advisor,
    dir: &Path,
    screen: &mut Screen,
) -> Result<AnswerOutcome> {
    let path = group.latest.1.to_string_lossy();
    let record = open_record(&path, Some(dir))?;
    let advice = advisor.advice(&record.failure)?;
    warn_if_not_cached(&advice);
    let saved = options.save.then(|| save_answer(&record, &advice)).transpose();
    let printed = print(group, &record, &advice, saved.as_ref().ok().and_then(Option::as_ref), screen);
    let is_kept = is_kept(&advice, &saved);
    saved?;
    Ok(printed
        .map_or_else(|error| AnswerOutcome::Unprinted(print_error_text(&error, is_kept)), |()| AnswerOutcome::Printed))
}

fn print(
    group: &LatestOfGroup,
    record: &RecordFile,
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
    if advice.is_known {
        writeln!(screen, "  {}", screen.paint(paint::FAINT, "from the cache .suggestions"))?;
    }
    if let Some(saved) = saved {
        writeln!(screen, "  {}", screen.paint(paint::FAINT, saved))?;
    }
    writeln!(screen)?;
    Ok(screen.flush()?)
}
