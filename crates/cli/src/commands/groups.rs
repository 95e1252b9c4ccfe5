//! `failures groups`: groups equal failures of all runs and shows which parameters vary.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use chrono::{DateTime, Utc};
use record::Map;
use record::internal::ParameterSummary;
use serde::{Deserialize, Serialize, Serializer};

use crate::exit_code::ExitCode;
use crate::records::{Collector, Selection, Summary, failures_dir, list_records, parse, scan};
use crate::screen::{Screen, count, local_time, one_line, paint, path_text, report, truncate_to_width};

/// Default number of groups.
const DEFAULT_GROUPS: usize = 25;
/// Width of the titles of lines, including the indentation.
const TITLE_COLUMNS: usize = 10;

#[derive(Debug, clap::Args)]
pub(crate) struct GroupsOptions {
    /// Maximum number of groups, largest first; 0 for all.
    #[arg(long, short = 'n', value_name = "N", default_value_t = DEFAULT_GROUPS)]
    limit: usize,
    /// Print the groups as a JSON array.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    selection: Selection,
}

/// A group of failures with the same fingerprint.
#[derive(Debug, Serialize)]
struct FailureGroup {
    fingerprint: String,
    count: usize,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    computation: String,
    theoretical_ref: String,
    error_type: String,
    /// The message of the newest failure.
    error_message: String,
    category: Option<String>,
    /// The runs with such a failure.
    #[serde(serialize_with = "serialize_len")]
    sessions: BTreeSet<String>,
    /// The file of the newest record.
    latest: String,
    /// The parameters that are equal in all failures and those that vary.
    parameters: ParameterSummary,
}

fn serialize_len<S: Serializer>(sessions: &BTreeSet<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(sessions.len() as u64)
}

pub(crate) fn run(options: &GroupsOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let dir = failures_dir(dir)?;
    let (groups, skipped) = scan(&list_records(&dir)?, &options.selection, GroupCollector::default);
    let mut groups: Vec<FailureGroup> = groups.0.into_values().collect();
    groups.sort_by(|a, b| (b.count, b.last, &a.fingerprint).cmp(&(a.count, a.last, &b.fingerprint)));
    let total = groups.len();
    if options.limit > 0 {
        groups.truncate(options.limit);
    }
    if options.json {
        screen.write_pretty(&groups)?;
    } else {
        groups.iter().try_for_each(|group| write_group(group, screen))?;
    }
    screen.flush()?;
    skipped.report_all();
    if total == 0 {
        report(format_args!("no failures in {}{}", dir.display(), options.selection.filter_suffix()));
    } else if total > groups.len() {
        report(format_args!("{} of {} shown; use --limit 0 for all", groups.len(), count(total, "group")));
    }
    Ok(ExitCode::of_check(skipped.is_empty()))
}

#[derive(Default)]
struct GroupCollector(HashMap<String, FailureGroup>);

/// The part of a record that the summary does not contain.
#[derive(Deserialize)]
struct RecordParameters {
    parameters: Map,
}

impl Collector for GroupCollector {
    fn add(&mut self, path: &Path, failure: Summary, json: &[u8], matches: bool) {
        if !matches {
            return;
        }
        let parameters = parse::<RecordParameters>(json).map_or_else(|_| Map::new(), |read| read.parameters);
        self.insert(FailureGroup::of(path, failure, &parameters));
    }

    fn join(&mut self, other: Self) {
        other.0.into_values().for_each(|group| self.insert(group));
    }
}

impl GroupCollector {
    fn insert(&mut self, group: FailureGroup) {
        match self.0.get_mut(&group.fingerprint) {
            Some(known) => known.join(group),
            None => drop(self.0.insert(group.fingerprint.clone(), group)),
        }
    }
}

impl FailureGroup {
    fn of(path: &Path, failure: Summary, parameters: &Map) -> Self {
        FailureGroup {
            category: failure.context.category.map(|category| category.name().to_owned()),
            fingerprint: failure.context.fingerprint,
            count: 1,
            first: failure.timestamp,
            last: failure.timestamp,
            computation: failure.computation,
            theoretical_ref: failure.theoretical_ref,
            error_type: failure.error_type,
            error_message: failure.error_message,
            sessions: failure.context.session_id.into_iter().collect(),
            latest: path.display().to_string(),
            parameters: ParameterSummary::of(parameters),
        }
    }

    fn join(&mut self, other: FailureGroup) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.sessions.extend(other.sessions);
        let is_newer = (other.last, &other.latest) > (self.last, &self.latest);
        // The parameters keep the order of the newest record.
        self.parameters.join(other.parameters, is_newer);
        if is_newer {
            self.last = other.last;
            self.error_message = other.error_message;
            self.latest = other.latest;
        }
    }
}

/// Writes the lines of a group: title, error, time, varying and equal parameters.
fn write_group(group: &FailureGroup, screen: &mut Screen) -> Result<()> {
    let error = one_line(&format!("{}: {}", group.error_type, group.error_message)).into_owned();
    let number = format!("{} ×", group.count);
    writeln!(
        screen,
        "{} {} by {}",
        screen.paint(paint::STRONG, &number),
        screen.paint(paint::NAME, &one_line(&group.computation)),
        one_line(&group.theoretical_ref),
    )?;
    let mut line = |title: &str, text: &str, style| {
        let text =
            screen.width.map_or(text.into(), |width| truncate_to_width(text, width.saturating_sub(TITLE_COLUMNS)));
        let line = format!("  {}{}", screen.paint(paint::FAINT, &format!("{title:8}")), screen.paint(style, &text));
        writeln!(screen, "{line}")
    };
    line("error", &error, paint::ERROR)?;
    line("when", &occurrences(group), paint::PLAIN)?;
    for (title, text) in [("varies", group.parameters.differing()), ("same", group.parameters.same())] {
        if !text.is_empty() {
            line(title, &text, paint::PLAIN)?;
        }
    }
    Ok(writeln!(screen)?)
}

fn occurrences(group: &FailureGroup) -> String {
    let (first, last) = (local_time(group.first), local_time(group.last));
    let when = if first == last { last } else { format!("{first} to {last}") };
    let mut text = format!("{when} in {}", count(group.sessions.len().max(1), "run"));
    if let Some(category) = &group.category {
        text.push_str(&format!(", {category}"));
    }
    let latest = Path::new(&group.latest).file_name().unwrap_or_default();
    format!("{text}, latest {}", path_text(Path::new(latest)))
}
