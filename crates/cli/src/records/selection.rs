//! Which records are wanted.

use anyhow::Result;
use tracing_failure::Category;

use super::sandbox::Sandbox;
use super::summary::Summary;
use super::time_range::TimeRange;

#[derive(Clone, Debug, Default, PartialEq, clap::Args)]
#[command(next_help_heading = "Which failures")]
pub(crate) struct Selection {
    /// Whose computation has this text in its name.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    computation: Option<String>,
    /// Whose theoretical reference has this text in it.
    #[arg(long = "ref", value_name = "TEXT", allow_hyphen_values = true)]
    reference: Option<String>,
    /// Whose error has this text in its type or message.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    error: Option<String>,
    /// Of this category, e.g. max_iterations; a wrong name lists them all.
    #[arg(long, value_name = "NAME", value_parser = categories(), hide_possible_values = true, ignore_case = true)]
    category: Option<String>,
    /// Not older than this: 2h, 3d, 2026-11-25, "2026-11-25 14:30".
    #[arg(long, value_name = "WHEN")]
    since: Option<TimeRange>,
    /// Not newer than this; a day, a minute, a second or a fraction of it counts to its end.
    #[arg(long, value_name = "WHEN")]
    until: Option<TimeRange>,
    /// Of the run whose session id begins or ends so.
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// That pass this jq filter, e.g. '.parameters.method == "RK45" and .parameters.rtol < 1e-6'.
    ///
    /// As always in jq, what is absent is null, and null and NaN are less than any number:
    /// '(.parameters.rtol // infinite) < 1e-6' leaves out records without.
    #[arg(long = "where", value_name = "FILTER", value_parser = filter, allow_hyphen_values = true)]
    filter: Option<String>,
}

fn categories() -> clap::builder::PossibleValuesParser {
    let names: Vec<&str> = Category::all().iter().map(|category| category.name()).collect();
    names.into()
}

/// The text of a filter that compiles.
fn filter(code: &str) -> Result<String> {
    Sandbox::new(code).check()?;
    Ok(code.to_owned())
}

impl Selection {
    /// The selection ready for use, by one thread.
    pub(crate) fn matcher(&self) -> Matcher<'_> {
        Matcher { selection: self, filter: self.filter.as_deref().map(Sandbox::new) }
    }

    /// For the end of "no failures": nothing where all are wanted.
    pub(crate) fn kind_suffix(&self) -> &'static str {
        if self.is_all() { "" } else { " of that kind" }
    }

    fn is_all(&self) -> bool {
        let Selection { computation, reference, error, category, since, until, session, filter } = self;
        let texts = [computation, reference, error, category, session, filter];
        texts.iter().all(|text| text.is_none()) && since.is_none() && until.is_none()
    }

    fn matches(&self, failure: &Summary) -> bool {
        let error = |text: &str| {
            contains_ignoring_case(&failure.error_type, text) || contains_ignoring_case(&failure.error_message, text)
        };
        let is = |wanted: &Option<String>, test: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(test);
        is(&self.computation, &|text| contains_ignoring_case(&failure.computation, text))
            && is(&self.reference, &|text| contains_ignoring_case(&failure.theoretical_ref, text))
            && is(&self.error, &error)
            && is(&self.category, &|name| failure.category().eq_ignore_ascii_case(name))
            && is(&self.session, &|id| in_session(failure, id))
            && self.since.is_none_or(|since| failure.timestamp >= since.start)
            && self.until.is_none_or(|until| failure.timestamp <= until.end)
    }
}

fn in_session(failure: &Summary, id: &str) -> bool {
    failure.context.session_id.as_deref().is_some_and(|session| session.starts_with(id) || session.ends_with(id))
}

/// Whether a text holds another, in whatever case.
fn contains_ignoring_case(text: &str, part: &str) -> bool {
    text.contains(part) || text.to_lowercase().contains(&part.to_lowercase())
}

/// A selection with its compiled filter.
pub(crate) struct Matcher<'a> {
    selection: &'a Selection,
    filter: Option<Sandbox>,
}

impl Matcher<'_> {
    /// Whether a record is wanted, or why the filter cannot say.
    pub(crate) fn matches(&self, failure: &Summary, json: &[u8]) -> Result<bool, String> {
        match &self.filter {
            _ if !self.selection.matches(failure) => Ok(false),
            Some(filter) => filter.passes(json),
            None => Ok(true),
        }
    }
}
