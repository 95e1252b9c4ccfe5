//! The options of a recorder.

mod build;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
#[cfg(feature = "publish")]
use std::time::Duration;

use diagnose::{Rule, Rules};
#[cfg(feature = "publish")]
use publish::Publisher;
use record::internal::{Areas, Redactor};
use record::{BuildInfo, Durability, Failure, Limits, Map, Value};
use tracing::level_filters::LevelFilter;

use crate::guard::Guard;
use crate::init_error::InitError;
use crate::log::file::Rotation;
use crate::log::runtime_log::LogRotations;
use crate::log::successes::Successes;
use crate::observe::thread::Busy;
use crate::observe::trail::retention::Retention;
use crate::recorder::{Notices, OnLost};

/// Sets up a program in one line: records in `{dir}/failures`, the runtime log in `{dir}/logs`, the panic hook, and
/// color-eyre if the feature is enabled.
///
/// This installs the global subscriber of the process. To put a [`FailureLayer`](crate::FailureLayer) into your own
/// stack, use [`Builder::layer`].
///
/// # Errors
///
/// Returns an error if the process already has a global subscriber, or if a directory cannot be created.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-init-{}", std::process::id()));
/// let _guard = tracing_failure::init(&dir)?;
///
/// let again = tracing_failure::init(&dir).unwrap_err();
/// assert_eq!(again.to_string(), "this process already has a global tracing subscriber");
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn init(dir: impl AsRef<Path>) -> Result<Guard, InitError> {
    builder(dir).init()
}

/// Creates a [`Builder`] with the default options of [`init`].
///
/// ```
/// use tracing_failure::record::Durability;
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-builder-{}", std::process::id()));
/// let _guard = tracing_failure::builder(&dir)
///     .session_id("night-run-7")
///     .context("lattice", "32^3 x 64")
///     .area("lattice", &["wilson", "plaquette"])
///     .durability(Durability::Disk)
///     .build_info(tracing_failure::build_info!())
///     .init()?;
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn builder(dir: impl AsRef<Path>) -> Builder {
    let dir = dir.as_ref();
    let mut builder = Builder::for_failures(dir.join("failures"));
    builder.logs = Some(dir.join("logs"));
    builder.notices = Notices::on();
    builder
}

/// The options of a recorder. [`builder`] creates it.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-choices-{}", std::process::id()));
/// let guard = tracing_failure::builder(&dir).without_log().init()?;
/// assert_eq!(guard.log_path(), None);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until it is finished with `init`, `layer` or `logger`"]
pub struct Builder {
    failures: PathBuf,
    logs: Option<PathBuf>,
    session: Option<String>,
    context: Map,
    build: Option<BuildInfo>,
    areas: Areas,
    durability: Durability,
    without_dir: bool,
    limits: Limits,
    redactor: Redactor,
    log_filter: Option<String>,
    rotations: LogRotations,
    successes: Successes,
    trail: Retention,
    trail_filter: Option<String>,
    level: LevelFilter,
    level_hint: bool,
    on_lost: Option<OnLost>,
    notices: Notices,
    rules: Rules,
    reference_required: bool,
    error_spans: bool,
    panic_hook: bool,
    color_eyre: bool,
    #[cfg(feature = "publish")]
    publishing: Publishing,
}

/// The options for pushes.
#[cfg(feature = "publish")]
struct Publishing {
    auto: bool,
    publisher: Publisher,
    wait: Duration,
}

impl Builder {
    pub(crate) fn for_failures(failures: impl AsRef<Path>) -> Self {
        Builder {
            failures: failures.as_ref().to_owned(),
            logs: None,
            session: None,
            context: Map::new(),
            build: None,
            areas: Areas::default(),
            durability: Durability::default(),
            without_dir: false,
            limits: Limits::default(),
            redactor: Redactor::default(),
            log_filter: None,
            rotations: LogRotations::default(),
            successes: Successes::default(),
            trail: Retention::default(),
            trail_filter: None,
            level: LevelFilter::DEBUG,
            level_hint: false,
            on_lost: None,
            notices: Notices::off(),
            rules: Rules::default(),
            reference_required: true,
            error_spans: true,
            panic_hook: true,
            color_eyre: true,
            #[cfg(feature = "publish")]
            publishing: Publishing { auto: false, publisher: Publisher::new(""), wait: Duration::from_secs(10) },
        }
    }

