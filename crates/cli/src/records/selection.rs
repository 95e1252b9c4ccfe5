//! The options that select records.

use anyhow::Result;
use record::Category;

use super::sandbox::Sandbox;
use super::summary::Summary;
use super::time_range::TimeRange;

#[derive(Clone, Debug, Default, PartialEq, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Selection {
    /// The computation contains TEXT.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    computation: Option<String>,
    /// The theoretical reference contains TEXT.
    #[arg(long = "ref", value_name = "TEXT", allow_hyphen_values = true)]
    reference: Option<String>,
    /// The error type or message contains TEXT.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    error: Option<String>,
    /// The category is NAME, e.g. max_iterations. An unknown name lists all categories.
    #[arg(long, value_name = "NAME", value_parser = categories(), hide_possible_values = true, ignore_case = true)]
    category: Option<String>,
    /// The failure is not older than WHEN: 2h, 3d, 2026-11-25, "2026-11-25 14:30".
    #[arg(long, value_name = "WHEN")]
    since: Option<TimeRange>,
    /// The failure is not newer than WHEN. A day, minute, second or fraction of a second is included up to its end.
    #[arg(long, value_name = "WHEN")]
    until: Option<TimeRange>,
    /// The session id begins or ends with ID.
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// The record passes this jq filter, e.g. '.parameters.method == "RK45" and .parameters.rtol < 1e-6'.
    ///
    /// In jq, an absent value is null, and null and NaN are less than any number. To exclude records without the
    /// parameter, write '(.parameters.rtol // infinite) < 1e-6'.
    #[arg(long = "where", value_name = "FILTER", value_parser = filter, allow_hyphen_values = true)]
    filter: Option<String>,
}

fn categories() -> clap::builder::PossibleValuesParser {
    let names: Vec<&str> = Category::all().iter().map(|category| category.name()).collect();
    names.into()
}

/// Accepts a filter that compiles.
fn filter(code: &str) -> Result<String> {
    Sandbox::new(code).check()?;
    Ok(code.to_owned())
}

impl Selection {
    /// Creates a matcher for use by one thread.
    pub(crate) fn matcher(&self) -> Matcher<'_> {
        Matcher { selection: self, filter: self.filter.as_deref().map(Sandbox::new) }
    }

    /// The end of the message that no failures were found. Empty if the selection has no filters.
    pub(crate) fn filter_suffix(&self) -> &'static str {
        if self.is_all() { "" } else { " match the filters" }
    }

    fn is_all(&self) -> bool {
        let Selection { computation, reference, error, category, since, until, session, filter } = self;
        let texts = [computation, reference, error, category, session, filter];
        texts.iter().all(|text| text.is_none()) && since.is_none() && until.is_none()
    }

    fn matches(&self, failure: &Summary) -> bool {
        self.computation.as_deref().is_none_or(|text| contains_ignoring_case(&failure.computation, text))
            && self.reference.as_deref().is_none_or(|text| contains_ignoring_case(&failure.theoretical_ref, text))
            && self.error.as_deref().is_none_or(|text| error_contains(failure, text))
            && self.category.as_deref().is_none_or(|name| failure.category().eq_ignore_ascii_case(name))
            && self.session.as_deref().is_none_or(|id| is_in_session(failure, id))
            && self.since.is_none_or(|since| failure.timestamp >= since.start)
            && self.until.is_none_or(|until| failure.timestamp <= until.end)
    }
}

fn error_contains(failure: &Summary, text: &str) -> bool {
    contains_ignoring_case(&failure.error_type, text) || contains_ignoring_case(&failure.error_message, text)
}

fn is_in_session(failure: &Summary, id: &str) -> bool {
    failure.context.session_id.as_deref().is_some_and(|session| session.starts_with(id) || session.ends_with(id))
}

/// Returns true if `text` contains `part`, ignoring case.
fn contains_ignoring_case(text: &str, part: &str) -> bool {
    text.contains(part) || text.to_lowercase().contains(&part.to_lowercase())
}

/// A selection with the sandbox of its filter.
pub(crate) struct Matcher<'a> {
    selection: &'a Selection,
    filter: Option<Sandbox>,
}

impl Matcher<'_> {
    /// Returns whether the selection contains the record, or why the filter failed.
    pub(crate) fn matches(&self, failure: &Summary, json: &[u8]) -> Result<bool, String> {
        match &self.filter {
            _ if !self.selection.matches(failure) => Ok(false),
            Some(filter) => filter.passes(json),
            None => Ok(true),
        }
    }
}
