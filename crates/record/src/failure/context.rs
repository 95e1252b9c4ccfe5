use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::panic_origin::PanicOrigin;
use super::trail::{Breadcrumb, TrailEntry};
use super::{Category, Convergence, Resolution, Suggestion};
use crate::value::{Map, Value};

/// Everything that a record says beside the eight keys of its first level. What is not known is absent.
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
    /// Version of the record's format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<u32>,
    /// Identity of this failure, a UUIDv7: ordered by time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "super::uuid_if_it_is_one")]
    #[cfg_attr(test, schemars(with = "Option<super::schema::Id>"))]
    pub id: Option<Uuid>,
    /// The run of a program, or the notebook kernel, that failed. Every line of its runtime log bears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Equal for the same failure over runs: a hash of computation, reference, error types, message template, place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// What kind of failure it was, from a closed list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// The reason in the words of the library that gave it, e.g. `StepSizeUnderflow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where in the source the failure was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The thread's name, else its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// What was seen at the moment of failure: the other fields of the event.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub event: Map,
    /// The spans around the failure, innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<SpanEntry>,
    /// The error and its sources, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorEntry>,
    /// Whether a source chain was longer than what is kept, or came back to itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub errors_cut: bool,
    /// The stack, innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Frame>,
    /// The numbers that the computation reported before it failed, by callsite.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trail: Vec<TrailEntry>,
    /// What it reported besides, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breadcrumbs: Vec<Breadcrumb>,
    /// How each numeric series of the trail went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub convergence: Vec<Convergence>,
    /// Where each line of `suggested_fixes` is from, in the same order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggestion>,
    /// What fixed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// The `id` of the failure that made this one fail.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "super::uuid_if_it_is_one")]
    #[cfg_attr(test, schemars(with = "Option<super::schema::Id>"))]
    pub caused_by: Option<Uuid>,
    /// The panics of other threads that the failure comes from. Absent where the panic hook ran in the computation itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic_origin: Option<PanicOrigin>,
    /// Seconds since the computation's span was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_s: Option<f64>,
    /// The process that failed: the same for all its failures, which share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Arc<Process>>,
    /// The program that failed, where it told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildInfo>,
    /// Rank of this process in its MPI or SLURM job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<u64>,
    /// Processes of that job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world_size: Option<u64>,
    /// The batch system's id of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The notebook that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notebook: Option<String>,
    /// The number of its cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell_number: Option<i64>,
    /// The user's own entries.
    #[serde(flatten)]
    pub other: Map,
}

/// A place in the source.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// if let Some(location) = &failure.context.location {
///     println!("{}:{}", location.file.as_deref().unwrap_or("?"), location.line.unwrap_or(0));
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Location {
    /// Source file, as the compiler named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Cow<'static, str>>,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Module path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<Cow<'static, str>>,
    /// Target of the event or span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Cow<'static, str>>,
}

/// ```
/// use tracing_failure::record::Location;
///
/// let here = Location::from(std::panic::Location::caller());
/// assert!(here.line.is_some() && here.target.is_none());
/// ```
impl From<&std::panic::Location<'_>> for Location {
    fn from(caller: &std::panic::Location<'_>) -> Self {
        Location { file: Some(caller.file().to_owned().into()), line: Some(caller.line()), ..Location::default() }
    }
}

/// One span around a failure.
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
    /// The span's name.
    pub name: Cow<'static, str>,
    /// Its target.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub target: Cow<'static, str>,
    /// Its level: `ERROR` to `TRACE`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub level: Cow<'static, str>,
    /// Its fields, with the values last recorded.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map,
    /// Where it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Cow<'static, str>>,
    /// Line of that file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Names of the spans that it follows from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub follows_from: Vec<String>,
}

/// One error of a source chain.
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
    /// Full path of the type, where it is known.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// The name that the error's `Debug` text begins with: the variant of an enum, else the struct.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What it says.
    pub message: String,
    /// Its data, where its `Debug` text tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Where the error was created, where a report of `eyre` tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Notes, warnings and sections that the code has attached to the error, in Python by `add_note`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The backtrace of the error itself, where a report of `anyhow` or `eyre` has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backtrace: Option<String>,
    /// How it is related to the error before it in this list, or to `related_to`. Absent for the direct cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// Index of the error that it is related to, where that is not the one before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_to: Option<usize>,
}

impl ErrorEntry {
    /// An error of which the message is known.
    ///
    /// ```
    /// let error = tracing_failure::record::ErrorEntry::new("no convergence");
    /// assert_eq!(error.message, "no convergence");
    /// ```
    pub fn new(message: impl Into<String>) -> Self {
        ErrorEntry { message: message.into(), ..ErrorEntry::default() }
    }
}

/// How an error is related to another one, where it is not its direct cause.
///
/// ```
/// use tracing_failure::record::{ErrorEntry, Relation};
///
/// let mut error = ErrorEntry::default();
/// error.relation = Some(Relation::Member);
/// assert_eq!(serde_json::to_value(&error)?["relation"], "member");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Relation {
    /// The other error was raised while this one was handled, which need not have caused it: Python's `__context__`.
    Context,
    /// It is one of the errors in a group.
    Member,
    /// A relation of a later version.
    #[serde(other)]
    Other,
}

/// One frame of the stack.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// let mine: Vec<_> = failure.context.frames.iter().filter(|frame| frame.in_app).collect();
/// # assert!(mine.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Frame {
    /// The function's path.
    pub function: Cow<'static, str>,
    /// Source file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Cow<'static, str>>,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Whether it is the program's own code: neither a dependency nor the standard library.
    pub in_app: bool,
}

impl Frame {
    /// A frame of which the function is known.
    ///
    /// ```
    /// let frame = tracing_failure::record::Frame::new("solver::newton");
    /// assert_eq!(frame.function, "solver::newton");
    /// ```
    pub fn new(function: impl Into<Cow<'static, str>>) -> Self {
        Frame { function: function.into(), ..Frame::default() }
    }
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
    /// The command line, secrets redacted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
    /// Working directory at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Name of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Path of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executable: Option<String>,
}

/// The program that failed. [`build_info!`](crate::build_info) fills it in.
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
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `debug` or `release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The commit it was built from.
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

/// What the program that calls it knows of itself at compile time: package, version, profile, and the commit where the
/// build sets `GIT_COMMIT` or `VERGEN_GIT_SHA`.
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

/// Names of the context that are the record's own.
pub(super) const RESERVED: &[&str] = &[
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