    /// Sets the directory of the records. The default is `{dir}/failures`.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").failures_dir("/scratch/failures");
    /// # let _ = builder;
    /// ```
    pub fn failures_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.failures = dir.as_ref().to_owned();
        self
    }

    /// Sets the directory of the runtime log. The default is `{dir}/logs`.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").logs_dir("/scratch/logs");
    /// # let _ = builder;
    /// ```
    pub fn logs_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.logs = Some(dir.as_ref().to_owned());
        self
    }

    /// Disables the runtime log: the lines of events and the closing lines of computations.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").without_log();
    /// # let _ = builder;
    /// ```
    pub fn without_log(mut self) -> Self {
        self.logs = None;
        self
    }

    /// Sets the id of this run. The default is a new UUIDv7.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").session_id("night-run-7");
    /// # let _ = builder;
    /// ```
    pub fn session_id(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// Adds an entry to the context of every failure. If the name is reserved, the recorder cannot be built.
    ///
    /// ```
    /// let error = tracing_failure::builder("io").context("spans", 3).init().unwrap_err();
    /// assert_eq!(error.to_string(), "the name of the context entry `spans` is reserved: choose another name");
    /// ```
    pub fn context(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.context.insert(name.into(), value);
        self
    }

    /// Adds information about the build, which [`build_info!`](crate::build_info) collects.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").build_info(tracing_failure::build_info!());
    /// # let _ = builder;
    /// ```
    pub fn build_info(mut self, build: BuildInfo) -> Self {
        self.build = Some(build);
        self
    }

    /// Adds an area, which is the first part of the file names of its computations. A computation belongs to the area
    /// if it has this name, or if its name contains one of `names`. Your areas take precedence over `rg_flow`,
    /// `observable`, `topology` and `general`.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").area("lattice", &["wilson", "plaquette"]);
    /// # let _ = builder;
    /// ```
    pub fn area(mut self, area: &str, names: &[&str]) -> Self {
        self.areas.add(area, names);
        self
    }

    /// Sets the events that a written record survives. The default is [`Durability::Process`].
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").durability(tracing_failure::record::Durability::Disk);
    /// # let _ = builder;
    /// ```
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Sets whether the recorder works even if it cannot create the directory of the records. The default is false: a
    /// missing directory is an error.
    ///
    /// If true, each record tries to create the directory again. While this fails, the recorder writes records to
    /// stderr as one line of JSON.
    ///
    /// ```
    /// let logger = tracing_failure::builder("/dev/null").without_log().without_dir(true).logger()?;
    /// # let _ = logger;
    /// # Ok::<(), tracing_failure::InitError>(())
    /// ```
    pub fn without_dir(mut self, allow: bool) -> Self {
        self.without_dir = allow;
        self
    }

    /// Sets the limits on large values.
    ///
    /// ```
    /// let mut limits = tracing_failure::record::Limits::default();
    /// limits.frames = 16;
    /// let builder = tracing_failure::builder("io").limits(limits);
    /// # let _ = builder;
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds a name whose values are redacted. Values of names such as `password`, `api_key`, `access_token` and
    /// `authorization` are always redacted.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").redact("patient").redact("site");
    /// # let _ = builder;
    /// ```
    pub fn redact(mut self, name: impl Into<String>) -> Self {
        self.redactor.add_name(name);
        self
    }

    /// Sets the events that are logged, such as `info,solver=debug`. The default is `RUST_LOG`, otherwise INFO. The
    /// filter affects neither failures nor the lines of computations that close.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").log_filter("warn,solver=debug");
    /// # let _ = builder;
    /// ```
    pub fn log_filter(mut self, filter: impl Into<String>) -> Self {
        self.log_filter = Some(filter.into());
        self
    }

    /// Sets when the log of events starts a new file, and how many files it keeps.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").rotation(tracing_failure::Rotation::default());
    /// # let _ = builder;
    /// ```
    pub fn rotation(mut self, rotation: Rotation) -> Self {
        self.rotations.events = rotation;
        self
    }

    /// Sets when the closing lines of computations start a new file, and how many of their files are kept. The default
    /// is [`Rotation::of_computations`].
    ///
    /// ```
    /// let mut rotation = tracing_failure::Rotation::of_computations();
    /// rotation.max_files = None;
    /// let builder = tracing_failure::builder("io").computation_rotation(rotation);
    /// # let _ = builder;
    /// ```
    pub fn computation_rotation(mut self, rotation: Rotation) -> Self {
        self.rotations.computations = rotation;
        self
    }

    /// Sets which details the closing lines of computations contain in addition. The default is none.
    ///
    /// ```
    /// let mut successes = tracing_failure::Successes::default();
    /// (successes.arguments, successes.trail) = (true, true);
    /// let builder = tracing_failure::builder("io").successes(successes);
    /// # let _ = builder;
    /// ```
    pub fn successes(mut self, successes: Successes) -> Self {
        self.successes = successes;
        self
    }

    /// Sets how many first and last occurrences of each event with numbers the trail of a computation keeps.
    ///
    /// The default is 8 and 248. The trail then takes less than 64 kB for each thread that works in the computation.
    /// The size is proportional to these numbers, which may be up to 65,536 each. With 0 and 0 there is no trail, and
    /// there are no breadcrumbs.
    ///
    /// All events share this space. Three quarters of it belong to the program's own events and one quarter to those of
    /// libraries; either part may use the space that the other one leaves. Short series are complete. The longest keep
    /// fewer first and last occurrences. An event belongs to the program if its target begins with the same crate as
    /// that of the computation's span, if it was compiled in the same Cargo workspace, or if
    /// [`trail_filter`](Self::trail_filter) enables more of its target than of others.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").trail(16, 1024);
    /// # let _ = builder;
    /// ```
    pub fn trail(mut self, first: usize, last: usize) -> Self {
        self.trail = Retention::new(first, last);
        self
    }

    /// Sets the events and late span values that the trail and the breadcrumbs keep, with the directives of
    /// [`log_filter`](Self::log_filter).
    ///
    /// Without a filter, they keep everything up to [`level`](Self::level). A filter that only turns targets off, such
    /// as `h2=off`, keeps everything else. The filter decides once per callsite.
    ///
    /// A target with a more detailed level than the default, such as `my_solver` below, counts as the program's own
    /// when events share the space of the [`trail`](Self::trail).
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").trail_filter("info,my_solver=debug,h2=off");
    /// # let _ = builder;
    /// let error = tracing_failure::builder("io").trail_filter("solver=loud").init().unwrap_err();
    /// assert_eq!(error.to_string(), "trail filter: `solver=loud`: expected `level`, `target` or `target=level`");
    /// ```
    pub fn trail_filter(mut self, filter: impl Into<String>) -> Self {
        self.trail_filter = Some(filter.into());
        self
    }

    /// Sets the most detailed level of spans that can be computations, and of events that the trail keeps. The default
    /// is DEBUG.
    ///
    /// [`init`](Self::init) disables more detailed callsites that are not logged, so they cost next to nothing. The
    /// first computation whose span is disabled is reported on stderr.
    ///
    /// In your own stack, a layer disables no callsites, because this would affect all layers.
    /// [`level_hint`](Self::level_hint) allows it.
    ///
    /// ```
    /// use tracing::level_filters::LevelFilter;
    /// let builder = tracing_failure::builder("io").level(LevelFilter::TRACE);
    /// # let _ = builder;
    /// ```
    pub fn level(mut self, level: LevelFilter) -> Self {
        self.level = level;
        self
    }

    /// Sets whether a [`layer`](Self::layer) in your own stack disables callsites that are more detailed than its
    /// [`level`](Self::level) and its log. They are then disabled for all layers without a level hint of their own.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").level_hint(true);
    /// # let _ = builder;
    /// ```
    pub fn level_hint(mut self, hint: bool) -> Self {
        self.level_hint = hint;
        self
    }

    /// Adds a rule for `suggested_fixes` to the built-in ones.
    ///
    /// ```
    /// use tracing_failure::{Rule, ValueTest};
    ///
    /// let rule = Rule::new("lab.field", "{field} T is above the limit of the magnet.")
    ///     .value("field", ValueTest::Above(12.0));
    /// let builder = tracing_failure::builder("io").rule(rule);
    /// # let _ = builder;
    /// ```
    pub fn rule(mut self, rule: Rule) -> Self {
        // Errors of the rule are no failures of the computation.
        self.rules.guard_threads(|| Box::new(Busy::enter()));
        self.rules.add(rule);
        self
    }

    /// Sets a callback for records that could not be written to the store. It runs after the record is written to
    /// stderr. It may fail, log or panic without effect on the failed computation.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").on_lost(|failure, error| {
    ///     eprintln!("{} is not on disk: {error}", failure.computation);
    /// });
    /// # let _ = builder;
    /// ```
    pub fn on_lost(mut self, callback: impl Fn(&Failure, &io::Error) + Send + Sync + 'static) -> Self {
        self.on_lost = Some(Box::new(callback));
        self
    }

    /// Sets whether the first failures are announced on stderr, with the path of the record. The default is true.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").stderr_notice(false);
    /// # let _ = builder;
    /// ```
    pub fn stderr_notice(mut self, notice: bool) -> Self {
        self.notices = if notice { Notices::on() } else { Notices::off() };
        self
    }

    /// Sets whether a computation needs a `theoretical_ref` to be recorded. The default is true.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").reference_required(false);
    /// # let _ = builder;
    /// ```
    pub fn reference_required(mut self, required: bool) -> Self {
        self.reference_required = required;
        self
    }

    /// Sets whether a computation has failed when its ERROR-level span closes. The default is true.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").error_spans(false);
    /// # let _ = builder;
    /// ```
    pub fn error_spans(mut self, record: bool) -> Self {
        self.error_spans = record;
        self
    }

    /// Sets whether [`init`](Self::init) installs a panic hook, which runs before the existing one. The default is
    /// true.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").panic_hook(false);
    /// # let _ = builder;
    /// ```
    pub fn panic_hook(mut self, install: bool) -> Self {
        self.panic_hook = install;
        self
    }

    /// Sets whether [`init`](Self::init) installs color-eyre. The default is true. An existing `eyre` hook or panic
    /// hook stays.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").color_eyre(false);
    /// # let _ = builder;
    /// ```
    #[cfg(feature = "color-eyre")]
    pub fn color_eyre(mut self, install: bool) -> Self {
        self.color_eyre = install;
        self
    }

    /// Sets whether records are committed and pushed automatically, as by [`Publisher`]. The default is false.
    ///
    /// A background thread pushes two seconds after the last failure of a burst, at least every 30 seconds, and when
    /// the guard finishes or is dropped. Failing threads do not wait for it. It commits only records, pushes no other
    /// commits, runs no hooks and asks for no password. The first failed push is reported on stderr, and
    /// [`Stats`](crate::Stats) counts all of them. The next push, of this process or another, includes the records.
    ///
    /// If people work in the same clone, prefer a separate branch. A commit to the current branch moves HEAD, and a
    /// `git commit` whose message is open in an editor at that moment has to be repeated.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").auto_push(true);
    /// # let _ = builder;
    /// ```
    #[cfg(feature = "publish")]
    pub fn auto_push(mut self, push: bool) -> Self {
        self.publishing.auto = push;
        self
    }

    /// Sets where and how [`auto_push`](Self::auto_push) pushes. The directory is that of the records.
    ///
    /// ```
    /// let builder = tracing_failure::builder("io").auto_push(true);
    /// let builder = builder.publisher(|publisher| publisher.branch("failures"));
    /// # let _ = builder;
    /// ```
    #[cfg(feature = "publish")]
    pub fn publisher(mut self, choose: impl FnOnce(Publisher) -> Publisher) -> Self {
        self.publishing.publisher = choose(self.publishing.publisher);
        self
    }

    /// Sets how long the guard waits for a push when it finishes or is dropped. The default is 10 s.
    ///
    /// ```
    /// use std::time::Duration;
    /// let builder = tracing_failure::builder("io").auto_push(true).push_wait(Duration::from_secs(2));
    /// # let _ = builder;
    /// ```
    #[cfg(feature = "publish")]
    pub fn push_wait(mut self, wait: Duration) -> Self {
        self.publishing.wait = wait;
        self
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("failures", &self.failures).field("logs", &self.logs).finish_non_exhaustive()
    }
}
