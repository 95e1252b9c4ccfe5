//! The choice of the runs that are read.

use chrono::{DateTime, Utc};

/// The runs that are read. Without options, all are read.
///
/// ```
/// let mut options = tracing_failure_corpus::ReadOptions::default();
/// options.computation = Some("rg_flow_integration".to_owned());
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The only computation that is read.
    pub computation: Option<String>,
    /// Runs that ended earlier are not read, nor runs whose end is unknown.
    pub since: Option<DateTime<Utc>>,
    /// Runs that ended at this time or later are not read, nor runs whose end is unknown.
    pub until: Option<DateTime<Utc>>,
}

impl ReadOptions {
    /// Returns true if the options choose a run that ended at this time.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::ReadOptions::default().contains(None));
    /// ```
    pub fn contains(&self, ended: Option<DateTime<Utc>>) -> bool {
        match ended {
            Some(ended) => {
                self.since.is_none_or(|since| since <= ended) && self.until.is_none_or(|until| ended < until)
            }
            None => self.since.is_none() && self.until.is_none(),
        }
    }
}
