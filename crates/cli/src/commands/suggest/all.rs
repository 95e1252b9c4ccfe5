//! Group after group: one question for each.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, Utc};
use tracing_failure_advice::{Advice, Advisor};

use super::options::Options;
use super::saving::{is_kept, save, unprinted, warn};
use crate::records::{Gather, Picked, Progress, Selection, Summary, list, pick, scan};
use crate::screen::{Screen, count, in_words, one_line, paint, say};

/// So many errors one after the other, and the next would be one as well.
const PATIENCE: usize = 3;

/// A group: how many there are, and which is the newest.
struct Group {
    count: usize,
    latest: (DateTime<Utc>, PathBuf),
}

#[derive(Default)]
struct Groups(HashMap<String, Group>);

impl Gather for Groups {
    fn add(&mut self, path: &Path, failure: Summary, _json: &[u8], wanted: bool) {
        if wanted {
            self.put(failure.context.fingerprint, Group { count: 1, latest: (failure.timestamp, path.to_owned()) });
        }
    }

    fn join(&mut self, other: Self) {
        other.0.into_iter().for_each(|(fingerprint, group)| self.put(fingerprint, group));
    }
}

impl Groups {
    fn put(&mut self, fingerprint: String, group: Group) {
        match self.0.get_mut(&fingerprint) {
            Some(known) => {
                known.count += group.count;
                known.latest = std::cmp::max(known.latest.clone(), group.latest);
            }
            None => drop(self.0.insert(fingerprint, group)),
        }
    }

    /// The largest first.
    fn in_order(self) -> Vec<Group> {
        let mut groups: Vec<Group> = self.0.into_values().collect();
        groups.sort_by(|a, b| (b.count, &b.latest).cmp(&(a.count, &a.latest)));
        groups
    }
}

/// Whether all of them were answered, and no file was left out.
pub(super) fn run(options: &Options, advisor: &Advisor, dir: &Path, screen: &mut Screen) -> Result<bool> {
    let (groups, is_complete) = groups(&options.selection, dir)?;
    let there = groups.len();
    let wanted = if options.limit == 0 { there } else { options.limit.min(there) };
    let mut progress = Progress::of_questions(wanted);
    let (mut failed, mut in_a_row) = (0, 0);
    for (done, group) in groups.iter().take(wanted).enumerate() {
        progress.show_at(done);
        let answered = progress.aside(|| one(group, options, advisor, dir, screen));
        let left = wanted - done - 1;
        match answered {
            Ok(Answered::Printed) => in_a_row = 0,
            Ok(Answered::Unprinted(why)) => {
                drop(progress);
                say(format_args!("failures: {why}; {} not asked", count(left, "group")));
                return Ok(false);
            }
            Err(error) => {
                progress.aside(|| say(format_args!("failures: {}: {}", group.latest.1.display(), in_words(&error))));
                failed += 1;
                in_a_row += 1;
            }
        }
        let tokens = advisor.used_tokens();
        if in_a_row == PATIENCE && done + 1 < wanted {
            drop(progress);
            say(format_args!("failures: {PATIENCE} errors one after the other: the rest is not asked"));
            return Ok(false);
        }
        if options.max_tokens.is_some_and(|most| tokens >= most) && done + 1 < wanted {
            drop(progress);
            say(format_args!("{tokens} tokens used: {} not asked (--max-tokens)", count(left, "group")));
            return Ok(failed == 0 && is_complete);
        }
    }
    drop(progress);
    if there > wanted {
        say(format_args!("{wanted} of {}; all of them: --limit 0", count(there, "group")));
    }
    if there == 0 {
        say(format_args!("no failures{} in {}", options.selection.of_that_kind(), dir.display()));
    }
    Ok(failed == 0 && is_complete)
}

fn groups(selection: &Selection, dir: &Path) -> Result<(Vec<Group>, bool)> {
    let (groups, left_out) = scan(&list(dir)?, selection, Groups::default);
    left_out.tell();
    Ok((groups.in_order(), left_out.is_empty()))
}

/// What became of an answer.
enum Answered {
    Printed,
    /// Nobody reads what is printed: to ask further questions would be a waste.
    Unprinted(String),
}

/// Asks about the newest of a group, saves the answer where that is wanted, and prints it.
fn one(group: &Group, options: &Options, advisor: &Advisor, dir: &Path, screen: &mut Screen) -> Result<Answered> {
    let path = group.latest.1.to_string_lossy();
    let picked = pick(&path, Some(dir))?;
    let advice = advisor.advice(&picked.failure)?;
    warn(&advice);
    let saved = options.save.then(|| save(&picked, &advice)).transpose();
    let printed = print(group, &picked, &advice, saved.as_ref().ok().and_then(Option::as_ref), screen);
    let is_kept = is_kept(&advice, &saved);
    saved?;
    Ok(printed.map_or_else(|error| Answered::Unprinted(unprinted(&error, is_kept)), |()| Answered::Printed))
}

fn print(group: &Group, picked: &Picked, advice: &Advice, saved: Option<&String>, screen: &mut Screen) -> Result<()> {
    let failure = &picked.failure;
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
