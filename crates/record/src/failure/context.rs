//! The context of a record and the parts that it consists of.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::category::Category;
use super::convergence::Convergence;
use super::location::{Frame, Location};
use super::panic_origin::PanicOrigin;
use super::suggestion::{Resolution, Suggestion};
use super::trail::{Breadcrumb, TrailEntry};
use crate::value::{Map, Value};

/// The context of a failure: all information outside the eight other top-level keys. Unknown entries are absent.
///
/// ```
/// use tracing_failure::{Failure, Value};
///
/// let mut failure = Failure::new("rg_flow", "Eq. 1.12", "Diverged", "the flow has a pole");
/// failure.context.other.insert("beam_time", "night shift");
/// assert_eq!(failure.context.session_id, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Context {
    /// Version of the record format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<u32>,
    /// The id of this failure: a UUIDv7, so ids are ordered by time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "super::formats::deserialize_id")]
    #[cfg_attr(test, schemars(with = "Option<super::schema_generator::Id>"))]
    pub id: Option<Uuid>,
    /// The id of the program run or notebook kernel that failed. Every line of its runtime log contains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// A hash that is equal for the same failure in different runs. It covers the computation, the reference, the error
    /// types, the message template and the location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The category of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// The reason as the numerical library names it, such as `StepSizeUnderflow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The source location that reported the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The name of the thread, or its id if it has no name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The other fields of the event that reported the failure.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub event: Map,
    /// The spans around the failure, innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<SpanEntry>,
    /// The error and its sources, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorEntry>,
    /// True if a source chain exceeded the limit or contained a cycle.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub errors_cut: bool,
    /// The stack, innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Frame>,
    /// The numbers that the computation reported before it failed, grouped by callsite.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trail: Vec<TrailEntry>,
    /// The events without numbers that the computation reported before it failed, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breadcrumbs: Vec<Breadcrumb>,
    /// The behaviour of each numeric series of the trail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub convergence: Vec<Convergence>,
    /// The origin of each entry of `suggested_fixes`, in the same order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggestion>,
    /// The fix of this failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// The `id` of the failure that caused this one.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "super::formats::deserialize_id")]
    #[cfg_attr(test, schemars(with = "Option<super::schema_generator::Id>"))]
    pub caused_by: Option<Uuid>,
    /// The panics of other threads that caused the failure. Absent if the panic hook ran in the computation itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic_origin: Option<PanicOrigin>,
    /// Seconds since the span of the computation was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_s: Option<f64>,
    /// The process that failed. All failures of a process share this value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Arc<Process>>,
    /// The build of the program that failed, if the program provided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildInfo>,
    /// Rank of this process in its MPI or SLURM job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<u64>,
    /// Number of processes in that job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world_size: Option<u64>,
    /// The job id of the batch system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The notebook that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notebook: Option<String>,
    /// The number of the notebook cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell_number: Option<i64>,
    /// Entries that the program added.
    #[serde(flatten)]
    pub other: Map,
}

/// A span around a failure.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// for span in &failure.context.spans {
///     println!("{} {}", span.name, span.fields);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct SpanEntry {
    /// The name of the span.
    pub name: Cow<'static, str>,
    /// The target of the span.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub target: Cow<'static, str>,
    /// The level of the span: `ERROR` to `TRACE`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub level: Cow<'static, str>,
    /// The fields of the span with their last recorded values.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map,
    /// The source file that opened the span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Cow<'static, str>>,
    /// Line of that file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Names of the spans that this span follows from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub follows_from: Vec<String>,
}

/// An error of a source chain.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// let root = failure.context.errors.last().map(|error| error.message.as_str());
/// # assert_eq!(root, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct ErrorEntry {
    /// Full path of the error type, if it is known.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// The first name in the `Debug` text of the error: the variant of an enum, or the name of a struct.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The message of the error.
    pub message: String,
    /// The data of the error, if its `Debug` text contains any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// The location that created the error, if a report of `eyre` contains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Notes, warnings and sections that the code attached to the error, in Python with `add_note`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The backtrace of the error itself, if a report of `anyhow` or `eyre` contains one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backtrace: Option<String>,
    /// The relation to the error before it in this list, or to `related_to`. Absent for the direct cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// Index of the related error, if that is not the one before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_to: Option<usize>,
}

impl ErrorEntry {
    /// Creates an error with this message.
    ///
    /// ```
    /// let error = tracing_failure::record::ErrorEntry::new("no convergence");
    /// assert_eq!(error.message, "no convergence");
    /// ```
    pub fn new(message: impl Into<String>) -> Self {
        ErrorEntry { message: message.into(), ..ErrorEntry::default() }
    }
}

/// The relation of an error to another one whose direct cause it is not.
///
/// ```
/// use tracing_failure::record::{ErrorEntry, Relation};
///
/// let mut error = ErrorEntry::default();
/// error.relation = Some(Relation::Member);
/// assert_eq!(serde_json::to_value(&error)?["relation"], "member");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Relation {
    /// The other error was raised while this one was being handled: Python's `__context__`. This one need not be its
    /// cause.
    Context,
    /// The error is a member of a group of errors.
    Member,
    /// A relation that a later version defines.
    #[serde(other)]
    Other,
}

/// The process that failed.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// let pid = failure.context.process.as_ref().map(|process| process.pid);
/// # assert_eq!(pid, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// The command line with secrets redacted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
    /// Working directory at the start of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Name of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Path of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executable: Option<String>,
}

/// The build of the program that failed. [`build_info!`](crate::build_info) creates it.
///
/// ```
/// let build = tracing_failure::build_info!();
/// assert_eq!(build.package.as_deref(), Some(env!("CARGO_PKG_NAME")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct BuildInfo {
    /// Name of the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Version of the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `debug` or `release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The commit that the program was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_commit: Option<String>,
}

impl BuildInfo {
    #[doc(hidden)]
    pub fn of(package: &str, version: &str, debug: bool, git_commit: Option<&str>) -> Self {
        BuildInfo {
            package: Some(package.to_owned()),
            version: Some(version.to_owned()),
            profile: Some(if debug { "debug" } else { "release" }.to_owned()),
            git_commit: git_commit.map(str::to_owned),
        }
    }
}

/// Returns the [`BuildInfo`](crate::BuildInfo) of the calling program: package, version and profile, and the commit if
/// the build sets `GIT_COMMIT` or `VERGEN_GIT_SHA`.
///
/// ```
/// let recorder = tracing_failure::builder("io").build_info(tracing_failure::build_info!());
/// # let _ = recorder;
/// ```
#[macro_export]
macro_rules! build_info {
    () => {
        $crate::BuildInfo::of(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            cfg!(debug_assertions),
            match option_env!("GIT_COMMIT") {
                Some(commit) => Some(commit),
                None => option_env!("VERGEN_GIT_SHA"),
            },
        )
    };
}

/// Returns true if the record format reserves this name in the context.
pub fn reserved_in_context(name: &str) -> bool {
    RESERVED_KEYS.contains(&name)
}

/// Names in the context that the record format reserves.
pub(super) const RESERVED_KEYS: &[&str] = &[
    "schema_version",
    "id",
    "session_id",
    "fingerprint",
    "category",
    "reason",
    "location",
    "thread",
    "event",
    "spans",
    "errors",
    "errors_cut",
    "frames",
    "caused_by",
    "panic_origin",
    "elapsed_s",
    "process",
    "build",
    "rank",
    "world_size",
    "job_id",
    "notebook",
    "cell_number",
    "trail",
    "breadcrumbs",
    "suggestions",
    "convergence",
    "resolution",
];
