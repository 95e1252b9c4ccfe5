//! The facts about one run besides its parameters.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// The end of a run, with its name in the log.
///
/// ```
/// use tracing_failure_corpus::RunOutcome;
///
/// assert_eq!(RunOutcome::from_name("panicked"), Some(RunOutcome::Panicked));
/// assert!(RunOutcome::Panicked.is_failure() && !RunOutcome::Cancelled.is_failure());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunOutcome {
    /// The code stated success.
    Ok,
    /// A failure was recorded or stated.
    Failed,
    /// A panic unwound the computation, and no failure of it was recorded.
    Panicked,
    /// The computation was cancelled. It counts neither as a success nor as a failure.
    Cancelled,
    /// The computation ended without a statement. It counts as not failed, and answers say so.
    Unknown,
}

impl RunOutcome {
    /// All outcomes.
    pub const ALL: [RunOutcome; 5] =
        [RunOutcome::Ok, RunOutcome::Failed, RunOutcome::Panicked, RunOutcome::Cancelled, RunOutcome::Unknown];

    /// Returns the name of the outcome in the log.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::RunOutcome::Ok.name(), "ok");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            RunOutcome::Ok => "ok",
            RunOutcome::Failed => "failed",
            RunOutcome::Panicked => "panicked",
            RunOutcome::Cancelled => "cancelled",
            RunOutcome::Unknown => "unknown",
        }
    }

    /// Returns the outcome of this name.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::RunOutcome::from_name("no outcome"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Returns true for a run that failed or panicked.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::RunOutcome::Failed.is_failure());
    /// ```
    pub fn is_failure(self) -> bool {
        matches!(self, RunOutcome::Failed | RunOutcome::Panicked)
    }

    /// Returns true for a run that did not fail: it succeeded, or its outcome is unknown.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::RunOutcome::Unknown.is_success());
    /// ```
    pub fn is_success(self) -> bool {
        matches!(self, RunOutcome::Ok | RunOutcome::Unknown)
    }
}

/// One run of a computation, without its parameters.
///
/// ```
/// use tracing_failure_corpus::{RunFacts, RunOutcome};
///
/// let mut run = RunFacts::new(RunOutcome::Ok);
/// run.duration_s = 0.25;
/// assert!(run.ended.is_none() && run.failure.is_none());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunFacts {
    /// The time at which the computation closed.
    pub ended: Option<DateTime<Utc>>,
    /// Seconds from the start to the end; NaN if unknown.
    pub duration_s: f64,
    /// How it ended.
    pub outcome: RunOutcome,
    /// The index of its session in [`RunTable::sessions`](crate::RunTable::sessions).
    pub session: u32,
    /// The index of its failure in [`RunTable::failures`](crate::RunTable::failures).
    pub failure: Option<u32>,
}

impl RunFacts {
    /// Creates a run of the first session, with unknown times.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::RunFacts::new(tracing_failure_corpus::RunOutcome::Ok).duration_s.is_nan());
    /// ```
    pub fn new(outcome: RunOutcome) -> Self {
        RunFacts { ended: None, duration_s: f64::NAN, outcome, session: 0, failure: None }
    }
}

/// A process that ran computations: one run of a program. Closing lines and records name it by its session id.
///
/// ```
/// let session = tracing_failure_corpus::Session::new("01a2147a");
/// assert_eq!((&*session.id, session.host), ("01a2147a", None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Session {
    /// The session id.
    pub id: String,
    /// The name of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The rank of the process in its job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<u64>,
    /// The job id of the batch system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The version of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The commit that the program was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_commit: Option<String>,
    /// The package of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
}

impl Session {
    /// Creates a session of which only the id is known.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::Session::new("s").id, "s");
    /// ```
    pub fn new(id: impl Into<String>) -> Self {
        Session { id: id.into(), ..Session::default() }
    }

    /// Adds the facts of another description of the session. Known facts stay.
    pub(crate) fn complete(&mut self, other: Session) {
        self.host = self.host.take().or(other.host);
        self.rank = self.rank.or(other.rank);
        self.job_id = self.job_id.take().or(other.job_id);
        self.version = self.version.take().or(other.version);
        self.git_commit = self.git_commit.take().or(other.git_commit);
        self.package = self.package.take().or(other.package);
    }
}

/// The facts about a failed run that its record adds.
///
/// ```
/// let failure = tracing_failure_corpus::FailedRun::default();
/// assert!(failure.id.is_none() && failure.path.is_none());
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct FailedRun {
    /// The id of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// The file of the record, if it was read from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// The category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The fingerprint. Failures with the same fingerprint form a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The type of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// The message of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}
